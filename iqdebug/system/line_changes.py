"""Which lines changed recently, uncommitted or in a recent commit. Asks git, within a time limit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from iqdebug.capture.git import Repository, repository_above
from iqdebug.system.unified_diff import parse_diff

__all__ = ["Changes", "LineChange", "changed_lines"]

RECENT = 14 * 86_400.0
"""Seconds: a line changed longer ago is no news."""

_TOTAL_TIMEOUT = 1.0  # for all questions together
_BLAME_TIMEOUT = 0.5
_MAX_SUBJECT_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class LineChange:
    """How a line was changed of late: so many whole days ago, by the commit with that subject; ``days_ago``
    is None where it is not committed."""

    days_ago: int | None = None
    subject: str = ""


def changed_lines(diff: str, root: str) -> dict[str, set[int]]:
    """The lines that a unified diff adds or changes, by the file's full path. Of a hunk that only
    removes, the line behind the gap."""
    changed: dict[str, set[int]] = {}
    for hunk in parse_diff(diff):
        if hunk.new_path:
            lines = changed.setdefault(os.path.join(root, hunk.new_path), set())
            lines.update(hunk.changed_new_lines())
    return changed


class Changes:
    """Answers, for a path and a line, how it was changed of late; None where it was not.

    :param diff: uncommitted changes at the time of the crash, with ``root`` the repository's folder.
    :param ask: of which files git may be asked too, for ``seconds`` in all.
    """

    def __init__(
        self,
        diff: str = "",
        root: str = "",
        *,
        ask: Callable[[str], bool] = lambda path: True,
        now: float | None = None,
        seconds: float = _TOTAL_TIMEOUT,
    ) -> None:
        self._uncommitted = changed_lines(diff, root)
        self._ask = ask
        self._now = now if now is not None else time.time()
        self._left = seconds
        self._repositories: dict[str, Repository | None] = {}

    def __call__(self, path: str, line: int) -> LineChange | None:
        if line in self._uncommitted.get(path, ()):
            return LineChange()
        if self._left <= 0 or not os.path.isabs(path) or not self._ask(path):
            return None
        started = time.monotonic()
        try:
            return self._blamed(os.path.realpath(path), line)
        except (OSError, ValueError):
            return None
        finally:
            self._left -= time.monotonic() - started

    def _blamed(self, path: str, line: int) -> LineChange | None:
        repository = self._repository_of(os.path.dirname(path))
        if repository is None or not os.path.isfile(path):
            return None
        where = f"{line},{line}"
        seconds = max(min(_BLAME_TIMEOUT, self._left), 0.01)
        blame = repository.run("blame", "--porcelain", "-L", where, "--", path, seconds=seconds)
        return self._change(blame) if blame is not None else None

    def _repository_of(self, folder: str) -> Repository | None:
        if folder not in self._repositories:
            self._repositories[folder] = Repository(folder) if repository_above(folder) else None
        return self._repositories[folder]

    def _change(self, porcelain: str) -> LineChange | None:
        fields = dict(line.partition(" ")[::2] for line in porcelain.splitlines()[1:] if line[:1] != "\t")
        if porcelain.startswith("0" * 40):
            return LineChange()
        when = fields.get("committer-time", "")
        age = self._now - int(when) if when.isdecimal() else RECENT
        if not 0 <= age < RECENT:
            return None
        return LineChange(int(age // 86_400), fields.get("summary", "")[:_MAX_SUBJECT_CHARACTERS])
