"""The program's own ``__repr__``, where a person has asked for it: bounded in time, one at a time.

Off unless ``IQDEBUG_CAPTURE_REPR`` is set (``iqdebug diagnose -- CMD`` sets it): a ``__repr__`` is
code of the program's, and may print, lock, or fetch rows.
"""

from __future__ import annotations

import threading
import types

from .descriptors import class_dict, class_mro
from .original_functions import monotonic
from .values import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

LIMIT = 400
"""Characters kept of one answer."""

REPR_TIMEOUT = 0.1  # seconds for one
MAX_REPRS = 3_000


class Asker:
    """:param seconds: for all answers together; afterwards nothing is asked any more."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._asked = 0
        self._slow: List[type] = []
        self._writes: Dict[type, bool] = {}
        self._lock = threading.Lock()

    def __call__(self, obj: Any) -> Optional[str]:
        """What the object says of itself; None when its class does not say, or not in time. Never
        raises."""
        cls = type(obj)
        writes = self._writes.get(cls)
        if writes is None:
            writes = self._writes[cls] = _has_its_own(cls)
        if not writes or self._left <= 0 or self._asked >= MAX_REPRS or any(cls is c for c in self._slow):
            return None
        if not self._lock.acquire(False):
            return None  # a __repr__ that makes a crash of its own
        try:
            self._asked += 1
            return self._said(obj, cls)
        except Exception:
            return None
        finally:
            self._lock.release()

    def _said(self, obj: Any, cls: type) -> Optional[str]:
        said: List[str] = []
        done = threading.Event()

        def ask() -> None:
            try:
                answer = repr(obj)
                said.append(str.__getitem__(answer, slice(0, LIMIT + 1)))
            except BaseException:
                pass
            finally:
                done.set()

        thread = threading.Thread(target=ask, name="iqdebug.repr", daemon=True)
        started = monotonic()
        thread.start()
        finished = done.wait(min(REPR_TIMEOUT, self._left))
        self._left -= monotonic() - started
        if not finished:
            self._slow.append(cls)
            _end(thread)
            return None
        if not said:
            return None
        return said[0] if len(said[0]) <= LIMIT else said[0][:LIMIT] + "…"


def _has_its_own(cls: type) -> bool:
    """Whether the class (or one it derives from) writes ``__repr__`` in Python."""
    for base in class_mro(cls):
        found = class_dict(base).get("__repr__")
        if found is not None:
            kind = type(found)
            return (
                kind is types.FunctionType or kind is types.MethodType or type_name(kind) == "partialmethod"
            )
    return False


def _end(thread: threading.Thread) -> None:
    """Ask a thread that does not come back to end: what it runs is Python more often than not."""
    try:
        import ctypes

        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
        )
    except Exception:
        pass
