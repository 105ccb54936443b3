"""Looking into recorded values, and computing with them."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "crash.evaluate.holds": "it holds what cannot be rebuilt",
    "crash.evaluate.holds_itself": "it holds itself",
    "crash.evaluate.key": "a key of it cannot be rebuilt",
    "crash.evaluate.masked": "it was masked when it was recorded",
    "crash.evaluate.not_in_file": "it is not in the file",
    "crash.evaluate.not_read": "not read: {reason}",
    "crash.evaluate.not_rebuilt": "{value} cannot be rebuilt",
    "crash.evaluate.not_recorded": "not recorded: {reason}",
    "crash.evaluate.not_whole": "the expression needs a value that is not in the file whole",
    "crash.evaluate.one_moment": "this recording has one moment only",
    "crash.evaluate.part": "only a part of it was recorded",
    "crash.evaluate.part_of": "of {value} only a part was recorded",
    "crash.evaluate.part_of_text": "only a part of the text was recorded",
    "crash.evaluate.property": "it is a property, which was not read",
    "crash.evaluate.runs_code": "Nothing runs in a recording",
    "crash.evaluate.text": "its text was not recorded whole",
    "crash.lookup.left_out": (
        "`{wanted}` was not recorded: of `{path}` the file has {kept}{total:? of } elements"
    ),
    "crash.lookup.masked": "`{path}` was masked when it was recorded",
    "crash.lookup.no_attribute": "`{path}` has no attribute {attribute} in the recording",
    "crash.lookup.no_element": "`{path}` has no element {element} in the recording",
    "crash.lookup.no_frame": "no frame is selected",
    "crash.lookup.no_variable": "`{name}` is not among the recorded variables of {function}",
    "crash.lookup.not_in_file": "`{path}` is not in the file",
    "crash.lookup.property": "`{path}` is a property: reading it would have run the program's code",
    "crash.lookup.too_long": "the expression is too long",
    "crash.variable.absent": "this value is not in the file",
    "crash.variable.cut": "(only this much of the text was recorded)",
    "crash.variable.first_characters": "(the first {kept} of {size} characters were recorded)",
    "crash.variable.globals": "Globals",
    "crash.variable.left_out": "… {shown} more {count:was|were} not recorded",
    "crash.variable.no_locals": "the file does not have the variables of this frame",
    "crash.variable.not_in_file": "<not in the file>",
}
