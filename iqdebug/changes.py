"""Which lines changed of late: uncommitted, or in a recent commit. Asked of git, in bounded time."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

__all__ = ["Changes", "changed_lines"]

RECENT = 14 * 86_400.0
"""Seconds: a line changed longer ago is no news."""

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_SECONDS = 1.0  # for all questions together
_EACH = 0.5


def changed_lines(diff: str, root: str) -> dict[str, set[int]]:
    """The lines that a unified diff adds or changes, by the file's full path. Of a hunk that only
    removes, the line behind the gap."""
    found: dict[str, set[int]] = {}
    current: set[int] | None = None
    number = 0
    for line in diff.splitlines():
        if line.startswith("+++ "):
            name = line[4:].split("\t")[0].strip('"')
            path = os.path.join(root, name.removeprefix("b/")) if name != "/dev/null" else ""
            current = found.setdefault(path, set()) if path else None
        elif line.startswith(("diff --git ", "--- a/", "--- /dev/null")):
            number = 0
        elif line.startswith("@@"):
            hunk = _HUNK.match(line)
            number = int(hunk[1]) if hunk else 0
        elif current is not None and number:
            if line.startswith("+"):
                current.add(number)
                number += 1
            elif line.startswith("-"):
                current.add(number)
            else:
                number += 1
    return found


class Changes:
    """Answers, for a path and a line, in words: "changed and not committed", "changed 2 days ago by
    'subject'", or "".

    :param diff: uncommitted changes at the time of the crash, with ``root`` the repository's folder.
    :param ask: whether the repositories on this machine's disk may be asked too, for ``seconds`` in all.
    """

    def __init__(
        self,
        diff: str = "",
        root: str = "",
        *,
        ask: bool = True,
        now: float | None = None,
        seconds: float = _SECONDS,
    ) -> None:
        self._uncommitted = changed_lines(diff, root)
        self._ask = ask
        self._now = now if now is not None else time.time()
        self._left = seconds
        self._tracked: dict[str, bool] = {}

    def __call__(self, path: str, line: int) -> str:
        if line in self._uncommitted.get(path, ()):
            return "this line was changed and is not committed yet"
        if not self._ask or self._left <= 0 or not os.path.isabs(path) or not self._in_repository(path):
            return ""
        return self._blamed(path, line)

    def _in_repository(self, path: str) -> bool:
        folder = str(Path(path).parent)
        known = self._tracked.get(folder)
        if known is None:
            known = any((p / ".git").exists() for p in (Path(folder), *Path(folder).parents))
            self._tracked[folder] = known
        return known

    def _blamed(self, path: str, line: int) -> str:
        started = time.monotonic()
        command = ["git", "-c", "core.fsmonitor=false", "-C", str(Path(path).parent), "blame", "--porcelain"]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        try:
            done = subprocess.run(
                [*command, "-L", f"{line},{line}", "--", path],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=max(min(_EACH, self._left), 0.01),
                env={**environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        finally:
            self._left -= time.monotonic() - started
        return self._words(done.stdout) if done.returncode == 0 else ""

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
