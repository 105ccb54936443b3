"""What kind of code a file name stands for, and how it is shown. No file is looked at."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import lru_cache

from iqdebug.core.state import Frame, FrameKind

__all__ = ["frame_kind", "frame_kinds_settled", "home_short", "is_number"]

_LIBRARY = re.compile(r"(?:^|[/\\])(?:site|dist)-packages[/\\]")
_COMPILED = (".pyx", ".pxd", ".pxi", ".c", ".cc", ".cpp", ".rs")
_STDLIB = re.compile(
    r"(?:^|[/\\])lib(?:64)?[/\\]python3(?:\.\d+t?|\d+\.zip)?[/\\]"
    r"|(?:^|[/\\])python3\d+\.zip[/\\]"
    r"|(?:^|[/\\])Lib[/\\](?!site-packages)[^/\\]+\.py$"  # Windows and a CPython source tree
)
# What pip writes for a console script: no suffix, in the bin folder of an environment, of a home or
# of the system. One of somebody's own there is taken for that too; others keep their ``.py``.
_CONSOLE_SCRIPT = re.compile(
    r"(?:^|[/\\])(?:(?:[^/\\]*[._-])?(?:v|virtual)?envs?(?:[._\d-][^/\\]*)?(?:[/\\][^/\\]+)?|versions[/\\][^/\\]+"
    r"|\w*conda\w*|venvs[/\\][^/\\]+|\.local|usr(?:[/\\]local)?|uv[/\\]tools[/\\][^/\\]+)"
    r"[/\\](?:bin|Scripts)[/\\][^/\\.]+(?:\.\d+)?(?:\.exe[/\\]__main__\.py|-script\.py)?$"
)
_STARTERS = re.compile(r"(?:^|[/\\])multiprocessing[/\\](?:spawn|forkserver|resource_tracker)\.py$")


def home_short(path: str) -> str:
    """With ``~`` for the person's own folder."""
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if home != "/" and path.startswith(home + "/") else path


@lru_cache(maxsize=8192)
def frame_kind(path: str) -> FrameKind:
    """``library`` below site-packages or dist-packages, for the scripts that pip makes of packages'
    commands (``bin/gunicorn``), and for compiled code that names its source (Cython's ``.pyx``, C),
    which is not there to be read; ``stdlib`` below lib/python3.x and for names the
    interpreter made up for its own frozen code, else ``user``.

    ``<string>``, ``<stdin>`` and notebook cells are the person's own code. Never raises.
    """
    if path.startswith("<"):
        return (
            "stdlib"
            if path.startswith(("<frozen ", "<__array_function__", "<shim>", "<trampoline>"))
            else "user"
        )
    if _LIBRARY.search(path) or path.endswith(_COMPILED) or _CONSOLE_SCRIPT.search(path):
        return "library"
    return "stdlib" if _STDLIB.search(path) else "user"


def is_number(name: str) -> bool:
    """Whether a thread's name was made up for want of one."""
    return re.fullmatch(r"(?:thread |Dummy-)\d+", name) is not None


def frame_kinds_settled(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """A whole stack, innermost first, with the kinds that only neighbours tell: the ``<string>`` that
    starts a child of :mod:`multiprocessing` is nobody's own code."""
    if len(frames) > 1 and frames[-1].path == "<string>" and _STARTERS.search(frames[-2].path):
        return (*frames[:-1], replace(frames[-1], kind="stdlib"))
    return frames
