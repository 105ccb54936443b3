"""Opens the debugger's screen on a live process: peek at once, attach behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from iqdebug.errors import IqdebugError
from iqdebug.headless import outside_view
from iqdebug.inquiry import live_diagnosis
from iqdebug.output import say
from iqdebug.session import DebugSession
from iqdebug.source import read_lines
from iqdebug.state import ProcessInfo, Snapshot
from iqdebug.store import ProjectStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from iqdebug.llm.session_file import Kept

__all__ = ["open_debugger"]

_FILTERS = {
    "uncaught": ("uncaught",),
    "raised": ("raised",),
    "user": ("userUnhandled", "uncaught"),
    "never": (),
}
_PEEK_INTERVAL = 1.0


def open_debugger(
    info: ProcessInfo, on_exception: str, pause: bool, model: str | None = None, kept: Kept | None = None
) -> int:
    """Run the screen until the person leaves; the target then runs on without us.

    :param model: the model's setting; None for what is configured.
    :param kept: the conversation that goes on.
    :returns: the exit code.
    """
    from iqdebug.assistant.desk import Known
    from iqdebug.companion import companion_for
    from iqdebug.peek.look import peek
    from iqdebug.tui.app import DebugApp

    store = ProjectStore(info.cwd or str(info.pid))

    async def refresh_peek() -> Snapshot:
        return await asyncio.to_thread(peek, info.pid)

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> DebugSession:
        from iqdebug.dap.attach import AttachOptions, attach

        options = AttachOptions(
            pause=pause,
            exceptions=_FILTERS[on_exception],  # type: ignore[arg-type]
            breakpoints=store.load(),
            outside=outside_view(info.pid),
        )
        keep_looking = asyncio.create_task(_keep_looking(refresh_peek, on_snapshot))
        try:
            return await attach(info, options, on_progress)
        finally:
            keep_looking.cancel()

    app = DebugApp(
        connect,
        title=f"{info.pid} {info.command}",
        first=peek(info.pid),
        diagnose=live_diagnosis,
        read_source=read_lines,
        refresh_peek=refresh_peek,
        breakpoint_store=store,
        companion=companion_for(model, Known(project=info.cwd), kept),
    )
    result = app.run()
    if app.last_words:
        say(app.last_words)
    return int(result or 0)


async def _keep_looking(
    look: Callable[[], Awaitable[Snapshot]], on_snapshot: Callable[[Snapshot], None]
) -> None:
    """Fresh peeks while attaching takes its time."""
    while True:
        await asyncio.sleep(_PEEK_INTERVAL)
        with contextlib.suppress(IqdebugError):
            on_snapshot(await look())
