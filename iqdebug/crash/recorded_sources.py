"""Recorded source text beside what the files on this machine hold today."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from enum import Enum

from iqdebug.core.messages import Message, message, render
from iqdebug.core.readable_files import Reach
from iqdebug.crash.crash import Crash
from iqdebug.system.source_files import MAX_SOURCE, open_regular

__all__ = ["RecordedSources", "SourceState"]

_SEARCH_RADIUS = 400  # lines around the old place that are searched for the line
_MAX_SHOWN_CHARACTERS = 40  # characters


class SourceState(Enum):
    """How the recorded text of a file compares with the file on this machine."""

    SAME = "same"
    DIFFERS = "differs"
    ABSENT = "absent"  # not in the project on this machine, or not readable
    NOT_RECORDED = "not recorded"  # only today's text is there
    NOTHING = "nothing"


class RecordedSources:
    """:param reach: which files of this machine may be read, whatever a recording names; nothing raises."""

    def __init__(self, crash: Crash, reach: Reach | None = None) -> None:
        self._crash = crash
        self._reach = reach or Reach()
        self._today = self._reach.read
        self._hashes: dict[tuple[str, int, int], str] = {}

    def standing(self, path: str) -> SourceState:
        recorded = self._crash.sources.get(path)
        now = self._hash(path)
        if recorded is None or not recorded.parts:
            return SourceState.NOT_RECORDED if now else SourceState.NOTHING
        if not now:
            return SourceState.ABSENT
        return SourceState.SAME if now == recorded.sha256.lower() else SourceState.DIFFERS

    def lines(self, path: str, today: bool) -> Sequence[str]:
        """As recorded, or as on disk today. A file that was not recorded has only today's text."""
        recorded = self._crash.read_source(path)
        if (today or not recorded) and self._hash(path):
            return self._today(path)
        return recorded

    def words(self, path: str, line: int, today: bool) -> str:
        """What has to be said about the text that is shown; "" when both are the same.

        :param line: the line that the shown frame was at, from 1.
        """
        standing = self.standing(path)
        if standing is SourceState.ABSENT:
            return render(message("crash.source.absent", where=self._away(path)))
        if standing is SourceState.NOT_RECORDED:
            return render(message("crash.source.today_only"))
        if standing is not SourceState.DIFFERS:
            return ""
        if not today:
            return render(message("crash.source.changed"))
        moved = self._moved(path, line)
        if moved is None:
            return render(message("crash.source.today"))
        return render(message("crash.source.today_moved", moved=moved))

    def why_no_toggle(self, path: str) -> str:
        """Why there are not two texts to choose from, in words; "" when there are."""
        reasons = {
            SourceState.SAME: message("crash.source.same"),
            SourceState.ABSENT: message("crash.source.is_absent", where=self._away(path)),
            SourceState.NOT_RECORDED: message("crash.source.not_recorded"),
            SourceState.NOTHING: message("crash.source.none"),
        }
        return render(reasons.get(self.standing(path), ""))

    def _away(self, path: str) -> Message:
        if self._reach.why_not(path):
            return message("crash.source.not_in_project")
        return message("crash.source.not_here")

    def _moved(self, path: str, line: int) -> Message | None:
        then, now = self._crash.read_source(path), self._today(path)
        wanted = then[line - 1].strip() if 0 < line <= len(then) else ""
        if not wanted:
            return None
        if line <= len(now) and now[line - 1].strip() == wanted:
            return message("crash.source.unchanged", line=line)
        around = range(max(line - _SEARCH_RADIUS, 1), min(line + _SEARCH_RADIUS, len(now)) + 1)
        near = sorted((abs(n - line), n) for n in around if now[n - 1].strip() == wanted)
        if near:
            return message("crash.source.line_moved", line=line, now=near[0][1])
        return message("crash.source.line_was", line=line, code=wanted[:_MAX_SHOWN_CHARACTERS])

    def _hash(self, path: str) -> str:
        """Of a regular file of this machine; "" where there is none that may be read."""
        if self._reach.why_not(path):
            return ""
        try:
            with open_regular(path) as file:
                status = os.fstat(file.fileno())
                key = (path, status.st_mtime_ns, status.st_size)
                if status.st_size > MAX_SOURCE:
                    return ""
                if key not in self._hashes:
                    self._hashes[key] = hashlib.sha256(file.read(MAX_SOURCE)).hexdigest()
                return self._hashes[key]
        except (OSError, ValueError):
            return ""
