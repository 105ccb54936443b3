"""What survives a restart of iqdebug, per project: breakpoints and the console's history.

One JSON file a project under the user's state folder (``XDG_STATE_HOME``), written atomically
with mode 0600. A damaged file counts as empty: losing breakpoints must not keep anybody out.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from iqdebug.core.json_text import json_bytes
from iqdebug.core.state import Breakpoint
from iqdebug.system.atomic_write import atomic_write

__all__ = ["ProjectStore", "state_folder"]

HISTORY_KEPT = 500


class _Contents(msgspec.Struct):
    project: str = ""
    breakpoints: list[Breakpoint] = []
    history: list[str] = []


def state_folder() -> Path:
    """``$XDG_STATE_HOME/iqdebug``, or ``~/.local/state/iqdebug``."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base, "iqdebug")


class ProjectStore:
    """:param project: the target's working directory; targets started there share a store."""

    def __init__(self, project: str, folder: Path | None = None) -> None:
        name = hashlib.sha256(project.encode("utf-8", "backslashreplace")).hexdigest()[:24]
        self._project = project
        self._path = (folder or state_folder()) / "projects" / f"{name}.json"

    def load(self) -> tuple[Breakpoint, ...]:
        return tuple(b for b in self._read().breakpoints if _of_a_file(b))

    def save(self, breakpoints: Sequence[Breakpoint]) -> None:
        """Without those in a text that only one process has in its memory. Quietly does nothing where
        the folder cannot be written."""
        contents = self._read()
        contents.breakpoints = [b for b in breakpoints if _of_a_file(b)]
        self._write(contents)

    def load_history(self) -> list[str]:
        return self._read().history

    def save_history(self, history: Sequence[str]) -> None:
        contents = self._read()
        contents.history = list(history)[-HISTORY_KEPT:]
        self._write(contents)

    def _read(self) -> _Contents:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Contents)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return _Contents()

    def _write(self, contents: _Contents) -> None:
        contents.project = self._project
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            atomic_write(self._path, json_bytes(contents))


def _of_a_file(breakpoint_: Breakpoint) -> bool:
    return not breakpoint_.in_memory and not breakpoint_.path.startswith("<")
