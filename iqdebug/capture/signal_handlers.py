"""Recognises the program's own exceptions that come out of our code.

A signal handler of the program runs wherever its main thread is at that moment, inside functions of the
debugger too. What it raises there belongs to the program and must reach the line that called us.
"""

from __future__ import annotations

import signal
import types

from .stored_attributes import context_of, file_of, traceback_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Set, Tuple

MAX_CONTEXTS = 10


def handler_exception(error: Optional[BaseException], own: Tuple[str, ...] = ()) -> Optional[BaseException]:
    """The keyboard interrupt or the exception raised by a signal handler of the program, if ``error`` is one
    or replaced one: a ``finally`` that it passed through raised ``error``. Else None.

    :param own: prefixes of file names of our code, which is no handler. For a traceback with such code only,
        the signal handlers need not be looked up.
    """
    frames: Set[int] = set()
    for _ in range(MAX_CONTEXTS):
        if error is None:
            break
        codes, passed = [], set()
        trace = traceback_of(error)
        while trace is not None:
            passed.add(id(trace.tb_frame))
            if not own or not file_of(trace.tb_frame.f_code).startswith(own):
                codes.append(trace.tb_frame.f_code)
            trace = trace.tb_next
        if frames and frames.isdisjoint(passed):
            break  # the program was handling that exception when it called us
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            return error
        handlers = _handlers() if codes else []
        if any(code is handler for code in codes for handler in handlers):
            return error
        frames = passed
        error = context_of(error)
    return None


def _handlers() -> List[Any]:
    """The code of the program's signal handlers."""
    codes = []
    for number in signal.valid_signals():
        handler: Any = signal.getsignal(number)
        if type(handler) is types.MethodType:
            handler = handler.__func__
        if type(handler) is types.FunctionType:
            codes.append(handler.__code__)
    return codes
