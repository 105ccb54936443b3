"""How long a paused process has before its supervisor ends it, and the sentences about it.

gunicorn's arbiter compares the monotonic clock with the time stamp of a file that each worker touches
(``workers/workertmp.py``; before version 20.1 with the file's change time). The file has no name any
more, but the kernel shows it under /proc/PID/fd, where this process can read its time and, if the
person asks for that, touch it: nothing of it happens in the worker, and it ends with this process.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

from iqdebug.core.attachability import Supervisor
from iqdebug.core.messages import Message, Text, message, render

__all__ = ["Supervision", "WorkerClock"]

RAN_FREELY = 1.0
"""Seconds of running after which a worker has given a sign again; a step does not last so long."""

NEAR_THE_END = 2.0
"""Seconds before the supervisor's time within which an end counts as its doing. Supervisors look
about once a second."""

_FILE_PREFIX = "wgunicorn-"
_MAX_MONOTONIC = 1e8  # seconds; a time stamp below this is no date, but of the monotonic clock


class WorkerClock:
    """The file by which a gunicorn worker gives signs of life.

    :param path: under /proc/PID/fd.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    @classmethod
    def of(cls, pid: int, proc: str = "/proc") -> WorkerClock | None:
        """None where the process has no such file, more than one, or may not be looked at."""
        paths = []
        try:
            for entry in Path(proc, str(pid), "fd").iterdir():
                try:
                    name = os.readlink(entry)
                except OSError:
                    continue
                if os.path.basename(name).startswith(_FILE_PREFIX) and name.endswith(" (deleted)"):
                    paths.append(str(entry))
        except OSError:
            return None
        return cls(paths[0]) if len(paths) == 1 else None

    def silent_for(self) -> float | None:
        """Seconds since the last sign; None where that cannot be read."""
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        if status.st_mtime < _MAX_MONOTONIC:
            return max(time.monotonic() - status.st_mtime, 0.0)
        return max(time.time() - status.st_ctime, 0.0)

    def touch(self) -> bool:
        """Give a sign as the worker does; False where that is not allowed."""
        now = time.monotonic()
        try:
            os.utime(self._path, (now, now))
        except OSError:
            return False
        return True


class Supervision:
    """What is known of one attached process. Its session says when it stops and goes on.

    :param now: seconds of a clock that only goes forward.
    """

    def __init__(self, supervisor: Supervisor, pid: int, now: Callable[[], float] = time.monotonic) -> None:
        self.supervisor = supervisor
        self._now = now
        self._clock = WorkerClock.of(pid) if supervisor.name == "gunicorn" else None
        self._held = False
        self._since = self._went_on = now()
        self.holding = False
        """Whether its clock is held, as the person asked."""
        self.ended_it = False
        """Whether the supervisor ended the process; known once :meth:`why_it_ended` was asked."""

    def stopped(self) -> None:
        now = self._now()
        silent = self._clock.silent_for() if self._clock is not None else None
        if silent is not None:  # a worker that waits for requests has been silent for a while already
            self._since = now - silent
        elif not self._held and now - self._went_on >= RAN_FREELY:
            self._since = now
        self._held = True

    def went_on(self) -> None:
        if self._held:
            self._held, self._went_on = False, self._now()

    @property
    def held_for(self) -> float:
        """Seconds without a sign of life; 0 while it runs."""
        if not self._held:
            return 0.0
        seen = self._clock.silent_for() if self._clock is not None else None
        return seen if seen is not None else self._now() - self._since

    @property
    def left(self) -> float | None:
        """Seconds until it is ended; None while it runs, or where that is not known."""
        timeout = self.supervisor.timeout_s
        if not self._held or timeout is None or self.holding:
            return None
        return max(timeout - self.held_for, 0.0)

    # sentences

    @property
    def _who(self) -> Message:
        """Whom the supervisor ends."""
        if self.supervisor.name == "systemd":
            return message("supervision.this_service")
        return message("supervision.this_worker")

    @property
    def warning(self) -> str:
        """For as long as it is held: how long that may last; "" while it runs."""
        name = self.supervisor.name
        if not self._held:
            return ""
        if self.holding:
            return render(message("supervision.clock_is_held", name=name))
        left = self.left
        if left is None:
            return render(message("supervision.ends_if_this_lasts", name=name, who=self._who))
        if left <= 0:
            return render(message("supervision.ends_any_moment", name=name, who=self._who))
        seconds = math.ceil(left)
        if name in ("celery", "uWSGI"):
            return render(message("supervision.ends_at_most_in", name=name, who=self._who, seconds=seconds))
        return render(message("supervision.ends_in", name=name, who=self._who, seconds=seconds))

    @property
    def urgent(self) -> bool:
        left = self.left
        return left is not None and left <= max(self.supervisor.timeout_s or 0.0, 10.0) / 3

    def why_it_ended(self) -> Text:
        """Of a process that has just ended: that its supervisor did it; "" where it did not."""
        timeout = self.supervisor.timeout_s
        now = self._now()
        let_go = now if self._held else self._went_on
        # A worker that gets its signal to end may still be seen to go on for a moment.
        if timeout is None or self.holding or now - let_go > NEAR_THE_END:
            return ""
        if let_go - self._since < max(timeout - NEAR_THE_END, timeout / 2):
            return ""
        self.ended_it = True
        return message(
            "supervision.ended",
            name=self.supervisor.name,
            pid=self.supervisor.pid,
            who=self._who,
            seconds=f"{timeout:g}",
        )

    # its clock

    def why_not_hold(self) -> str:
        """Why its clock cannot be held; "" where it can."""
        if self._clock is not None and self._clock.silent_for() is not None:
            return ""
        name = self.supervisor.name
        if name == "gunicorn":
            return render(message("supervision.no_file"))
        return render(message("supervision.asks_the_process", name=name))

    def tick(self) -> bool:
        """To be called about once a second: keep the clock back where that was asked for. False where
        it could not be done, and is given up."""
        if not self.holding or not self._held:
            return True
        if self._clock is not None and self._clock.touch():
            return True
        self.holding = False
        return False
