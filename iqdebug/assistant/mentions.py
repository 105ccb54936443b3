"""``@file``, ``@frame``, ``@var`` and ``@log`` in a question: adds what they name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iqdebug.core.state import Frame, LogRecord, Snapshot, Variable

__all__ = ["Mentioned", "Mentions"]

_MENTION = re.compile(r"(?<!\S)@(file|frame|var|log)(?::(\S+))?")
_LINES_AROUND = 40  # on each side of a line that is named
_MAX_LOGS = 30
_MAX_VARIABLES = 40
_MAX_VALUE_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Mentioned:
    """:param text: for the model, not yet wrapped as untrusted.
    :param unknown: mentions that name nothing here.
    """

    text: str
    unknown: tuple[str, ...] = ()


class Mentions:
    """Looks up what a question mentions, at the moment it is asked.

    :param variables: the values of a frame, as the screen has them.
    :param frame: the frame that is selected on the screen.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        frame: Callable[[], Frame | None],
        variables: Callable[[], Sequence[Variable]],
        logs: Callable[[], Sequence[LogRecord]],
        read_source: Callable[[str], Sequence[str]],
    ) -> None:
        self._snapshot = snapshot
        self._frame = frame
        self._variables = variables
        self._logs = logs
        self._read = read_source

    def expand(self, question: str) -> Mentioned:
        parts: list[str] = []
        unknown: list[str] = []
        for match in _MENTION.finditer(question):
            text = self._text_of(match[1], (match[2] or "").rstrip(".,;:?!"))
            if text:
                parts.append(text)
            else:
                unknown.append(match[0])
        return Mentioned("\n\n".join(dict.fromkeys(parts)), tuple(unknown))

    def completions(self, text: str) -> list[str]:
        """Words that may stand where the last one stands, if it begins with ``@``."""
        word = text.rpartition(" ")[2]
        if not word.startswith("@"):
            return []
        offered = ["@file:", "@frame", "@var:", "@log"]
        if word.startswith("@file:"):
            offered = [f"@file:{name}" for name in self._files()]
        elif word.startswith("@frame:"):
            offered = [f"@frame:{index}" for index in range(len(self._frames()))]
        elif word.startswith("@var:"):
            offered = [f"@var:{v.name}" for v in self._variables() if v.kind != "group"]
        return [each for each in offered if each.startswith(word)]

    def _frames(self) -> Sequence[Frame]:
        thread = self._snapshot().focused
        return thread.frames if thread is not None else ()

    def _files(self) -> dict[str, str]:
        """The files on the stacks by their base names; of several with one name the first."""
        files: dict[str, str] = {}
        for thread in self._snapshot().threads:
            for frame in thread.frames:
                if frame.path and frame.kind != "label":
                    files.setdefault(os.path.basename(frame.path), frame.path)
        return files

    def _text_of(self, kind: str, name: str) -> str:
        if kind == "file":
            return self._lines_of(name)
        if kind == "frame":
            return self._values_of(name)
        if kind == "log":
            records = [r for r in self._logs() if not name or name.lower() in r.text.lower()][-_MAX_LOGS:]
            return "\n".join(["output and log records:", *(f"{r.stream}: {r.text}" for r in records)])
        wanted = name.partition(".")[0].partition("[")[0]
        named = [v for v in self._variables() if v.name == wanted]
        return "\n".join(f"{v.name}: {v.type} = {v.value}" for v in named)

    def _lines_of(self, name: str) -> str:
        name, _, line = name.partition(":")
        files = self._files()
        path = files.get(os.path.basename(name), "") if name else ""
        frame = self._frame()
        if not name and frame is not None:
            path, line = frame.path, str(frame.line)
        if not path:
            return ""
        try:
            lines = self._read(path)
        except (OSError, ValueError):
            return ""
        at = int(line) if line.isdecimal() else 0
        first, last = (max(at - _LINES_AROUND, 1), at + _LINES_AROUND) if at else (1, 2 * _LINES_AROUND)
        numbered = [f"{n} {text}" for n, text in enumerate(lines, 1) if first <= n <= last]
        return "\n".join([f"{path}, lines {first} to {min(last, len(lines))}:", *numbered]) if lines else ""

    def _values_of(self, name: str) -> str:
        frames = self._frames()
        selected = self._frame()
        frame = frames[int(name)] if name.isdecimal() and int(name) < len(frames) else None
        if frame is None and not name:
            frame = selected
        if frame is None:
            return ""
        listed: Sequence[Variable] = self._variables() if frame is selected else frame.locals or ()
        values = [
            f"  {v.name}: {v.type} = {v.value[:_MAX_VALUE_CHARACTERS]}" for v in listed if v.kind != "group"
        ]
        return "\n".join([f"frame {frame.name} at {frame.path}:{frame.line}:", *values])
