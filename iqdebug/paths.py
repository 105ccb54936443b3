"""What kind of code a file name stands for, and how it is shown. No file is looked at."""

from __future__ import annotations

import os
import re
from functools import lru_cache

from iqdebug.state import FrameKind

__all__ = ["frame_kind", "home_short"]

_LIBRARY = re.compile(r"(?:^|[/\\])(?:site|dist)-packages[/\\]")
_COMPILED = (".pyx", ".pxd", ".pxi", ".c", ".cc", ".cpp", ".rs")
_STDLIB = re.compile(
    r"(?:^|[/\\])lib(?:64)?[/\\]python3(?:\.\d+t?|\d+\.zip)?[/\\]"
    r"|(?:^|[/\\])python3\d+\.zip[/\\]"
    r"|(?:^|[/\\])Lib[/\\](?!site-packages)[^/\\]+\.py$"  # Windows and a CPython source tree
)


def home_short(path: str) -> str:
    """With ``~`` for the person's own folder."""
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if home != "/" and path.startswith(home + "/") else path


@lru_cache(maxsize=8192)
def frame_kind(path: str) -> FrameKind:
    """``library`` below site-packages or dist-packages and for compiled code that names its source
    (Cython's ``.pyx``, C), which is not there to be read; ``stdlib`` below lib/python3.x and for names the
    interpreter made up for its own frozen code, else ``user``.

    ``<string>``, ``<stdin>`` and notebook cells are the person's own code. Never raises.
    """
    if path.startswith("<"):
        return (
            "stdlib"
            if path.startswith(("<frozen ", "<__array_function__", "<shim>", "<trampoline>"))
            else "user"
        )
    if _LIBRARY.search(path) or path.endswith(_COMPILED):
        return "library"
    return "stdlib" if _STDLIB.search(path) else "user"
