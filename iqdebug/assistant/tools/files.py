"""Which files a model may read: the program's source, and nothing else of the disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from iqdebug.core.messages import Text
from iqdebug.core.readable_files import Reach, below, may_be_project, reach_of_project, real_path
from iqdebug.core.state import ExceptionInfo, Frame, Snapshot
from iqdebug.peek.start_info import reach_of_process

__all__ = ["Files", "frames_of"]


def frames_of(snapshot: Snapshot) -> Iterable[Frame]:
    """Every frame that a snapshot names."""
    for thread in snapshot.threads:
        yield from thread.frames
    for task in snapshot.tasks:
        yield from task.frames
    waiting = [snapshot.exception] if snapshot.exception is not None else []
    while waiting:
        error: ExceptionInfo = waiting.pop()
        yield from error.frames
        waiting += [*error.chain, *error.members]


class Files:
    """Of a live target what :func:`~iqdebug.peek.start_info.reach_of_process` allows, whatever its frames
    name. Of a recording: what was recorded, whatever paths it names, and the project. Never: hidden
    files, keys, what is no source or text, the home folder or ``/`` as "the program".

    :param snapshot: the current one.
    :param recorded: the recording's files; None of a live target.
    :param project: a folder of this machine that the person works in; None where none is known.
    :param home: the person's home folder, which is no program's; None for the one of this process.
    :param reach: what may be read of a live target, from its process id and working folder.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        recorded: Sequence[str] | None = None,
        project: Path | None = None,
        home: Path | None = None,
        reach: Callable[[int, str], Reach] | None = None,
    ) -> None:
        self._snapshot = snapshot
        self.recorded = tuple(recorded) if recorded is not None else None
        own = str(home) if home is not None else ""
        named = str(project) if project is not None else ""
        self._project = named if may_be_project(named, own) else ""
        self._known: tuple[Snapshot, Reach] | None = None
        self._reach_of = reach or (lambda pid, cwd: reach_of_process(pid, cwd, self._project, own))

    @property
    def named(self) -> tuple[str, ...]:
        """Files that frames name, the person's own first."""
        is_own: dict[str, bool] = {}
        for frame in frames_of(self._snapshot()):
            if frame.path and not frame.path.startswith("<"):
                is_own.setdefault(frame.path, frame.kind == "user")
        return tuple(sorted(is_own, key=lambda path: not is_own[path]))

    @property
    def reach(self) -> Reach:
        """What of this machine's disk may be read at this moment."""
        now = self._snapshot()
        if self._known is None or self._known[0] is not now:
            recording = self.recorded is not None
            self._known = (
                now,
                reach_of_project(self._project) if recording else self._reach_of(now.pid, now.cwd),
            )
        return self._known[1]

    @property
    def roots(self) -> tuple[str, ...]:
        """Folders to search on this machine, real paths, the outermost alone: of those that may be read
        the project, and those that code on the stacks lies in."""
        readable = self.reach.roots
        if self.recorded is None:
            own = [real_path(f.path) for f in frames_of(self._snapshot()) if _is_own(f)]
            project = real_path(self._project)
            readable = tuple(r for r in readable if r == project or any(below(path, r) for path in own))
        kept: list[str] = []
        for root in sorted(readable, key=len):
            if not any(below(root, other) for other in kept):
                kept.append(root)
        return tuple(kept)

    def why_not(self, path: str) -> Text:
        """Why the file may not be read, "" when it may."""
        return self.judge()(path)

    def judge(self) -> Callable[[str], Text]:
        """:meth:`why_not` of this moment, for many files."""
        recorded, reach = frozenset(self.recorded or ()), self.reach
        return lambda path: "" if path in recorded else reach.why_not(path)

    def reader(self, recorded: Callable[[str], Sequence[str]]) -> Callable[[str], Sequence[str]]:
        """A file's lines by this rule; () where it may not be read.

        :param recorded: those of a file that the recording holds.
        """
        known = frozenset(self.recorded or ())
        return lambda path: recorded(path) if path in known else self.reach.read(path)

    def resolved(self, name: str) -> list[str]:
        """The files that a path, or the end of one, stands for; those that frames name come first."""
        if os.path.isabs(name):
            return [name]
        known = self.recorded if self.recorded is not None else self.named
        ends = [path for path in known if path == name or path.endswith(os.sep + name.removeprefix("./"))]
        if ends:
            return ends
        candidates = [os.path.join(root, name) for root in self.roots]
        return [path for path in candidates if os.path.isfile(path)]


def _is_own(frame: Frame) -> bool:
    return frame.kind == "user" and os.path.isabs(frame.path)
