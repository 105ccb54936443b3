"""Places in code as a person names them."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "core.readable.hidden": "hidden files are not read",
    "core.readable.keys": "files of keys and passwords are not read",
    "core.readable.no_path": "that is no path of a file",
    "core.readable.no_project": (
        "only source of the program's own project (none is known) and of installed packages is read"
    ),
    "core.readable.no_text": "only source and text files are read",
    "core.readable.other_user": "the process's own user may not read it",
    "core.readable.outside": (
        "only source of the program's own project ({folders}) and of installed packages is read"
    ),
    "core.place.cannot_be_read": "{path} cannot be read",
    "core.place.cannot_be_read.why": "it is empty, not text, or too large",
    "core.place.line_zero": "{place}: lines count from 1",
    "core.place.no_code": "line {line} of {file} has no code",
    "core.place.no_code.fix": "lines near it that have: {lines: and }",
    "core.place.no_file": "there is no file {path}",
    "core.place.no_file.why": "neither below {folder} nor among the files that the process has loaded",
    "core.place.no_function": "there is no function {function}",
    "core.place.no_function.fix": "FILE:LINE works as well",
    "core.place.no_function.why": "neither among those that are loaded nor in the files of the project",
    "core.place.none": "{place} is no place for a breakpoint",
    "core.place.none.fix": "name FILE:LINE, or a function: accept, OrderService.accept, shop.orders.accept",
    "core.place.past_end": "line {line} of {file} is past the end ({count} lines)",
    "core.place.several": "{places} and {left} more",
    "core.place.several_files": "{path} may be any of {count} files",
    "core.place.several_files.fix": "name more of it",
    "core.place.several_functions": "{function} may be any of {count} functions",
    "core.place.several_functions.fix": "name one as module.function, as Class.method, or as FILE:LINE",
    "core.place.without_line": "{place}: which line?",
    "core.place.without_line.fix": "name FILE:LINE",
}
