"""Runs work that no tool of ``sys.monitoring`` sees.

The injected code runs this file's text, under a name that is no file, before it imports anything:
coverage's core for Python 3.12 and later measures every thread, the debugger's too. So this file
stands alone.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List


def run_unmonitored(work: Callable[[], None]) -> None:
    """Run ``work`` within a callback of a tool of our own, where the interpreter sends no events to any tool.
    Where no tool is free, ``work`` runs outside of one."""
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
