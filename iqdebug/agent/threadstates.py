"""Reads and sets the trace function of every thread, from one thread. For Python up to 3.11.

The offset of the four tracing fields in ``PyThreadState`` differs between versions and builds. To find
it, the calling thread sets a trace function and searches for it in its own thread state. The order of the
fields is the same in all versions (cpython, Include/cpython/pystate.h): c_profilefunc, c_tracefunc,
c_profileobj, c_traceobj.
"""

from __future__ import annotations

import ctypes
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Optional, Tuple

settrace = sys.settrace  # before pydevd puts its own in its place
_getrecursionlimit = sys.getrecursionlimit  # before the agent does

_SEARCHED_WORDS = 30  # words searched in a thread state; it is longer than that in every version
_POINTER_SIZE = ctypes.sizeof(ctypes.c_void_p)
_HAS_TRACED_COUNT = sys.version_info < (
    3,
    10,
)  # the interpreter traces only while a count of traced threads is not 0


def thread_states() -> Iterator[int]:
    """The address of each thread state. The caller must not release the interpreter lock meanwhile."""
    api: Any = ctypes.pythonapi
    for name, arguments in (
        ("PyInterpreterState_Main", []),
        ("PyInterpreterState_ThreadHead", [ctypes.c_void_p]),
        ("PyThreadState_Next", [ctypes.c_void_p]),
    ):
        function = getattr(api, name)
        function.restype, function.argtypes = ctypes.c_void_p, arguments
    state = api.PyInterpreterState_ThreadHead(api.PyInterpreterState_Main())
    while state:
        yield state
        state = api.PyThreadState_Next(state)


class Layout:
    """The offsets of the tracing fields in this interpreter's thread states.

    :raises LookupError: the fields were not found.
    :raises Exception: whatever an audit hook of the program raises for ``sys.settrace``.
    """

    def __init__(self) -> None:
        api: Any = ctypes.pythonapi
        api.PyThreadState_Get.restype = ctypes.c_void_p
        words = self._words(api.PyThreadState_Get())

        def marker(*event: Any) -> None:
            return None

        settrace(marker)
        try:
            positions = [i for i in range(3, _SEARCHED_WORDS) if words[i] == id(marker) and words[i - 2]]
            if not positions:
                raise LookupError("a thread's trace function was not found in its state")
            self._at = positions[0]
            self.trampoline: int = words[self._at - 2] or 0
            """The C function through which a trace function written in Python is called."""
        finally:
            settrace(None)
        own = threading.get_ident()
        idents = [i for i in range(self._at + 1, _SEARCHED_WORDS) if words[i] == own]
        if not idents:
            raise LookupError("a thread's identity was not found in its state")
        self._ident = idents[0]
        self._use_tracing = (
            self._at - 4
        ) * _POINTER_SIZE  # 3.8: an int, and its padding, before the four fields

    @staticmethod
    def _words(state: int) -> Any:
        return (ctypes.c_void_p * _SEARCHED_WORDS).from_address(state)

    def ident(self, state: int) -> int:
        return self._words(state)[self._ident] or 0

    def tracer(self, state: int) -> Tuple[int, Any]:
        """A thread's C trace function and its object; 0 and None if it is not traced."""
        words = self._words(state)
        function, held = words[self._at - 2], words[self._at]
        if not function:
            return 0, None
        return function, ctypes.cast(held, ctypes.py_object).value if held else None

    def set(self, state: int, function: int, held: Any) -> None:
        """Set a thread's C trace function and its object; 0 removes them."""
        api: Any = ctypes.pythonapi
        if hasattr(api, "_PyEval_SetTrace"):
            api._PyEval_SetTrace.restype = ctypes.c_int
            api._PyEval_SetTrace.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
            api._PyEval_SetTrace(state, function or None, id(held) if function else None)
            return
        words = self._words(state)
        had = bool(words[self._at - 2])
        if function:
            api.Py_IncRef.argtypes = [ctypes.py_object]
            api.Py_IncRef(held)
        words[self._at - 2] = function or None
        words[self._at] = id(held) if function else None  # the previous object keeps its reference count
        traced = ctypes.c_int.from_address(state + self._use_tracing)
        traced.value = 1 if function or words[self._at - 3] else 0
        for counter in counters():
            counter[0] += bool(function) - had


def counters() -> List[Any]:
    """The count of traced threads in 3.8 and 3.9, as an array of one; [] if it was not found.

    While it is not 0, every thread runs each instruction more slowly; while it is 0, none is traced. It
    follows the recursion limit (Include/internal, struct _ceval_runtime_state or _ceval_state), and is
    recognised because it changes with ``sys.settrace``, which this calls.
    """
    if not _HAS_TRACED_COUNT:
        return []
    api: Any = ctypes.pythonapi
    if sys.version_info < (3, 9):
        start, size = ctypes.addressof(ctypes.c_char.in_dll(api, "_PyRuntime")), 350
    else:
        api.PyInterpreterState_Main.restype = ctypes.c_void_p
        start, size = api.PyInterpreterState_Main(), 60
    words = (ctypes.c_int * size).from_address(start)
    limit = _getrecursionlimit()
    counts = []
    before = sys.gettrace()
    for at in [i + 1 for i in range(size - 1) if words[i] == limit]:
        settrace(None)
        untraced = words[at]
        settrace(lambda *event: None)
        traced = words[at]
        settrace(None)
        if traced == untraced + 1 and words[at] == untraced:
            counts.append((ctypes.c_int * 1).from_address(start + 4 * at))
    if before is not None:
        settrace(before)
    return counts


def layout() -> Optional[Layout]:
    """This interpreter's layout; None if it is not needed (3.12 and later) or was not found."""
    if sys.version_info >= (3, 12):
        return None
    try:
        return Layout()
    except LookupError:
        return None
