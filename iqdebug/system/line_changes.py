"""Which lines changed recently, uncommitted or in a recent commit. Asks git, within a time limit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from iqdebug.capture.git import Repository, repository_above
from iqdebug.system.unified_diff import parse_diff

__all__ = ["Changes", "changed_lines"]

RECENT = 14 * 86_400.0
"""Seconds: a line changed longer ago is no news."""

_TOTAL_TIMEOUT = 1.0  # for all questions together
_BLAME_TIMEOUT = 0.5


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
    """Answers, for a path and a line, in words: "changed and not committed", "changed 2 days ago by
    'subject'", or "".

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

    def __call__(self, path: str, line: int) -> str:
        if line in self._uncommitted.get(path, ()):
            return "this line was changed and is not committed yet"
        if self._left <= 0 or not os.path.isabs(path) or not self._ask(path):
            return ""
        started = time.monotonic()
        try:
            return self._blamed(os.path.realpath(path), line)
        except (OSError, ValueError):
            return ""
        finally:
            self._left -= time.monotonic() - started

    def _blamed(self, path: str, line: int) -> str:
        repository = self._repository_of(os.path.dirname(path))
        if repository is None or not os.path.isfile(path):
            return ""
        where = f"{line},{line}"
        seconds = max(min(_BLAME_TIMEOUT, self._left), 0.01)
        blame = repository.run("blame", "--porcelain", "-L", where, "--", path, seconds=seconds)
        return self._words(blame) if blame is not None else ""

    def _repository_of(self, folder: str) -> Repository | None:
        if folder not in self._repositories:
            self._repositories[folder] = Repository(folder) if repository_above(folder) else None
        return self._repositories[folder]

    def _words(self, porcelain: str) -> str:
        fields = dict(line.partition(" ")[::2] for line in porcelain.splitlines()[1:] if line[:1] != "\t")
        if porcelain.startswith("0" * 40):
            return "this line was changed and is not committed yet"
        when = fields.get("committer-time", "")
        age = self._now - int(when) if when.isdecimal() else RECENT
        if not 0 <= age < RECENT:
            return ""
        days = int(age // 86_400)
        ago = "today" if days == 0 else f"{days} day{'s' if days > 1 else ''} ago"
        return f"this line was changed {ago}: {fields.get('summary', '')[:60]!r}"
