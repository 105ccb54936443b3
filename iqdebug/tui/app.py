"""The debugger's screen: one snapshot in, intents out.

The app paints the first peek at once and attaches behind it. Session callbacks and workers post
messages; :meth:`DebugApp.on_snapshot_arrived` is the only place that changes what is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol

from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.notifications import SeverityLevel
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Static

from iqdebug.errors import IqdebugError
from iqdebug.session import Capability, DebugSession, StepKind
from iqdebug.state import (
    Breakpoint,
    Diagnosis,
    EvaluateResult,
    Frame,
    LogRecord,
    Origin,
    Phase,
    Snapshot,
    Suspect,
    Thread,
)
from iqdebug.text import clean
from iqdebug.tui import messages
from iqdebug.tui.arrangement import Arrangement
from iqdebug.tui.breakpoints_pane import BreakpointsPane
from iqdebug.tui.console_pane import ConsolePane
from iqdebug.tui.dialogs import BreakpointScreen, LineScreen, TextScreen
from iqdebug.tui.insight import InsightCard, SuspectsScreen
from iqdebug.tui.keys import ACTIONS
from iqdebug.tui.log_pane import LogPane
from iqdebug.tui.rows import RowsView
from iqdebug.tui.source_pane import SourcePane
from iqdebug.tui.stack_pane import StackPane, first_user_frame
from iqdebug.tui.status import StatusBar
from iqdebug.tui.variable_tree import PAGE, Node, VariableTree
from iqdebug.tui.variables_pane import VariablesPane

__all__ = ["Connect", "DebugApp", "ProjectMemory"]

_STOPPED = (Phase.PAUSED, Phase.CRASHED)
_OVER = (Phase.DETACHED, Phase.ENDED)
_LOOK_EVERY = 1.0
_GRACE = 7.0  # seconds; detaching takes five at most

Connect = Callable[[Callable[[Snapshot], None], Callable[[str], None]], Awaitable[DebugSession]]


class ProjectMemory(Protocol):
    """What survives a restart."""

    def load(self) -> tuple[Breakpoint, ...]: ...

    def save(self, breakpoints: Sequence[Breakpoint]) -> None: ...

    def load_history(self) -> list[str]: ...

    def save_history(self, history: Sequence[str]) -> None: ...


class DebugApp(App[int]):
    """:param connect: attaches; is given what to tell of fresher peeks and of progress in words.
    :param first: what is painted before anything else.
    :param diagnose: (snapshot, earlier one) → diagnosis; run in a worker.
    :param refresh_peek: a look from outside, for when attaching is not possible.
    """

    CSS_PATH = "app.tcss"
    TITLE = "iqdebug"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(action.keys, action.name, action.words, show=False) for action in ACTIONS
    ]

    _arrangement: Arrangement | None = None

    snapshot: reactive[Snapshot | None] = reactive(None, always_update=True)

    def __init__(
        self,
        connect: Connect,
        *,
        title: str,
        first: Snapshot | None,
        diagnose: Callable[[Snapshot, Snapshot | None], Diagnosis],
        read_source: Callable[[str], Sequence[str]],
        refresh_peek: Callable[[], Awaitable[Snapshot]] | None = None,
        breakpoint_store: ProjectMemory | None = None,
    ) -> None:
        super().__init__()
        self.title = f"iqdebug {clean(title)}"
        self._connect = connect
        self._first = first
        self._diagnose = diagnose
        self._read_source = read_source
        self._refresh_peek = refresh_peek
        self._memory = breakpoint_store
        self.session: DebugSession | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._attaching = "starting"
        self._failure: IqdebugError | None = None
        self._earlier: Snapshot | None = None
        self._diagnosis: Diagnosis | None = None
        self._tree = VariableTree()
        self._selected: int | None = None
        self._frame_index = 0
        self._chosen = False  # the person picked this thread; live looks keep it
        self._breakpoints: tuple[Breakpoint, ...] = breakpoint_store.load() if breakpoint_store else ()
        self._search = ""
        self._leaving = False
        self._looking = False
        self._working = ""

    def compose(self) -> ComposeResult:
        history = self._memory.load_history() if self._memory else []
        yield Static(id="banner")
        yield InsightCard(id="card")
        with Horizontal(id="main"):
            yield SourcePane(self._read_source, id="source")
            with Vertical(id="side"):
                yield StackPane(id="stack")
                yield VariablesPane(self._tree, id="side-variables")
        with Vertical(id="bottom"):
            yield Static(id="tabs")
            for pane in (
                VariablesPane(self._tree, id="variables"),
                LogPane(id="output"),
                ConsolePane(history, id="console"),
                BreakpointsPane(id="breakpoints"),
            ):
                pane.add_class("pane")
                yield pane
        yield StatusBar(id="status")
        yield Static(
            "the terminal is too small for iqdebug: 60 columns and 15 lines are enough", id="too-small"
        )

    def on_mount(self) -> None:
        self._arrangement = Arrangement(self.screen)
        self._fit(self.size.width, self.size.height)
        self.query_one(SourcePane).focus()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(number, self._end)
        self.query_one(BreakpointsPane).show(self._breakpoints)
        if self._first is not None:
            self.post_message(messages.SnapshotArrived(self._first))
        self.run_worker(self._open_session(), group="attach", exclusive=True)
        self.set_interval(_LOOK_EVERY, self._every_second)

    # attaching and leaving

    async def _open_session(self) -> None:
        self._failure = None
        self._attaching = "looking at the process"
        self.query_one("#banner").display = False
        self._show_status()
        try:
            session = await self._connect(self._peeked, self._progressed)
        except Exception as error:  # whatever it was, the look from outside goes on
            self._attaching = ""
            self._failure = error if isinstance(error, IqdebugError) else _unforeseen("Attaching", error)
            self._show_banner(self._failure)
            self._show_status()
            return
        self._attaching = ""
        if self._leaving:
            await session.detach()
            return
        self.session = session
        self._unsubscribe = session.subscribe(self)
        self.breakpoints_changed(session.breakpoints)
        self.post_message(messages.SnapshotArrived(session.snapshot, anew=True))

    def _peeked(self, snapshot: Snapshot) -> None:
        if self.session is None:
            self.post_message(messages.SnapshotArrived(snapshot))

    def _progressed(self, words: str) -> None:
        self._attaching = words
        self._show_status()

    def _show_banner(self, error: IqdebugError) -> None:
        banner = self.query_one("#banner", Static)
        keys = "r: try again   q: leave   the view below is a look from outside"
        banner.update(Text("\n".join(clean(line) for line in (*error.lines(), keys))))
        banner.display = True

    async def action_leave(self) -> None:
        """Detach in sight of the person, then end."""
        if self._leaving:
            return
        self._leaving = True
        self._attaching = "detaching…"
        self._show_status()
        self.run_worker(self._leave(), group="leave", exclusive=True)

    def _end(self) -> None:
        """SIGTERM, or the terminal has gone: give the target back, then end whatever happens. A
        screen that can no longer be drawn must not keep the process alive."""
        if self._leaving:
            return
        self._leaving = True
        self._last_resort = threading.Timer(_GRACE, os._exit, (1,))
        self._last_resort.daemon = True
        self._last_resort.start()
        self.run_worker(self._leave(), group="leave", exclusive=True)

    async def action_quit(self) -> None:
        await self.action_leave()

    async def _leave(self) -> None:
        """Ends with the failure's exit code when attaching never worked."""
        code = self._failure.exit_code if self.session is None and self._failure is not None else 0
        await self._release()
        self.exit(code)

    async def _release(self) -> None:
        if self._memory is not None:
            self._memory.save_history(self.query_one(ConsolePane).history)
        self.workers.cancel_group(self, "attach")
        self._unsubscribe()
        session, self.session = self.session, None
        if session is not None:
            with contextlib.suppress(IqdebugError):
                await session.detach()

    async def on_unmount(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            with contextlib.suppress(IqdebugError):
                await asyncio.shield(session.detach())

    # what the session tells (iqdebug.session.Listener)

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        self.post_message(messages.SnapshotArrived(snapshot))

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        self.post_message(messages.LogsArrived(records, dropped))

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        self.post_message(messages.BreakpointsArrived(breakpoints))

    @property
    def _drawn(self) -> bool:
        """Whether the panes exist. Messages still come while the screen is taken down."""
        return bool(self.screen_stack) and bool(self.query("#status"))

    # the one handler that changes what is shown

    def on_snapshot_arrived(self, message: messages.SnapshotArrived) -> None:
        if not self._drawn:
            return
        snapshot, before = message.snapshot, self.snapshot
        if message.anew:
            self._tree.begin(-1, None)
            before = None
        elif before is not None and self.session is not None and _older(snapshot, before):
            return
        stopped_anew = snapshot.phase in _STOPPED and (before is None or snapshot.epoch != before.epoch)
        if stopped_anew or snapshot.thread(self._selected) is None or not (self._chosen or _kept(snapshot)):
            focused = snapshot.focused
            self._selected = focused.id if focused is not None else None
            self._frame_index = first_user_frame(focused) if focused is not None else 0
            self._chosen = False
        self.snapshot = snapshot

    def watch_snapshot(self, before: Snapshot | None, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        self._show_selection()
        self._show_status()
        if snapshot.threads and snapshot.phase not in _OVER:
            earlier = before if before is not None and before.epoch == snapshot.epoch else None
            self.run_worker(
                lambda: self._diagnose_in_worker(snapshot, earlier),
                thread=True,
                group="diagnose",
                exclusive=True,
            )

    def _diagnose_in_worker(self, snapshot: Snapshot, earlier: Snapshot | None) -> None:
        try:
            diagnosis = self._diagnose(snapshot, earlier)
        except Exception as error:  # a ranking that fails must not end the session
            words = "; ".join(_unforeseen("The ranking of suspects", error).lines())
            diagnosis = Diagnosis(words, "no clear suspect")
        self.post_message(messages.DiagnosisArrived(diagnosis, snapshot.epoch))

    def on_diagnosis_arrived(self, message: messages.DiagnosisArrived) -> None:
        if self._drawn and self.snapshot is not None and message.epoch == self.snapshot.epoch:
            self._diagnosis = message.diagnosis
            self._show_card()

    def _show_card(self) -> None:
        self.query_one(InsightCard).show(self._diagnosis, short=self.size.height < 30)

    def on_logs_arrived(self, message: messages.LogsArrived) -> None:
        if self._drawn:
            self.query_one(LogPane).add(message.records, message.dropped)

    def on_breakpoints_arrived(self, message: messages.BreakpointsArrived) -> None:
        if not self._drawn:
            return
        self._breakpoints = tuple(message.breakpoints)
        self.query_one(BreakpointsPane).show(self._breakpoints)
        self.query_one(SourcePane).set_breakpoints(self._breakpoints)
        if self._memory is not None:
            self._memory.save(self._breakpoints)

    # selection

    @property
    def thread(self) -> Thread | None:
        return self.snapshot.thread(self._selected) if self.snapshot is not None else None

    @property
    def frame(self) -> Frame | None:
        thread = self.thread
        if thread is None or not 0 <= self._frame_index < len(thread.frames):
            return None
        return thread.frames[self._frame_index]

    def on_frame_wanted(self, message: messages.FrameWanted) -> None:
        self._select(message.thread_id, message.index)

    def on_line_wanted(self, message: messages.LineWanted) -> None:
        self.query_one(SourcePane).show(message.path, message.line, current=False)

    def _select(self, thread_id: int | None, index: int) -> None:
        self._selected, self._frame_index, self._chosen = thread_id, index, True
        self._shown_place, self._picked = None, True
        self._show_selection()

    def _show_selection(self) -> None:
        snapshot, frame = self.snapshot, self.frame
        if snapshot is None:
            return
        self.query_one(StackPane).show(snapshot, self._selected, self._frame_index)
        source = self.query_one(SourcePane)
        if frame is not None and frame.path:
            if snapshot.phase is Phase.RUNNING and source.wandered and not self._picked:
                source.mark_current(frame.path, frame.line)
            elif not self._same_place(frame):
                source.show(frame.path, frame.line)
            self._picked = False
        else:
            source.clear(self._nothing_words(snapshot))
        self._shown_place = (snapshot.epoch, frame.path, frame.line) if frame is not None else None
        self._begin_variables(snapshot, frame)

    _shown_place: tuple[int, str, int] | None = None
    _picked = False  # the person has just chosen this frame, so the source goes there

    def _same_place(self, frame: Frame) -> bool:
        """A live look that finds the frame where it was must not move the person's cursor."""
        snapshot = self.snapshot
        return snapshot is not None and self._shown_place == (snapshot.epoch, frame.path, frame.line)

    @staticmethod
    def _nothing_words(snapshot: Snapshot) -> str:
        if snapshot.phase is Phase.ENDED:
            return "the process has ended"
        return "reading the stack…" if not snapshot.threads else "this thread runs no Python code"

    # variables

    def _begin_variables(self, snapshot: Snapshot, frame: Frame | None) -> None:
        stopped = snapshot.phase in _STOPPED
        if stopped and self._tree.epoch == snapshot.epoch and _same(self._tree.frame, frame):
            return
        self._tree.begin(snapshot.epoch, frame, stopped=stopped)
        if frame is None:
            self._show_variables("no frame selected")
        elif snapshot.phase in _STOPPED and self.session is not None:
            self._show_variables("reading…")
            self._read_variables(snapshot.epoch, frame, None, 0)
        elif frame.locals is not None:
            self._tree.fill((), 0, frame.locals)
            self._show_variables("no local variables")
        else:
            self._show_variables("variables are shown when the process is paused")

    def _show_variables(self, words: str = "") -> None:
        for pane in self.query(VariablesPane):
            pane.rebuild(words)

    def _read_variables(self, epoch: int, frame: Frame, node: Node | None, start: int) -> None:
        session = self.session
        if session is None:
            return

        async def read() -> None:
            if node is None:
                rows = await session.variables(frame, epoch)
            else:
                rows = await session.children(node.variable.reference, epoch, start, PAGE)
            parent = node.path if node is not None else ()
            self.post_message(messages.VariablesArrived(epoch, frame, parent, start, rows))

        self._do(read(), group="variables")

    def on_variables_arrived(self, message: messages.VariablesArrived) -> None:
        if not self._drawn or message.epoch != self._tree.epoch or not _same(message.frame, self._tree.frame):
            return
        for node in self._tree.fill(message.parent, message.start, message.rows):
            self._read_variables(message.epoch, message.frame, node, 0)
        self._show_variables("no local variables")

    def on_variables_pane_expand(self, message: VariablesPane.Expand) -> None:
        if self._tree.frame is not None:
            self._read_variables(self._tree.epoch, self._tree.frame, message.node, message.start)

    def on_variables_pane_toggled(self) -> None:
        self._show_variables()

    def on_variables_pane_full_wanted(self, message: VariablesPane.FullWanted) -> None:
        session, frame, variable = self.session, self._tree.frame, message.node.variable
        epoch = self._tree.epoch
        title = f"{variable.name}: {variable.type}"
        if session is None or self.snapshot is None or self.snapshot.phase not in _STOPPED:
            self.push_screen(TextScreen(clean(title), _on_lines(variable.value)))
            return
        asked: int | str = variable.reference or variable.evaluate_name or ""
        if not asked:
            self.push_screen(TextScreen(clean(title), _on_lines(variable.value)))
            return

        async def read() -> None:
            value = await session.full_value(asked, frame, epoch)
            if session.snapshot.epoch == epoch:
                self.push_screen(TextScreen(clean(title), _on_lines(value)))

        self._do(read(), words=f"reading {variable.name}")

    def on_variables_pane_assign_wanted(self, message: VariablesPane.AssignWanted) -> None:
        session, frame, epoch = self.session, self._tree.frame, self._tree.epoch
        name = message.node.variable.evaluate_name
        if session is None or frame is None or self._refused(Capability.SET_VARIABLE):
            return
        if not name:
            self.notify("this value has no expression to assign to", severity="warning")
            return

        async def assign(expression: str) -> None:
            result = await session.set_variable(name, expression, frame, epoch)
            if result.failed:
                self.notify(result.value[:500], title="not set", severity="error")
            self._tree.begin(epoch, frame)
            self._read_variables(epoch, frame, None, 0)

        def answered(expression: str | None) -> None:
            if expression:
                self._do(assign(expression), words=f"setting {name}")

        self.push_screen(
            LineScreen(f"New value of {clean(name)} (an expression)", clean(message.node.variable.value)),
            answered,
        )

    # console

    def on_console_pane_entered(self, message: ConsolePane.Entered) -> None:
        console = self.query_one(ConsolePane)
        session, frame = self.session, self.frame
        if session is None:
            console.show_result(EvaluateResult("not attached yet", failed=True))
            return
        epoch = session.snapshot.epoch

        async def run() -> None:
            try:
                result = await session.evaluate(message.expression, frame, epoch)
            except IqdebugError as error:
                result = EvaluateResult(str(error), failed=True)
            console.show_result(result)
            if (
                self._tree.frame is not None
                and self._tree.epoch == epoch
                and session.snapshot.phase in _STOPPED
            ):
                current = self._tree.frame
                self._tree.begin(epoch, current)
                self._read_variables(epoch, current, None, 0)

        self._do(run(), words="evaluating")

    def on_console_pane_completion_wanted(self, message: ConsolePane.CompletionWanted) -> None:
        session, frame = self.session, self.frame
        if session is None:
            return

        async def run() -> None:
            found = await session.complete(message.text, message.column, frame, session.snapshot.epoch)
            self.query_one(ConsolePane).show_completions(message.text, message.column, found)

        self._do(run(), group="complete")

    # doing things

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

    def why_not(self, capability: Capability) -> str:
        if self.session is None:
            return "attaching did not work (r: try again)" if self._failure else "still attaching"
        return self.session.why_not(capability)

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
                self.notify(" ".join(error.lines()), severity="error")
            except TimeoutError:
                self.notify("no answer from the process in time; it may be in a C call", severity="error")
            except Exception as error:  # one action that fails must not end the session
                self.notify(" ".join(_unforeseen("That", error).lines()), severity="error")
            finally:
                if self._working == words and words:
                    self._working = ""
                    self._show_status()

        self.run_worker(run(), group=group)

    def _intent(
        self, capability: Capability, act: Callable[[DebugSession], Coroutine[Any, Any, None]]
    ) -> None:
        if self.session is not None and not self._refused(capability):
            self._do(act(self.session))
        elif self.session is None:
            self._refused(capability)

    def action_resume(self) -> None:
        self._intent(Capability.CONTINUE, lambda s: s.resume())

    def action_pause(self) -> None:
        self._intent(Capability.PAUSE, lambda s: s.pause())

    def _step(self, kind: StepKind) -> None:
        thread_id = self._selected
        self._intent(Capability.STEP, lambda s: s.step(kind, thread_id or 1))

    def action_step_over(self) -> None:
        self._step(StepKind.OVER)

    def action_step_in(self) -> None:
        self._step(StepKind.IN)

    def action_step_out(self) -> None:
        self._step(StepKind.OUT)

    def action_run_to(self) -> None:
        source = self.query_one(SourcePane)
        path, line = source.path, source.cursor_line
        if not line:
            self.notify("no source line to run to", severity="warning")
            return
        self._intent(Capability.RUN_TO, lambda s: s.run_to(path, line))

    def action_restart_frame(self) -> None:
        frame = self.frame
        if frame is not None:
            self._intent(Capability.RESTART_FRAME, lambda s: s.restart_frame(frame))

    # breakpoints

    def _at_cursor(self) -> Breakpoint | None:
        source = self.query_one(SourcePane)
        if not source.cursor_line:
            self.notify("no source line for a breakpoint here", severity="warning")
            return None
        found = (b for b in self._breakpoints if (b.path, b.line) == (source.path, source.cursor_line))
        return next(found, Breakpoint(source.path, source.cursor_line))

    def action_breakpoint(self) -> None:
        wanted = self._at_cursor()
        if wanted is not None:
            self._replace(wanted, None if wanted in self._breakpoints else wanted)

    def action_edit_breakpoint(self) -> None:
        wanted = self._at_cursor()
        if wanted is not None:
            self._edit(wanted)

    def on_breakpoints_pane_edit_wanted(self, message: BreakpointsPane.EditWanted) -> None:
        self._edit(message.breakpoint)

    def on_breakpoints_pane_changed(self, message: BreakpointsPane.Changed) -> None:
        self._replace(message.old, message.new)

    def _edit(self, wanted: Breakpoint) -> None:
        def answered(new: Breakpoint | None) -> None:
            if new is not None:
                self._replace(wanted, new)

        self.push_screen(BreakpointScreen(wanted), answered)

    def _replace(self, old: Breakpoint, new: Breakpoint | None) -> None:
        """Without a session the list is kept for the next attach."""
        kept = [b for b in self._breakpoints if (b.path, b.line) != (old.path, old.line)]
        if new is not None:
            kept.append(replace(new, verified=False, message=""))
        kept.sort(key=lambda b: (b.path, b.line))
        session = self.session
        if session is None or session.why_not(Capability.BREAKPOINTS):
            self.post_message(messages.BreakpointsArrived(kept))
        else:
            self._do(session.set_breakpoints(kept))

    # moving about

    def action_frame(self, by: int) -> None:
        thread = self.thread
        if thread is None or not thread.frames:
            return
        index = self._frame_index + by
        while 0 <= index < len(thread.frames) and thread.frames[index].kind == "label":
            index += by
        if 0 <= index < len(thread.frames):
            self._select(thread.id, index)
        else:
            self.notify("this is the outermost frame" if by > 0 else "this is the innermost frame")

    def action_thread(self) -> None:
        if self.snapshot is None or not self.snapshot.threads:
            return
        ids = [t.id for t in self.snapshot.threads]
        at = ids.index(self._selected) if self._selected in ids else -1
        thread = self.snapshot.threads[(at + 1) % len(ids)]
        self._select(thread.id, first_user_frame(thread))

    def action_insight(self) -> None:
        if self._diagnosis is None:
            self.notify("no diagnosis yet")
            return
        self.push_screen(SuspectsScreen(self._diagnosis), self._go_to_suspect)

    def _go_to_suspect(self, suspect: Suspect | None) -> None:
        if suspect is None:
            return
        if suspect.thread_id is not None and suspect.frame_index is not None:
            thread = self.snapshot.thread(suspect.thread_id) if self.snapshot is not None else None
            if thread is not None and suspect.frame_index < len(thread.frames):
                self._select(suspect.thread_id, suspect.frame_index)
                self.query_one(SourcePane).show(suspect.path, suspect.line, current=False)
                return
        self.query_one(SourcePane).show(suspect.path, suspect.line, current=False)

    def action_look(self) -> None:
        if self.session is None and not self._attaching:
            self.run_worker(self._open_session(), group="attach", exclusive=True)
        elif self.session is not None and not self.session.why_not(Capability.REATTACH):
            self._unsubscribe()
            self.session = None
            self.run_worker(self._open_session(), group="attach", exclusive=True)
        elif self.session is not None:
            self._do(self.session.refresh())

    def action_search(self) -> None:
        """In the focused pane; the output is filtered rather than walked through."""
        pane = self._searchable()

        def answered(words: str | None) -> None:
            if words is None:
                return
            if isinstance(pane, LogPane):
                pane.search(words)
            elif words:
                self._search = words
                self._find(pane, 1)

        in_log = isinstance(pane, LogPane)
        question = "Show only lines with (empty: all)" if in_log else f"Search in the {pane.id}"
        self.push_screen(LineScreen(question, "" if in_log else self._search), answered)

    def action_search_next(self, direction: int) -> None:
        if self._search:
            self._find(self._searchable(), direction)
        else:
            self.action_search()

    def _searchable(self) -> RowsView:
        focused = self.screen_stack[0].focused
        return focused if isinstance(focused, RowsView) else self.query_one(SourcePane)

    def _find(self, pane: RowsView, direction: int) -> None:
        if not pane.find(self._search, direction):
            self.notify(f"{self._search!r} is not in this pane")

    def action_pane(self, name: str) -> None:
        base = self.screen_stack[0]
        assert self._arrangement is not None
        base.set_focus(base.query_one(self._arrangement.show(name)))

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.width, event.size.height)

    def _fit(self, width: int, height: int) -> None:
        if self._arrangement is not None:  # else nothing is composed yet
            self._arrangement.fit(width, height)
        if self._diagnosis is not None:
            self._show_card()

    # status, help, palette

    def _show_status(self) -> None:
        if self._drawn:
            self.query_one(StatusBar).show(
                self.snapshot, attaching=self._attaching, why_not=self.why_not, background=self._working
            )

    def _every_second(self) -> None:
        self._show_status()
        if self._looking or self._leaving:
            return
        session = self.session
        if session is not None and session.snapshot.phase is Phase.RUNNING:
            self._look(session.refresh())
        elif session is None and self._failure is not None and self._refresh_peek is not None:
            self._look(self._peek_again(self._refresh_peek))

    def _look(self, work: Coroutine[Any, Any, None]) -> None:
        self._looking = True

        async def run() -> None:
            try:
                await work
            except IqdebugError as error:
                self._failure = error if self.session is None else self._failure
            finally:
                self._looking = False

        self.run_worker(run(), group="look")

    async def _peek_again(self, look: Callable[[], Awaitable[Snapshot]]) -> None:
        try:
            snapshot = await look()
        except IqdebugError as error:
            self._show_banner(error)
            return
        self.post_message(messages.SnapshotArrived(snapshot))

    def action_help(self) -> None:
        text = Text()
        for action in ACTIONS:
            reason = self.why_not(action.needs) if action.needs is not None else ""
            text.append(f"{action.shown:>8}  ", "bold")
            text.append(action.words, "dim" if reason else "")
            text.append(f"  (not now: {reason})\n" if reason else "\n", "dim italic")
        text.append(
            "\nIn the panes: arrows, PgUp, PgDn, Home, End, Enter, Tab to the next pane.\n"
            "Source: d definition line, g back to the current line.  Threads: l library frames.\n"
            "Variables: Enter opens, v the value's own repr (runs code), y copy, = set.\n"
            "Output: f follow, w level, x clear, / filter.  Breakpoints: Space on/off, e edit, Del remove.\n"
        )
        self.push_screen(TextScreen("Keys", text))

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        for action in ACTIONS:
            if action.name in ("command_palette",):
                continue
            yield SystemCommand(action.words, f"key {action.shown}", self._runner(action.name))
        yield SystemCommand("Screenshot", "Save an SVG picture of the screen", self.action_screenshot)

    def _runner(self, name: str) -> Callable[[], Any]:
        return lambda: self.run_worker(self.run_action(name), group="palette")


def _older(snapshot: Snapshot, before: Snapshot) -> bool:
    """Whether it is out of date while a session is there: what was seen from outside before
    counts no more, and a session's own snapshots go by epoch and revision."""
    if Origin.PEEK in (snapshot.origin, before.origin):
        return snapshot.origin is Origin.PEEK
    return (snapshot.epoch, snapshot.revision) < (before.epoch, before.revision)


def _on_lines(value: str, most: int = 200_000) -> Text:
    """The text with its line ends kept and everything else that could steer a terminal shown."""
    text = Text("\n".join(clean(line) for line in value[:most].split("\n")))
    if len(value) > most:
        text.append(f"\n… {len(value) - most:,} characters more", Style(dim=True))
    return text


def _unforeseen(what: str, error: Exception) -> IqdebugError:
    return IqdebugError(f"{what} failed unexpectedly", f"{type(error).__name__}: {error}"[:300])


def _same(one: Frame | None, other: Frame | None) -> bool:
    """Whether both are the same frame of one stop; what is known of it may have grown."""
    return one is not None and other is not None and one.id is not None and one.id == other.id


def _kept(snapshot: Snapshot) -> bool:
    """Whether a live look keeps the selection: it does while a stop is shown."""
    return snapshot.phase in _STOPPED
