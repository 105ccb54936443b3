"""Opens the debugger's screen on a program that it starts, and starts it again on demand.

With ``plan.terminal`` the program has this terminal, and the screen is there only while it stands
still.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import termios
from collections.abc import Callable, Iterator, Sequence

from iqdebug.assistant.session import DebuggeeContext
from iqdebug.core.errors import IqdebugError
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.output import say
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Breakpoint, LogRecord, Phase, Snapshot
from iqdebug.core.store import ProjectStore
from iqdebug.dap.launch import LaunchPlan, launch
from iqdebug.dap.launched_session import LaunchedSession, LaunchOptions
from iqdebug.dap.program import ended_words, shell_code
from iqdebug.diagnosis.shared_diagnosis import SharedDiagnosis
from iqdebug.tui.app import DebugApp
from iqdebug.workflows.assemble import companion_for
from iqdebug.workflows.diagnosis_inputs import live_diagnosis
from iqdebug.workflows.headless import outside_view

__all__ = ["Host", "launched_app", "run_program"]

_FILTERS: dict[str, tuple[str, ...]] = {"uncaught": (), "raised": ("raised",), "user": ("userUnhandled",)}
SIZE_TIMEOUT = 0.5  # seconds that the start waits for the pane to know its size


def run_program(plan: LaunchPlan, on_exception: str, pause: bool, model: str | None = None) -> int:
    """Run the program under the screen until the person leaves.

    :returns: the program's exit code, as a shell gives it, if it has ended while we watched; 0 if
        it runs on, or was ended because the person left.
    """
    host = Host(plan, on_exception, pause)
    host.model = model
    if plan.terminal:
        return asyncio.run(_on_this_terminal(host))
    app = launched_app(host)
    failed = int(app.run() or 0)
    if app.last_words:
        say(app.last_words)
    return failed or shell_code(host.exit_code)


def launched_app(host: Host) -> DebugApp:
    diagnose = SharedDiagnosis(lambda now, earlier: live_diagnosis(now, earlier, host.sources.read))

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> DebugSession:
        return await host.start(on_progress)

    return DebugApp(
        connect,
        title=host.plan.command,
        first=None,
        diagnose=diagnose,
        read_source=host.sources.read,
        breakpoint_store=host.store,
        program=host,
        companion=companion_for(
            host.model,
            DebuggeeContext(project=host.plan.cwd, read_source=host.sources.read, diagnose=diagnose),
        ),
        project=host.plan.cwd,
        in_memory=host.sources.in_memory,
    )


class Host:
    """The program with its restarts; see :class:`iqdebug.tui.controllers.program.ProgramHost`."""

    def __init__(self, plan: LaunchPlan, on_exception: str, pause: bool) -> None:
        self.plan = plan
        self.model: str | None = None
        self.store = ProjectStore(plan.cwd)
        self.sources = MemorySources()
        self.goes_on = self.again = False
        self.ended_by_us = False
        self.session: LaunchedSession | None = None
        self._on_exception = on_exception
        self._pause = pause
        self._hear: Callable[[bytes], None] = lambda data: None
        self._size = (80, 24)
        self._sized = asyncio.Event()

    async def start(self, progress: Callable[[str], None] = lambda words: None) -> LaunchedSession:
        """A fresh process of the plan; the one that stands here already if it has not ended.

        :raises UsageError: it could not be started.
        """
        if self.session is not None and self.running:
            return self.session
        if not self.lent:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._sized.wait(), SIZE_TIMEOUT)
        self.ended_by_us = False
        pid: list[int] = []

        async def outside() -> Snapshot | None:
            return await outside_view(pid[0])() if pid else None

        options = LaunchOptions(
            pause=self._pause,
            hold=self._on_exception != "never",
            exceptions=_FILTERS.get(self._on_exception, ()),  # type: ignore[arg-type]
            breakpoints=self.store.load(),
            outside=outside,
            sources=self.sources,
        )
        self.session = await launch(self.plan, options, progress, self._written, self._size)
        pid.append(self.session.program.pid)
        return self.session

    def _written(self, data: bytes) -> None:
        self._hear(data)

    # iqdebug.tui.controllers.program.ProgramHost

    @property
    def lent(self) -> bool:
        return self.plan.terminal

    @property
    def log(self) -> str:
        return str(self.session.program.log) if self.session is not None else ""

    @property
    def running(self) -> bool:
        return self.session is not None and self.session.program.exit_code is None

    @property
    def exit_code(self) -> int | None:
        """Of a program that ended by itself."""
        return None if self.session is None or self.ended_by_us else self.session.program.exit_code

    def hear(self, listener: Callable[[bytes], None]) -> None:
        self._hear = listener

    def write(self, data: bytes) -> None:
        if self.session is not None:
            self.session.program.write(data)

    def resize(self, columns: int, lines: int) -> None:
        self._size = (columns, lines)
        self._sized.set()
        if self.session is not None:
            self.session.program.resize(columns, lines)

    async def end(self) -> None:
        if self.session is not None and self.running:
            self.ended_by_us = True
            await self.session.program.end()

    def go_on(self) -> None:
        self.goes_on = True

    def start_again(self) -> None:
        self.again = True


# the program has this terminal


class _StopWaiter:
    """Lets a coroutine wait until a session's program stands still."""

    def __init__(self, session: LaunchedSession) -> None:
        self.session = session
        self._changed = asyncio.Event()
        session.subscribe(self)

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        self._changed.set()

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        pass

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        pass

    async def still(self) -> Snapshot:
        """Once the program stands still, has ended, or is out of our hands."""
        while True:
            snapshot = self.session.snapshot
            if snapshot.phase not in (Phase.RUNNING, Phase.CONNECTING):
                return snapshot
            self._changed.clear()
            await self._changed.wait()


async def _on_this_terminal(host: Host) -> int:
    restore_terminal = _terminal_settings()
    with _keyboard_signals_ignored():
        session = await host.start()
        try:
            while True:
                stop = await _StopWaiter(session).still()
                if stop.phase is Phase.DETACHED:  # it has become another program
                    return shell_code(await session.program.exited)
                if stop.phase is Phase.ENDED:
                    break
                app = launched_app(host)
                left = await app.run_async()
                if app.last_words:
                    say(app.last_words)
                if left is not None:
                    return shell_code(host.exit_code)
                if host.goes_on:
                    host.goes_on = False
                    with contextlib.suppress(IqdebugError):
                        await session.resume()
                if host.again:
                    host.again = False
                    restore_terminal()
                    session = await host.start()
        finally:
            await session.detach()
            if not host.running:
                restore_terminal()
    code = session.program.exit_code
    if code is not None and code < 0:
        say(f"iqdebug: {ended_words(code)}")
    return shell_code(code)


def _terminal_settings() -> Callable[[], None]:
    """Puts the terminal's settings back as they are now: a program that is ended while it draws leaves
    its own behind."""
    settings = termios.tcgetattr(0)

    def put_back() -> None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, settings)

    return put_back


@contextlib.contextmanager
def _keyboard_signals_ignored() -> Iterator[None]:
    """Ctrl-C and Ctrl-\\ are for the program. A handler, since what is ignored would be inherited."""
    numbers = (signal.SIGINT, signal.SIGQUIT)
    saved = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)
