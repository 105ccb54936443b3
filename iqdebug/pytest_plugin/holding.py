"""Shows an exception of this process in a screen that another process draws on the same terminal.

While the screen is open, the calling thread waits with the exception's frames alive. The debugger is
removed from this process before :func:`show` returns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any

__all__ = ["QUIT", "WENT_ON", "show", "terminal_is_there"]

QUIT = 0
WENT_ON = 40  # the same as in iqdebug.workflows.pytest_hold

_AGENT = "_iqdebug_inside"
_SCREEN_CODE = """
import sys
sys.path[0] = {root!r}
from iqdebug.workflows.pytest_hold import main
sys.exit(main(sys.argv[1:]))
"""
_RESET_TERMINAL = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l"
_CLOSE_TIMEOUT = 10.0  # seconds for the screen to close once the run goes on


def terminal_is_there() -> bool:
    return os.isatty(0) and os.isatty(1)


def show(
    exc: BaseException, trace: TracebackType | None, title: str, environ: Mapping[str, str], cwd: str
) -> int:
    """Show the exception and return when the person has closed the screen.

    :param environ: for the screen's process; the program may have changed its own.
    :returns: :data:`WENT_ON`, :data:`QUIT`, or another exit code: the screen failed.
    :raises OSError: the screen's process could not be started.
    """
    saved = _terminal_settings()
    tracing = sys.gettrace()
    theirs, ours = os.pipe()
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    words = [sys.executable, "-c", _SCREEN_CODE.format(root=root), str(ours), title, cwd]
    try:
        screen = subprocess.Popen(words, pass_fds=(ours,), env=dict(environ), cwd=cwd)
    except BaseException:
        os.close(theirs)
        raise
    finally:
        os.close(ours)
    try:
        with open(theirs, encoding="utf-8") as messages, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _hold((type(exc), exc, trace), messages)
        return screen.wait(_CLOSE_TIMEOUT)
    except subprocess.TimeoutExpired:
        return -1
    finally:
        _restore_terminal(screen, saved)
        _wait_for_agent()
        if tracing is not None and sys.gettrace() is None:
            sys.settrace(tracing)  # coverage's: the debugger took its place


def _hold(info: tuple[Any, Any, Any], messages: IO[str]) -> None:
    """Start the debugger and hold this thread at the exception until the debugger resumes it."""
    code = messages.readline()
    if not code:
        return
    exec(json.loads(code), {"__name__": "_iqdebug_boot"})
    if not messages.readline():
        return  # the screen could not connect, showed why, and has closed
    debugger = sys.modules["pydevd"].get_global_debugger()
    if debugger is not None:
        debugger.trigger_exception_handler(info, as_uncaught=False)


def _wait_for_agent() -> None:
    """Wait until the agent has gone: it leaves before the screen closes, or when its connection ends."""
    deadline = time.monotonic() + _CLOSE_TIMEOUT
    while _AGENT in sys.modules and time.monotonic() < deadline:
        time.sleep(0.01)


def _restore_terminal(screen: subprocess.Popen[bytes], saved: Any) -> None:
    """End the screen's process if it still runs, and restore the terminal."""
    failed = screen.poll() is None or screen.returncode not in (QUIT, WENT_ON)
    if screen.poll() is None:
        screen.kill()
        screen.wait()
    if failed:
        os.write(1, _RESET_TERMINAL.encode())
    if saved is not None:
        import termios

        termios.tcsetattr(0, termios.TCSADRAIN, saved)


def _terminal_settings() -> Any:
    try:
        import termios

        return termios.tcgetattr(0)
    except Exception:
        return None
