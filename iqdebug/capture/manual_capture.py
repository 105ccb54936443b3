"""``capture()``: what a program hands over itself, often and from within an event loop.

Equal exceptions, which took the same way through the same lines, leave one file; how often they came is
written into it. The first of them holds an event loop up for a bounded time.
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
"""Different exceptions that are counted; further ones are not written."""

MAX_STEPS = 60
MAX_CHAIN = 5
_TAG = "AGAN"


class _Kind:
    """Exceptions that are alike."""

    def __init__(self) -> None:
        self.path = ""
        self.times = 1
        self.written = threading.Event()
        self._at = 0  # where in the file the count stands

    def done(self, written: bool) -> None:
        if not written:
            self.path = ""
        self.written.set()
        if written and self.times > 1:
            self.note()

    def note(self) -> None:
        """Write the count behind the file's end mark, over the one before."""
        try:
            handle = system.open(self.path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            return
        try:
            self._at = self._at or system.fstat(handle).st_size
            system.lseek(handle, self._at, os.SEEK_SET)
            system.write(handle, container.fixed_chunk(_TAG, {"times": self.times, "last": time.time()}))
        finally:
            system.close(handle)


class _Known:
    """Of one process: a forked child begins anew, with a lock that nobody holds."""

    def __init__(self) -> None:
        self.pid = system.getpid()
        self.lock = threading.Lock()
        self.kinds: Dict[Any, _Kind] = {}


_known = [_Known()]


def captured(exc: BaseException, how: str, settings: Settings, logs: Any) -> str:
    """The path of the file about the exception, or about the first that was like it; on an event loop the
    file may be about to appear. "" where it cannot be written.

    :raises Exception: as :func:`iqdebug.capture.record.record`.
    """
    if _known[0].pid != system.getpid():
        _known[0] = _Known()
    known = _known[0]
    key = _key(exc, settings.directory)
    if not known.lock.acquire(True, 0.5):
        return ""  # a signal handler has come in between
    try:
        kind = known.kinds.get(key)
        if kind is not None and (not kind.written.is_set() or system.exists(kind.path)):
            kind.times += 1
            if kind.written.is_set():
                kind.note()
            return kind.path
        if len(known.kinds) >= MAX_KINDS:
            return ""
        kind = known.kinds[key] = _Kind()
    finally:
        known.lock.release()
    try:
        occasion = Occasion("caught", exc, traceback_of(exc), how=how)
        path = deliver(occasion, settings, logs, kind.done)
    except BaseException:
        known.kinds.pop(key, None)
        raise
    if not kind.path and not (kind.written.is_set() and not system.exists(path)):
        kind.path = path
    return kind.path


def _key(exc: BaseException, directory: str) -> Any:
    """Equal for exceptions of the same types that passed through the same lines, and for their causes."""
    said: List[Any] = [directory]
    below: Optional[BaseException] = exc
    while below is not None and len(said) <= MAX_CHAIN:
        said.append((qualified(type(below)), _way(traceback_of(below))))
        cause = cause_of(below)
        below = cause if cause is not None else context_of(below)
    return tuple(said)


def _way(trace: Any) -> Tuple[Any, ...]:
    steps: List[Any] = []
    while trace is not None and len(steps) < MAX_STEPS:
        code = trace.tb_frame.f_code
        steps.append((file_of(code), name_of(code), trace.tb_lineno))
        trace = trace.tb_next
    return tuple(steps)
