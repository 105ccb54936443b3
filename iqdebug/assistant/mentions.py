"""``@file``, ``@frame``, ``@var`` and ``@log`` in a question: what they stand for is added to it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iqdebug.core.state import Frame, LogRecord, Snapshot, Variable

__all__ = ["Mentioned", "Mentions"]

_MENTION = re.compile(r"(?<!\S)@(file|frame|var|log)(?::(\S+))?")
_AROUND = 40  # lines of a file around the line named
_LOGS = 30
_VARIABLES = 40
_LONGEST = 400  # characters of a value


@dataclass(frozen=True, slots=True)
class Mentioned:
    """:param text: for the model, to be fenced; :param unknown: mentions that mean nothing here."""

    text: str
    unknown: tuple[str, ...] = ()


class Mentions:
    """Looks up what stands in a question.

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
            found = self._one(match[1], (match[2] or "").rstrip(".,;:?!"))
            if found:
                parts.append(found)
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
        """Short names of the files on the stacks; those that are told apart by it."""
        found: dict[str, str] = {}
        for thread in self._snapshot().threads:
            for frame in thread.frames:
                if frame.path and frame.kind != "label":
                    found.setdefault(os.path.basename(frame.path), frame.path)
        return found

    def _one(self, kind: str, name: str) -> str:
        if kind == "file":
            return self._file(name)
        if kind == "frame":
            return self._a_frame(name)
        if kind == "log":
            records = [r for r in self._logs() if not name or name.lower() in r.text.lower()][-_LOGS:]
            return "\n".join(["output and log records:", *(f"{r.stream}: {r.text}" for r in records)])
        wanted = name.partition(".")[0].partition("[")[0]
        found = [v for v in self._variables() if v.name == wanted]
        return "\n".join(f"{v.name}: {v.type} = {v.value}" for v in found)

    def _file(self, name: str) -> str:
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
        first, last = (max(at - _AROUND, 1), at + _AROUND) if at else (1, 2 * _AROUND)
        numbered = [f"{n} {text}" for n, text in enumerate(lines, 1) if first <= n <= last]
        return "\n".join([f"{path}, lines {first} to {min(last, len(lines))}:", *numbered]) if lines else ""

    def _a_frame(self, name: str) -> str:
        frames = self._frames()
        selected = self._frame()
        frame = frames[int(name)] if name.isdecimal() and int(name) < len(frames) else None
        if frame is None and not name:
            frame = selected
        if frame is None:
            return ""
        listed: Sequence[Variable] = self._variables() if frame is selected else frame.locals or ()
        values = [f"  {v.name}: {v.type} = {v.value[:_LONGEST]}" for v in listed if v.kind != "group"]
        return "\n".join([f"frame {frame.name} at {frame.path}:{frame.line}:", *values[:_VARIABLES]])
