"""What traces each thread of the target, read and set from one thread. For Python up to 3.11.

Where the four fields for tracing lie within ``PyThreadState`` differs between versions and builds,
so they are looked for: the calling thread is given a trace function, which is then searched for in
its own thread state. The order of the fields is the same in all versions (cpython,
Include/cpython/pystate.h): c_profilefunc, c_tracefunc, c_profileobj, c_traceobj.
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

_WORDS = 30  # of a thread state that are searched; each version's is longer
_POINTER = ctypes.sizeof(ctypes.c_void_p)
_COUNTED = sys.version_info < (3, 10)  # a count of traced threads decides whether any is traced


def thread_states() -> Iterator[int]:
    """The address of each. The caller keeps the interpreter lock while it goes through them."""
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
    """:raises LookupError: the fields were not found.
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
            found = [i for i in range(3, _WORDS) if words[i] == id(marker) and words[i - 2]]
            if not found:
                raise LookupError("a thread's trace function was not found in its state")
            self._at = found[0]
            self.trampoline: int = words[self._at - 2] or 0
            """The C function through which a trace function written in Python is called."""
        finally:
            settrace(None)
        own = threading.get_ident()
        idents = [i for i in range(self._at + 1, _WORDS) if words[i] == own]
        if not idents:
            raise LookupError("a thread's identity was not found in its state")
        self._ident = idents[0]
        self._use_tracing = (self._at - 4) * _POINTER  # 3.8: an int, and its padding, before the four fields

    @staticmethod
    def _words(state: int) -> Any:
        return (ctypes.c_void_p * _WORDS).from_address(state)

    def ident(self, state: int) -> int:
        return self._words(state)[self._ident] or 0

    def tracer(self, state: int) -> Tuple[int, Any]:
        """The C function that traces a thread and its object; 0 and None where none does."""
        words = self._words(state)
        function, held = words[self._at - 2], words[self._at]
        if not function:
            return 0, None
        return function, ctypes.cast(held, ctypes.py_object).value if held else None

    def set(self, state: int, function: int, held: Any) -> None:
        """Trace a thread by a C function and its object, or by nothing."""
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
        words[self._at] = id(held) if function else None  # the object from before stays counted
        traced = ctypes.c_int.from_address(state + self._use_tracing)
        traced.value = 1 if function or words[self._at - 3] else 0
        for counter in counters():
            counter[0] += bool(function) - had


def counters() -> List[Any]:
    """3.8's and 3.9's count of traced threads, as an array of one; empty where it was not found.
    While it is not 0 every thread runs each instruction more slowly, and while it is 0 none is traced.

    It stands behind the recursion limit (Include/internal, struct _ceval_runtime_state or
    _ceval_state), and is known by following ``sys.settrace``, which this calls.
    """
    if not _COUNTED:
        return []
    api: Any = ctypes.pythonapi
    if sys.version_info < (3, 9):
        start, size = ctypes.addressof(ctypes.c_char.in_dll(api, "_PyRuntime")), 350
    else:
        api.PyInterpreterState_Main.restype = ctypes.c_void_p
        start, size = api.PyInterpreterState_Main(), 60
    words = (ctypes.c_int * size).from_address(start)
    limit = _getrecursionlimit()
    found = []
    before = sys.gettrace()
    for at in [i + 1 for i in range(size - 1) if words[i] == limit]:
        settrace(None)
        untraced = words[at]
        settrace(lambda *event: None)
        traced = words[at]
        settrace(None)
        if traced == untraced + 1 and words[at] == untraced:
            found.append((ctypes.c_int * 1).from_address(start + 4 * at))
    if before is not None:
        settrace(before)
    return found


def layout() -> Optional[Layout]:
    """The layout here; None where it is not needed (3.12 and later) or was not found."""
    if sys.version_info >= (3, 12):
        return None
    try:
        return Layout()
    except LookupError:
        return None
