"""Runs a function without any tool of ``sys.monitoring`` seeing it.

From Python 3.12 on coverage measures every thread, the debugger's too. The injected code therefore executes
this file's text, under a name that is no file, before it imports anything: this module imports nothing of
the package.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List


def run_unmonitored(work: Callable[[], None]) -> None:
    """Run ``work`` in a callback of our own monitoring tool: the interpreter sends no events from there.
    If no tool id is free, run it directly."""
    monitoring: Any = getattr(sys, "monitoring", None)
    free = [n for n in (4, 3, 5, 2, 1, 0) if monitoring.get_tool(n) is None] if monitoring else []
    if not free:
        work()
        return
    tool = free[0]
    begun: List[bool] = []

    def entered() -> None:
        return None

    def called(code: Any, offset: int) -> None:
        if code is entered.__code__ and not begun:
            begun.append(True)
            release()
            work()

    def release() -> None:
        monitoring.set_local_events(tool, entered.__code__, 0)
        monitoring.register_callback(tool, monitoring.events.PY_START, None)
        monitoring.free_tool_id(tool)

    try:
        monitoring.use_tool_id(tool, "iqdebug")
        try:
            monitoring.register_callback(tool, monitoring.events.PY_START, called)
            monitoring.set_local_events(tool, entered.__code__, monitoring.events.PY_START)
            entered()
        finally:
            if not begun:
                release()
    except Exception:
        if begun:
            raise
    if not begun:
        work()
