"""What the rules say of a failure."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "anomaly.against_annotation.declared": "`{name}` of {function} is declared `{annotation}`",
    "anomaly.against_annotation.holds": "{declared}, and holds a {type}: {value}",
    "anomaly.against_annotation.passes": "{declared}, and this call passes a {type}: {value}",
    "anomaly.async_iteration.async_generator": "an async generator is read with `async for`",
    "anomaly.async_iteration.coroutine": "the coroutine must be awaited before its result is looped over",
    "anomaly.async_iteration.plain": "a {type} is looped over with plain `for`: it has nothing to wait for",
    "anomaly.awaited.call": "`{function}(…)` gave a {type}",
    "anomaly.awaited.not_called": "{value}, which is not called: `()` is missing",
    "anomaly.awaited.plain_function": "`{function}` is a plain `def`, and returned a {type}",
    "anomaly.awaited.value": "`{name}` is a {type}",
    "anomaly.awaited_in_vain": "{value}: there is nothing to await",
    "anomaly.changed_by_call": (
        "`{name}` is changed here: `{function}` is called in the loop of line {line} over it"
    ),
    "anomaly.changed_in_loop": "`{name}` is changed here, inside the loop of line {line} that runs over it",
    "anomaly.circular_import": (
        "`{module}` is still being imported (line {line} of {file} led here), and this line needs it already"
    ),
    "anomaly.circular_import.itself": (
        "`{module}` imports itself: this file has the name of the module that it asks for"
    ),
    "anomaly.current_folder": "the current folder",
    "anomaly.empty_slice": "the slice `{slice}` is empty: it runs from {lower} to {upper}, and {size}",
    "anomaly.empty_used": "`{name}` is empty, and {use}",
    "anomaly.encoding.around": " (in {bytes})",
    "anomaly.encoding.byte": "byte {byte}",
    "anomaly.encoding.bytes": "the bytes",
    "anomaly.encoding.decode": "{which} at position {position} is no {encoding}{around}{guess}{opened}",
    "anomaly.encoding.encode": (
        "the character '{letter}' at position {position} is not in {encoding}: {reason}"
    ),
    "anomaly.encoding.half_pair": "it is half of a pair that JSON or JavaScript wrote apart",
    "anomaly.encoding.not_named": "; line {line} names no `encoding`",
    "anomaly.encoding.output": (
        "the output's encoding cannot write it: the locale, or a missing `encoding='utf-8'`"
    ),
    "anomaly.encoding.surrogate": "it stands for a byte of a file name or argument that could not be decoded",
    "anomaly.environment": "the environment variable `{name}` is not set{other}",
    "anomaly.environment.other": ", but `{near}` is ({difference})",
    "anomaly.exhausted.finished": "`{name}` is a generator that has finished: it gives nothing any more",
    "anomaly.exhausted.read": (
        "`{name}` is an iterator that line {line} has read to its end: here it gives nothing"
    ),
    "anomaly.grown_default": (
        "`{name}` has a default of `{default}`, which all calls share: this call did not pass it, "
        "and it has {count} {count:element|elements} ({value})"
    ),
    "anomaly.has_elements": "`{name}` has {count} elements",
    "anomaly.hidden_builtin": "`{name}` is {value} since line {line}: the builtin `{name}` is hidden",
    "anomaly.hidden_module": (
        "{path} is named like the module `{module}` of the standard library, and is imported in its place"
    ),
    "anomaly.hidden_name": (
        "`{name}` is {value} since line {line}, which hides the {keyword} of line {definition}"
    ),
    "anomaly.index.asked": "`{expression}` is asked for",
    "anomaly.index.loop": "; the loop of line {line} goes one too far",
    "anomaly.index.out_of_range": "{asked}, and {size}",
    "anomaly.index.past_end": "{asked}, and {size}: the last is {last}, one less{loop}",
    "anomaly.index.value": "`{index}` is {value}",
    "anomaly.infinity_used": "`{name}` is infinite, and it is used in a calculation here",
    "anomaly.missing_key": "`{name}` has no key {wanted}; it has {keys}",
    "anomaly.missing_self": "`self.{name}` exists: `self.` is missing",
    "anomaly.mixed_operands": "{operands: and }",
    "anomaly.module_called": (
        "`{name}` is the module, and it is called: something in it is meant, as `{name}.{name}`"
    ),
    "anomaly.naive_datetime": "`{name}` has no time zone{other}{made}",
    "anomaly.naive_datetime.made": "; line {line} makes it",
    "anomaly.naive_datetime.other": ", and `{name}` has one",
    "anomaly.nan_element": "`{name}` is {value}",
    "anomaly.nan_used": "`{name}` is NaN, and it is used in a calculation here",
    "anomaly.near_attribute": "{owner} has no `{wrong}`, but `{near}` ({difference})",
    "anomaly.near_import": "`{module}` has no `{wrong}`, but `{near}` ({difference})",
    "anomaly.near_key": "`{name}` has no key {wanted}, but it has {near} ({difference})",
    "anomaly.near_module": "there is no module `{wrong}`, but there is `{near}` ({difference})",
    "anomaly.near_name": "there is no `{wrong}`, but there is `{near}` ({difference})",
    "anomaly.never_awaited.call": "`{call}` gives a coroutine, which is not awaited",
    "anomaly.never_awaited.coroutine": "`{name}` is the coroutine of `{function}`, which was not awaited",
    "anomaly.never_awaited.log": "`{call}` was never awaited, as a warning in the log says",
    "anomaly.none_returned": "`{call}` returned None, and {use}",
    "anomaly.none_used": "`{name}` is None, and {use}",
    "anomaly.not_callable": "`{name}` is {value}, and it is called",
    "anomaly.not_imported": "`{module}` is a module of the standard library, which this file does not import",
    "anomaly.not_installed": "no distribution `{distribution}` is among the {count} that are installed here",
    "anomaly.not_installed.distribution": (
        "the module `{module}` comes with the distribution {distribution}, which is not installed here"
    ),
    "anomaly.number_as_text": "`{name}` is {value}, a number as text: it was not converted",
    "anomaly.odd_sibling": "`{name}` is {type} {value}, and {count} others are {usual}",
    "anomaly.operand": "`{name}` is {type} {value}",
    "anomaly.other_type": "{owner} has no `{wrong}`: {meant}",
    "anomaly.path.backslashes": "{path} is written with backslashes; with `/` it is there",
    "anomaly.path.empty": "the path is empty",
    "anomaly.path.home": "`~` in {path} is not replaced: only a shell does that, or `expanduser`",
    "anomaly.path.placeholder": "the path {path} has a placeholder that nothing has replaced",
    "anomaly.path.white_space": "the path {path} has white space at its ends, as a line read from a file has",
    "anomaly.recursion": "{parts:; }",
    "anomaly.recursion.changes": "`{name}` changes: {values} at last",
    "anomaly.recursion.round": "{way} goes round, {count} times in the frames that are known",
    "anomaly.recursion.same": "{names} {count:is|are} the same every time",
    "anomaly.relative_path": "{path} is looked for in {folder}, and is in {beside}, beside the code",
    "anomaly.renamed": "{what} is gone since {owner} {version}{installed}: {instead}",
    "anomaly.renamed.installed": " ({version} is installed)",
    "anomaly.renamed.module": "the module `{module}`",
    "anomaly.renamed.name": "`{name}`",
    "anomaly.shrinking_list": "`{name}` loses elements here, inside the loop of line {loop} over its indices",
    "anomaly.sibling_key": "{rows} has no key {wanted}, which {count} others have",
    "anomaly.text_and_bytes.both": "`{bytes}` is bytes and `{text}` is text: one must be decoded or encoded",
    "anomaly.text_and_bytes.bytes_wanted": "`{name}` is str, and bytes are wanted here",
    "anomaly.text_and_bytes.text_wanted": "`{name}` is bytes, and text is wanted here",
    "anomaly.typed": "`{name}` ({type})",
    "anomaly.unbound.below": "`{name}` is assigned first at line {line}, below this line",
    "anomaly.unbound.changed": "`{name}` is changed before it was ever assigned",
    "anomaly.unbound.except": "`{name}` of the `except` at line {line} is deleted when that block ends",
    "anomaly.unbound.global": (
        "`{name}` is local to {function}, since line {line} assigns it: `global` is missing"
    ),
    "anomaly.unbound.not_run": "`{name}` is only assigned at line {line}, and that line did not run",
    "anomaly.unpacking.count": "`{name}` has {count} elements, and {wanted} are unpacked",
    "anomaly.unpacking.element": "`{name}` has {count} elements, not {wanted}",
    "anomaly.unpacking.keys": "looping over `{name}` gives its keys alone ({key}): `.items()` gives pairs",
    "anomaly.unpacking.split": (
        "`{name}` is {value}: split by {separator} it has {count} parts, and {wanted} are unpacked"
    ),
    "anomaly.unreadable_date.format": "{text} is read by {format}: {misfit}",
    "anomaly.unreadable_date.left": "the format ends before the text does: {rest} is left over",
    "anomaly.unreadable_date.zulu": "{text} ends in Z, which `fromisoformat` reads since Python 3.11",
    "anomaly.unreadable_json": "{fault} (at line {line}, column {column}: {near})",
    "anomaly.unreadable_json.other": "{words} at {near}",
    "anomaly.unreadable_number.named": "`{name}` is {value}: {fault}",
    "anomaly.unreadable_number.text": "the text is {value}: {fault}",
    "anomaly.used_after_close": "`{name}` is closed: {how} (line {line})",
    "anomaly.used_after_close.called": "`{call}` was called",
    "anomaly.used_after_close.given_out": (
        "`{name}` comes from `{function}`, whose `with` block has closed what it reads from when "
        "it returns (line {line})"
    ),
    "anomaly.used_after_close.with_ended": "the `with` block that held it, of line {line}, has ended",
    "anomaly.version_mismatch": (
        "the code of `{package}` says it is version {code}, and its metadata says {metadata}"
    ),
    "anomaly.white_space": "white space",
    "anomaly.wrong_arguments.count": "{function} takes {takes}, and {given} are passed",
    "anomaly.wrong_arguments.extra": "{function} takes {takes}: {extra} {count:is|are} too many",
    "anomaly.wrong_arguments.function": "`{name}` (line {line} of {file})",
    "anomaly.wrong_arguments.keyword": "{function} has no parameter `{wrong}`: it takes {takes}",
    "anomaly.wrong_arguments.missing": "{function} takes {takes}; the call does not give {missing}",
    "anomaly.wrong_arguments.near_keyword": (
        "{function} has no parameter `{wrong}`, but `{near}` ({difference})"
    ),
    "anomaly.wrong_arguments.no_self": (
        "{function} has no parameter for the instance: `self` is missing from its `def`"
    ),
    "anomaly.wrong_arguments.nothing": "nothing",
    "anomaly.wrong_arguments.on_class": (
        "{function} is called on the class `{owner}` itself, not on an instance: `self` is missing"
    ),
    "anomaly.wrong_arguments.twice": (
        "{function} gets `{parameter}` by its place and by its name: it takes {takes}"
    ),
    "anomaly.zero_divisor": "the divisor `{divisor}` is zero{reason}",
    "anomaly.zero_divisor.counted": ": line {line} counts `{name}`, which is empty",
    "anomaly.zero_divisor.empty": ": `{name}` is empty",
}
