"""Opens the debugger's screen on a live process: peek at once, attach behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from iqdebug.assistant.session import DebuggeeContext
from iqdebug.core.errors import IqdebugError
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.output import say
from iqdebug.core.session import DebugSession
from iqdebug.core.state import ProcessInfo, Snapshot
from iqdebug.core.store import ProjectStore
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.diagnosis.named_places import Asked, resolve
from iqdebug.diagnosis.shared_diagnosis import SharedDiagnosis
from iqdebug.llm.window.saved_conversation import SavedConversation
from iqdebug.peek.first_look import peek
from iqdebug.tui.app import DebugApp
from iqdebug.workflows.assemble import companion_for
from iqdebug.workflows.diagnosis_inputs import live_diagnosis
from iqdebug.workflows.headless import outside_view

__all__ = ["open_debugger"]

_FILTERS = {
    "uncaught": ("uncaught",),
    "raised": ("raised",),
    "user": ("userUnhandled", "uncaught"),
    "never": (),
}
PEEK_INTERVAL = 1.0  # seconds


def open_debugger(
    info: ProcessInfo,
    on_exception: str,
    pause: bool,
    model: str | None = None,
    kept: SavedConversation | None = None,
    *,
    asked: Sequence[Asked] = (),
    no_hold: bool = False,
) -> int:
    """Run the screen until the person leaves; the target then runs on without us.

    :param model: the model's setting; None for what is configured.
    :param kept: the conversation that goes on.
    :param asked: further breakpoints.
    :param no_hold: each stop is recorded, and the process goes on at once.
    :returns: the exit code.
    :raises UsageError: a breakpoint that was asked for cannot be; the process has been left again.
    """
    store = ProjectStore(info.cwd or str(info.pid))
    sources = MemorySources()
    wanted = list(asked)  # until they are set; attaching again finds them in the store

    async def refresh_peek() -> Snapshot:
        return await asyncio.to_thread(peek, info.pid)

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> DebugSession:
        options = AttachOptions(
            pause=pause,
            exceptions=_FILTERS[on_exception],  # type: ignore[arg-type]
            breakpoints=store.load(),
            outside=outside_view(info.pid),
            sources=sources,
        )
        keep_looking = asyncio.create_task(_keep_looking(refresh_peek, on_snapshot))
        try:
            session = await attach(info, options, on_progress)
            await _set_asked(session, wanted, info.cwd, sources)
            return session
        finally:
            keep_looking.cancel()

    diagnose = SharedDiagnosis(lambda now, earlier: live_diagnosis(now, earlier, sources.read))
    app = DebugApp(
        connect,
        title=f"{info.pid} {info.command}",
        first=peek(info.pid),
        diagnose=diagnose,
        read_source=sources.read,
        refresh_peek=refresh_peek,
        breakpoint_store=store,
        companion=companion_for(
            model, DebuggeeContext(project=info.cwd, read_source=sources.read, diagnose=diagnose), kept
        ),
        project=info.cwd,
        in_memory=sources.in_memory,
        no_hold=no_hold,
    )
    result = app.run()
    if app.refused is not None:
        raise app.refused
    if app.last_words:
        say(app.last_words)
    return int(result or 0)


async def _keep_looking(
    look: Callable[[], Awaitable[Snapshot]], on_snapshot: Callable[[Snapshot], None]
) -> None:
    """Fresh peeks while attaching takes its time."""
    while True:
        await asyncio.sleep(PEEK_INTERVAL)
        with contextlib.suppress(IqdebugError):
            on_snapshot(await look())


async def _set_asked(session: DebugSession, wanted: list[Asked], root: str, sources: MemorySources) -> None:
    """
    :raises UsageError: one of them cannot be; the session is over.
    """
    if not wanted:
        return
    try:
        found = [await resolve(each, root, session.finder, sources.read) for each in wanted]
        here = {(b.path, b.line) for b in session.breakpoints}
        fresh = {(b.path, b.line): b for b in found if (b.path, b.line) not in here}
        await session.set_breakpoints([*session.breakpoints, *fresh.values()])
        wanted.clear()
    except BaseException:
        await session.detach()
        raise
