"""Calls the program's own ``__repr__``, if a person has allowed it: one at a time, in bounded time.

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

MAX_REPR_LENGTH = 400
"""Characters kept of one text."""

REPR_TIMEOUT = 0.1  # seconds for one
MAX_REPRS = 3_000


class OwnReprs:
    """Calls objects' own ``__repr__``.

    :param seconds: for all calls together; afterwards nothing is called any more.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds_left = seconds
        self._count = 0
        self._slow: List[type] = []
        self._own_repr: Dict[type, bool] = {}
        self._lock = threading.Lock()

    def __call__(self, obj: Any) -> Optional[str]:
        """The object's own text; None if its class has no ``__repr__`` in Python, or it takes too long. Never
        raises."""
        cls = type(obj)
        own_repr = self._own_repr.get(cls)
        if own_repr is None:
            own_repr = self._own_repr[cls] = _has_own_repr(cls)
        if (
            not own_repr
            or self._seconds_left <= 0
            or self._count >= MAX_REPRS
            or any(cls is c for c in self._slow)
        ):
            return None
        if not self._lock.acquire(False):
            return None  # a __repr__ that causes a crash itself
        try:
            self._count += 1
            return self._repr_in_thread(obj, cls)
        except Exception:
            return None
        finally:
            self._lock.release()

    def _repr_in_thread(self, obj: Any, cls: type) -> Optional[str]:
        texts: List[str] = []
        done = threading.Event()

        def call_repr() -> None:
            try:
                answer = repr(obj)
                texts.append(str.__getitem__(answer, slice(0, MAX_REPR_LENGTH + 1)))
            except BaseException:
                pass
            finally:
                done.set()

        thread = threading.Thread(target=call_repr, name="iqdebug.repr", daemon=True)
        started = monotonic()
        thread.start()
        finished = done.wait(min(REPR_TIMEOUT, self._seconds_left))
        self._seconds_left -= monotonic() - started
        if not finished:
            self._slow.append(cls)
            _interrupt(thread)
            return None
        if not texts:
            return None
        return texts[0] if len(texts[0]) <= MAX_REPR_LENGTH else texts[0][:MAX_REPR_LENGTH] + "…"


def _has_own_repr(cls: type) -> bool:
    """Whether the class, or one it derives from, has a ``__repr__`` written in Python."""
    for base in class_mro(cls):
        function = class_dict(base).get("__repr__")
        if function is not None:
            kind = type(function)
            return (
                kind is types.FunctionType or kind is types.MethodType or type_name(kind) == "partialmethod"
            )
    return False


def _interrupt(thread: threading.Thread) -> None:
    """Raise ``SystemExit`` in a thread that hangs. It works only if the thread runs Python code."""
    try:
        import ctypes

        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
        )
    except Exception:
        pass
