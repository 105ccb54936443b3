"""The file name of a code object, which may be an instance of any subclass of ``str``."""

from __future__ import annotations

import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FILE_NAME: Any = vars(types.CodeType)["co_filename"]


def file_name(code: Any) -> str:
    """A code object's file name as a plain string. Runs no code of the program, whose methods a
    subclass of ``str`` has."""
    if type(code) is not types.CodeType:  # pydevd has stand-ins for code objects
        return code.co_filename  # type: ignore[no-any-return]
    name = _FILE_NAME.__get__(code)
    return name if type(name) is str else str.__str__(name)
