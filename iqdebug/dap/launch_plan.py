"""What a launch starts. Apart from :mod:`.launch`, so that the command line can check it before the debugger
is loaded."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LaunchPlan"]


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """What to start. ``python`` is the interpreter's path, ``version`` its "3.12.1"; ``arguments``
    are what follows it on the command line; ``environment`` is the program's, whole."""

    python: str
    version: str
    arguments: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]
    terminal: bool = False

    @property
    def command(self) -> str:
        return shlex.join((Path(self.python).name, *self.arguments))
