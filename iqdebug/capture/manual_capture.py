"""``capture()``, which programs may call often and inside an event loop.

Similar exceptions, raised along the same lines, share one file, which counts them. Only the first blocks
the event loop, for a bounded time.
"""

from __future__ import annotations

import os
import threading
import time

from . import container
from .original_functions import system
from .record import Occasion, deliver
from .stored_attributes import cause_of, context_of, file_of, name_of, traceback_of
from .values import qualified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from .settings import Settings

MAX_KINDS = 1_000
"""Different exceptions that are recorded and counted; further ones are ignored."""

MAX_FRAMES = 60
MAX_CHAIN_LENGTH = 5
_TAG = "AGAN"


class _SimilarExceptions:
    """Exceptions that share one file, and their count."""

    def __init__(self) -> None:
        self.path = ""
        self.times = 1
        self.written = threading.Event()
        self._count_offset = 0  # of the count in the file

    def on_written(self, written: bool) -> None:
        if not written:
            self.path = ""
        self.written.set()
        if written and self.times > 1:
            self.write_count()

    def write_count(self) -> None:
        """Write the count after the file's end chunk, over the previous one."""
        try:
            handle = system.open(self.path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            return
        try:
            self._count_offset = self._count_offset or system.fstat(handle).st_size
            system.lseek(handle, self._count_offset, os.SEEK_SET)
            system.write(handle, container.fixed_chunk(_TAG, {"times": self.times, "last": time.time()}))
        finally:
            system.close(handle)


class _Known:
    """The recorded exceptions of one process. A forked child gets its own, with a lock that nobody holds."""

    def __init__(self) -> None:
        self.pid = system.getpid()
        self.lock = threading.Lock()
        self.kinds: Dict[Any, _SimilarExceptions] = {}


_known = [_Known()]


def captured(exc: BaseException, how: str, settings: Settings, logs: Any) -> str:
    """The path of the file about the exception or the first similar one; inside an event loop the file may
    appear later. "" if it cannot be written.

    :raises Exception: as :func:`iqdebug.capture.record.record`.
    """
    if _known[0].pid != system.getpid():
        _known[0] = _Known()
    known = _known[0]
    key = _key(exc, settings.directory)
    if not known.lock.acquire(True, 0.5):
        return ""  # a signal handler interrupted the holder of the lock
    try:
        kind = known.kinds.get(key)
        if kind is not None and (not kind.written.is_set() or system.exists(kind.path)):
            kind.times += 1
            if kind.written.is_set():
                kind.write_count()
            return kind.path
        if len(known.kinds) >= MAX_KINDS:
            return ""
        kind = known.kinds[key] = _SimilarExceptions()
    finally:
        known.lock.release()
    try:
        occasion = Occasion("caught", exc, traceback_of(exc), how=how)
        path = deliver(occasion, settings, logs, kind.on_written)
    except BaseException:
        known.kinds.pop(key, None)
        raise
    if not kind.path and not (kind.written.is_set() and not system.exists(path)):
        kind.path = path
    return kind.path


def _key(exc: BaseException, directory: str) -> Any:
    """Equal for exceptions whose types and lines are the same, and those of their causes."""
    key: List[Any] = [directory]
    below: Optional[BaseException] = exc
    while below is not None and len(key) <= MAX_CHAIN_LENGTH:
        key.append((qualified(type(below)), _steps(traceback_of(below))))
        cause = cause_of(below)
        below = cause if cause is not None else context_of(below)
    return tuple(key)


def _steps(trace: Any) -> Tuple[Any, ...]:
    steps: List[Any] = []
    while trace is not None and len(steps) < MAX_FRAMES:
        code = trace.tb_frame.f_code
        steps.append((file_of(code), name_of(code), trace.tb_lineno))
        trace = trace.tb_next
    return tuple(steps)
