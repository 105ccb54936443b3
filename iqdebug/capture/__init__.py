"""Crash files, written by the program that crashes. Standard library only, Python 3.8 and later.

::

    import iqdebug.capture
    iqdebug.capture.install()            # from here on every crash of this process is a file

``python -m iqdebug.capture script.py`` does the same for a script as it is, and with
``IQDEBUG_CAPTURE=<dir>`` in the environment importing this module is enough. Files go to that
folder, else to ``~/.local/state/iqdebug/crashes`` (``XDG_STATE_HOME`` is respected).

Nothing is printed, nothing is raised, the exit code stays; hooks that are already installed are
called afterwards. Without a failure nothing runs but the import, and a copy of each log record and
printed line into a short ring.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from .hooks import Recorder

__all__ = ["capture", "install", "snapshot", "uninstall"]

_HOLDER = "_iqdebug_recorder"  # in sys.modules: one recorder a process, whichever copy installs it


def install(
    directory: str = "",
    *,
    mask: bool = True,
    max_bytes: int = 8_000_000,
    seconds: float = 2.0,
    native: bool = True,
    logs: bool = True,
    output: bool = True,
    reprs: bool = False,
) -> None:
    """Record what this process does not catch: in the main thread, in threads, in ``__del__`` and
    other unraisable places, in asyncio tasks, and native crashes. Called again, it changes the
    settings.

    :param directory: where the files go; "" for ``$IQDEBUG_CAPTURE`` or the default folder.
    :param mask: whether secrets are masked (docs/masking.md).
    :param max_bytes: size of one file at most.
    :param seconds: time for one capture, about.
    :param native: whether faulthandler writes to a file of ours; it never does where the program
        has enabled it itself.
    :param reprs: whether objects are asked for their own ``repr``, in bounded time. It runs code of
        the program's, which may print or fetch; without it values are read from outside.
    :param logs: whether the last log records are kept; ``output``: the last printed lines.
    """
    import sys

    from .hooks import Recorder
    from .recent import Recent
    from .settings import Settings

    settings = Settings(directory, mask, max_bytes, seconds, reprs)
    present = _recorder()
    if present is not None:
        present.settings = settings
        return
    holder: Any = type(sys)(_HOLDER)
    holder.recorder = recorder = Recorder(settings, Recent(logs, output) if logs or output else None)
    sys.modules[_HOLDER] = holder
    recorder.start()
    if native:
        from . import native as native_module

        holder.stop_native = native_module.start(settings)


def uninstall() -> None:
    """Put everything back. Does nothing when nothing is installed."""
    import sys

    holder: Any = sys.modules.pop(_HOLDER, None)
    if holder is not None:
        holder.recorder.stop()
        stop = getattr(holder, "stop_native", None)
        if stop is not None:
            stop()


def _recorder() -> Optional[Recorder]:
    import sys

    found: Optional[Recorder] = getattr(sys.modules.get(_HOLDER), "recorder", None)
    return found


def snapshot(path: str = "", *, how: str = "", mask: bool = True) -> str:
    """Write what all threads and tasks are doing now; returns the file's path.

    :raises OSError: it could not be written.
    """
    import sys

    from .record import Occasion, record
    from .settings import Settings

    present = _recorder()
    settings = present.settings if present is not None else Settings(mask=mask)
    occasion = Occasion("snapshot", how=how, callers=sys._getframe(1))
    return record(occasion, settings, present.logs if present is not None else None, path)


def capture(exc: Optional[BaseException] = None, *, how: str = "", path: str = "") -> str:
    """Write a file about an exception that was caught (by default the one being handled); returns its
    path, "" when there is none to write about or it could not be written. Never raises.

    Exceptions that are alike (the same types, raised on the same way through the same lines) leave one file,
    in which they are counted; with a ``path`` each is written. Where an event loop runs, the first holds it
    up for some hundredths of a second; a thread writes the file, which appears a little later.
    """
    import sys

    try:
        from .manual_capture import captured
        from .record import Occasion, record
        from .settings import Settings

        exc = exc if exc is not None else sys.exc_info()[1]
        if exc is None:
            return ""
        present = _recorder()
        settings = present.settings if present is not None else Settings()
        logs = present.logs if present is not None else None
        if not path:
            return captured(exc, how, settings, logs)
        occasion = Occasion("caught", exc, BaseException.__dict__["__traceback__"].__get__(exc), how=how)
        return record(occasion, settings, logs, path)
    except Exception:
        return ""


def _by_environment() -> None:
    import os

    # Other copies of this package are loaded into programs under names of their own.
    if __name__ == "iqdebug.capture" and os.environ.get("IQDEBUG_CAPTURE"):
        try:
            install()
        except Exception:
            pass  # a program must not fail for the want of a crash file


_by_environment()
