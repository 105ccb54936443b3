"""Crash files, written by the program that crashes. Standard library only, Python 3.8 and later.

::

    import iqdebug.capture
    iqdebug.capture.install()            # from here on every crash of this process is a file

``python -m iqdebug.capture script.py`` does the same for an unchanged script, and with
``IQDEBUG_CAPTURE=<dir>`` in the environment importing this module is enough. Files go to that
folder, else to ``~/.local/state/iqdebug/crashes`` (``XDG_STATE_HOME`` is respected).

Prints nothing, raises nothing, and keeps the exit code; hooks that were installed before are called
afterwards. While nothing fails, the only cost is the import and a copy of each log record and printed
line in a short ring buffer.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from .hooks import Recorder

__all__ = ["capture", "install", "snapshot", "uninstall"]

_HOLDER = "_iqdebug_recorder"
"""The name in ``sys.modules`` of this process's recorder, whichever copy of this package installs it."""


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
    """Record uncaught exceptions of this process: in the main thread, in threads, in ``__del__`` and
    other unraisable places, and in asyncio tasks; and native crashes. Call it again to change the settings.

    :param directory: where the files go; "" for ``$IQDEBUG_CAPTURE`` or the default folder.
    :param mask: whether secrets are masked (docs/masking.md).
    :param max_bytes: maximum size of one file.
    :param seconds: approximate time for one capture.
    :param native: whether faulthandler writes to a file of ours; never if the program has enabled
        faulthandler itself.
    :param reprs: whether to call the objects' own ``repr``, in bounded time. That is code of the program's,
        which may print or fetch; without it values are read from outside.
    :param logs: whether the last log records are kept; ``output``: the last printed lines.
    """
    import sys

    from .hooks import Recorder
    from .recent import Recent
    from .settings import Settings

    settings = Settings(directory, mask, max_bytes, seconds, reprs)
    present = _installed_recorder()
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
    """Remove the hooks. Does nothing if none are installed."""
    import sys

    holder: Any = sys.modules.pop(_HOLDER, None)
    if holder is not None:
        holder.recorder.stop()
        stop = getattr(holder, "stop_native", None)
        if stop is not None:
            stop()


def _installed_recorder() -> Optional[Recorder]:
    import sys

    recorder: Optional[Recorder] = getattr(sys.modules.get(_HOLDER), "recorder", None)
    return recorder


def snapshot(path: str = "", *, how: str = "", mask: bool = True) -> str:
    """Write what all threads and tasks are doing now; returns the file's path.

    :raises OSError: it could not be written.
    """
    import sys

    from .record import Occasion, record
    from .settings import Settings

    present = _installed_recorder()
    settings = present.settings if present is not None else Settings(mask=mask)
    occasion = Occasion("snapshot", how=how, callers=sys._getframe(1))
    return record(occasion, settings, present.logs if present is not None else None, path)


def capture(exc: Optional[BaseException] = None, *, how: str = "", path: str = "") -> str:
    """Write a file about a caught exception (by default the one being handled); returns its path, or ""
    if there is no exception or the file could not be written. Never raises.

    Similar exceptions (the same types, raised along the same lines) share one file, in which they are
    counted; with a ``path`` each gets its own. In a thread that runs an event loop, the first one blocks the
    loop for some hundredths of a second; a thread writes the file, which appears a little later.
    """
    import sys

    try:
        from .manual_capture import captured
        from .record import Occasion, record
        from .settings import Settings

        exc = exc if exc is not None else sys.exc_info()[1]
        if exc is None:
            return ""
        present = _installed_recorder()
        settings = present.settings if present is not None else Settings()
        logs = present.logs if present is not None else None
        if not path:
            return captured(exc, how, settings, logs)
        occasion = Occasion("caught", exc, BaseException.__dict__["__traceback__"].__get__(exc), how=how)
        return record(occasion, settings, logs, path)
    except Exception:
        return ""


def _install_if_requested() -> None:
    import os

    # Copies of this package are loaded into programs under other names.
    if __name__ == "iqdebug.capture" and os.environ.get("IQDEBUG_CAPTURE"):
        try:
            install()
        except Exception:
            pass  # a program must not fail because it cannot be recorded


_install_if_requested()
