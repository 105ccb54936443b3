"""The list of processes to choose from: live, filtered as you type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, Static

from iqdebug.core.state import ProcessInfo
from iqdebug.core.text import age, clean, size
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["PickerApp"]

REFRESH_INTERVAL_S = 2.0


class _Filter(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.move(-1)", "Up", show=False),
        Binding("down", "app.move(1)", "Down", show=False),
        Binding("pageup", "app.move(-10)", "Page up", show=False),
        Binding("pagedown", "app.move(10)", "Page down", show=False),
    ]


class PickerApp(App[int]):
    """Returns the chosen pid, or None.

    :param list_processes: called in a worker thread every two seconds.
    """

    CSS = """
    #head { height: 1; padding: 0 2; color: $text-muted; }
    #why { height: 2; padding: 0 1; color: $warning; }
    #keys { height: 1; padding: 0 1; background: $panel; }
    RowsView { border: round $primary-darken-2; height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    Input { border: none; height: 1; padding: 0 1; background: $boost; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Clear or leave", show=False),
        Binding("ctrl+q,ctrl+c", "quit", "Leave", show=False, priority=True),
    ]

    class _Listed(Message):
        def __init__(self, processes: Sequence[ProcessInfo]) -> None:
            super().__init__()
            self.processes = processes

    def __init__(self, list_processes: Callable[[], list[ProcessInfo]]) -> None:
        super().__init__()
        self._list = list_processes
        self._processes: Sequence[ProcessInfo] = ()
        self._looked = False

    def compose(self) -> ComposeResult:
        yield _Filter(placeholder="type to filter by command, pid, user or folder", id="filter")
        yield Static(Text(_HEAD, no_wrap=True), id="head")
        yield RowsView(empty="looking for Python processes…", id="processes")
        yield Static(id="why")
        yield Static("Enter: open   type: filter   Esc: clear, then leave   ↑↓: choose", id="keys")

    def on_mount(self) -> None:
        self.query_one(_Filter).focus()
        self._look()
        self.set_interval(REFRESH_INTERVAL_S, self._look)

    def _look(self) -> None:
        self.run_worker(self._look_in_worker, thread=True, exclusive=True, group="look")

    def _look_in_worker(self) -> None:
        self.call_from_thread(self.post_message, self._Listed(self._list()))

    def on_picker_app__listed(self, message: _Listed) -> None:
        self._processes = message.processes
        self._looked = True
        self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show()

    def _show(self) -> None:
        words = self.query_one(_Filter).value.casefold().split()
        matching = [p for p in self._processes if all(w in _haystack(p) for w in words)]
        view = self.query_one("#processes", RowsView)
        if self._looked:
            view.empty_text = "no process matches the filter" if words else "no Python process is running"
        view.set_rows([Row(_text(p), p.pid, p) for p in matching])
        self._explain()

    def _explain(self) -> None:
        row = self.query_one("#processes", RowsView).current
        lines: list[str] = []
        if row is not None:
            attach = row.data.attach
            lines = [attach.why_not, attach.fix] if not attach.ok else [*attach.warnings, attach.cost]
        text = Text("\n".join(clean(line) for line in lines if line), no_wrap=True, overflow="ellipsis")
        self.query_one("#why", Static).update(text)

    def on_rows_view_moved(self) -> None:
        self._explain()

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        self.exit(event.row.data.pid)

    def on_input_submitted(self) -> None:
        row = self.query_one("#processes", RowsView).current
        if row is not None:
            self.exit(row.data.pid)

    def action_move(self, by: int) -> None:
        view = self.query_one("#processes", RowsView)
        view.action_move(by)
        self._explain()

    async def action_back(self) -> None:
        field = self.query_one(_Filter)
        if field.value:
            field.value = ""
        else:
            self.exit(None)


_HEAD = f"{'PID':>7} {'AGE':>5} {'CPU%':>5} {'MEM':>5} {'PYTHON':8} {'USER':9} {'ATTACH':6}  COMMAND"


def _haystack(process: ProcessInfo) -> str:
    return f"{process.pid} {process.user} {process.command} {process.cwd} {process.python}".casefold()


def _text(process: ProcessInfo) -> Text:
    ok = process.attach.ok
    text = Text().append(
        f"{process.pid:>7} {age(process.age):>5} {process.cpu:>5.1f} {size(process.rss):>5} "
        f"{clean(process.python) or '?':8} {clean(process.user)[:9]:9} ",
        Style(dim=not ok),
    )
    text.append(f"{'yes' if ok else 'no':6}  ", Style(color="green" if ok else "red"))
    text.append(clean(process.command), Style(bold=ok, dim=not ok))
    text.append(f"  {clean(process.cwd)}", Style(dim=True))
    return text
