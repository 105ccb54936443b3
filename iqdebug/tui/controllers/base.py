"""What every part of the debugger's screen stands on: the session, what is shown, and how things
are done in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Protocol

from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.reactive import reactive

from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.paths import home_short
from iqdebug.core.session import Capability, DebugSession
from iqdebug.core.state import Breakpoint, Diagnosis, ExceptionInfo, Frame, Phase, Snapshot, Thread
from iqdebug.core.text import clean
from iqdebug.crash.folder import put
from iqdebug.tui.actions import Action
from iqdebug.tui.panes.status_bar import StatusBar
from iqdebug.tui.widgets.printable import Printable
from iqdebug.tui.widgets.variable_tree import VariableTree

__all__ = ["OVER", "STOPPED", "DebugBase", "ProjectMemory", "on_lines", "unforeseen"]

_PRINTABLE = Printable()
STOPPED = (Phase.PAUSED, Phase.CRASHED)
OVER = (Phase.DETACHED, Phase.ENDED)


class ProjectMemory(Protocol):
    """What survives a restart."""

    def load(self) -> tuple[Breakpoint, ...]: ...

    def save(self, breakpoints: Sequence[Breakpoint]) -> None: ...

    def load_history(self) -> list[str]: ...

    def save_history(self, history: Sequence[str]) -> None: ...


class DebugBase(App[int]):
    """Holds the state that the parts share. Only :class:`~iqdebug.tui.app.DebugApp` is an app."""

    snapshot: reactive[Snapshot | None] = reactive(None, always_update=True)

    def __init__(self, memory: ProjectMemory | None) -> None:
        super().__init__()
        self._memory = memory
        self.session: DebugSession | None = None
        self._attaching = "starting"
        self._failure: IqdebugError | None = None
        self._diagnosis: Diagnosis | None = None
        self._tree = VariableTree()
        self._selected: int | None = None
        self._frame_index = 0
        self._chosen = False  # the person picked this thread; live looks keep it
        self._breakpoints: tuple[Breakpoint, ...] = memory.load() if memory is not None else ()
        self._search = ""
        self._raised: ExceptionInfo | None = None  # whose traceback is shown; None: the thread's stack
        self.last_words = ""
        """To be printed once the screen is gone."""
        self.refused: UsageError | None = None
        """Why the session ended before it began: what was asked for on the command line cannot be."""
        self._project = ""
        self._working = ""  # what runs in the background, in words

    @property
    def _drawn(self) -> bool:
        """Whether the panes exist. Messages still come while the screen is taken down."""
        return bool(self.screen_stack) and bool(self.query("#status"))

    @property
    def shown(self) -> Snapshot | None:
        """The snapshot, with the traceback that the person chose in place of the stack of the
        thread that stopped."""
        snapshot, raised = self.snapshot, self._raised
        if snapshot is None or raised is None:
            return snapshot
        thread = snapshot.focused or Thread(1, "exception")
        words = f"traceback of {raised.type.rpartition('.')[2]}"
        thread = replace(thread, frames=raised.frames, frames_total=None, wait=words)
        threads = tuple(thread if t.id == thread.id else t for t in snapshot.threads) or (thread,)
        return replace(snapshot, threads=threads, focus=thread.id)

    @property
    def thread(self) -> Thread | None:
        return self.shown.thread(self._selected) if self.shown is not None else None

    @property
    def frame(self) -> Frame | None:
        thread = self.thread
        if thread is None or not 0 <= self._frame_index < len(thread.frames):
            return None
        return thread.frames[self._frame_index]

    def _show_status(self) -> None:
        if self._drawn:
            words, urgent = self._supervised_words()
            self.query_one(StatusBar).show(
                self.snapshot,
                attaching=self._attaching,
                why_not=self.why_not_action,
                background=self._working,
                supervised=words,
                urgent=urgent,
            )

    def _supervised_words(self) -> tuple[str, bool]:
        """What is said of a supervisor that waits for the process, and whether it is urgent."""
        return "", False

    def get_line_filters(self) -> Sequence[LineFilter]:
        return (*super().get_line_filters(), _PRINTABLE)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Never as markup: the words may hold some of the target's."""
        super().notify(clean(message), title=clean(title), severity=severity, timeout=timeout, markup=False)

    def notify_of(self, error: IqdebugError) -> None:
        """What happened, why, and what to do, below each other."""
        words = "\n".join(clean(line) for line in error.lines())
        super().notify(words, severity="error", markup=False)

    def why_not(self, capability: Capability) -> str:
        if self.session is None:
            return "attaching did not work (r: try again)" if self._failure else "still attaching"
        return self.session.why_not(capability)

    def why_not_action(self, action: Action) -> str:
        """ "" when the action is possible now, else the reason in words."""
        return self.why_not(action.needs) if action.needs is not None else ""

    def _refused(self, capability: Capability) -> bool:
        reason = self.why_not(capability)
        if reason:
            self.notify(f"cannot {capability.value}: {reason}", severity="warning")
        return bool(reason)

    def _do(self, work: Coroutine[Any, Any, None], *, words: str = "", group: str = "do") -> None:
        """Run work in the background; foreseeable failures become words on screen."""

        async def run() -> None:
            self._working = words
            if words:
                self._show_status()
            try:
                await work
            except IqdebugError as error:
                self.notify_of(error)
            except TimeoutError:
                self.notify("no answer from the process in time; it may be in a C call", severity="error")
            except Exception as error:  # one action that fails must not end the session
                self.notify_of(unforeseen("That", error))
            finally:
                if self._working == words and words:
                    self._working = ""
                    self._show_status()

        self.run_worker(run(), group=group)

    def _break_command(self, text: str) -> bool:
        """Carry out ``break FILE:LINE`` or ``break FUNCTION``; False where it is something else."""
        return False

    async def _keep(self, session: DebugSession) -> None:
        """
        :raises IqdebugError: the stop cannot be recorded, or the file not be written.
        """
        path = await asyncio.to_thread(put, *await session.record())
        self.last_words = f"kept as {clean(str(path))}"
        self.notify(f"kept as {home_short(str(path))}: iqdebug open latest", timeout=10)

    def _intent(
        self, capability: Capability, act: Callable[[DebugSession], Coroutine[Any, Any, None]]
    ) -> None:
        if self.session is not None and not self._refused(capability):
            self._do(act(self.session))
        elif self.session is None:
            self._refused(capability)


def on_lines(value: str, most: int = 200_000) -> Text:
    """The text with its line ends kept and everything else that could steer a terminal shown."""
    text = Text("\n".join(clean(line) for line in value[:most].split("\n")))
    if len(value) > most:
        text.append(f"\n… {len(value) - most:,} characters more", Style(dim=True))
    return text


def unforeseen(what: str, error: Exception) -> IqdebugError:
    return IqdebugError(f"{what} failed unexpectedly", f"{type(error).__name__}: {error}"[:300])
