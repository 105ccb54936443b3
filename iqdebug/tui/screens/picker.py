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

from iqdebug.core.messages import message, render
from iqdebug.core.state import ProcessInfo
from iqdebug.core.text import age, clean, size
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["PickerApp"]

REFRESH_INTERVAL_S = 2.0


class _Filter(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "app.move(-1)"),
        ("down", "app.move(1)"),
        ("pageup", "app.move(-10)"),
        ("pagedown", "app.move(10)"),
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
        ("escape", "back"),
        Binding("ctrl+q,ctrl+c", "quit", show=False, priority=True),
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
        yield _Filter(placeholder=render(message("tui.picker.filter")), id="filter")
        yield Static(Text(_head(), no_wrap=True), id="head")
        yield RowsView(empty=message("tui.picker.looking"), id="processes")
        yield Static(id="why")
        yield Static(render(message("tui.picker.keys")), id="keys")

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
            view.empty_text = message("tui.picker.no_match") if words else message("tui.picker.none")
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


def _head() -> str:
    pid, age_, cpu, memory, python, user, attach, command = (
        render(label)
        for label in (
            message("tui.picker.column_pid"),
            message("tui.picker.column_age"),
            message("tui.picker.column_cpu"),
            message("tui.picker.column_memory"),
            message("tui.picker.column_python"),
            message("tui.picker.column_user"),
            message("tui.picker.column_attach"),
            message("tui.picker.column_command"),
        )
    )
    return f"{pid:>7} {age_:>5} {cpu:>5} {memory:>5} {python:8} {user:9} {attach:6}  {command}"


def _haystack(process: ProcessInfo) -> str:
    return f"{process.pid} {process.user} {process.command} {process.cwd} {process.python}".casefold()


def _text(process: ProcessInfo) -> Text:
    ok = process.attach.ok
    text = Text().append(
        f"{process.pid:>7} {age(process.age):>5} {process.cpu:>5.1f} {size(process.rss):>5} "
        f"{clean(process.python) or '?':8} {clean(process.user)[:9]:9} ",
        Style(dim=not ok),
    )
    answer = render(message("tui.picker.yes") if ok else message("tui.picker.no"))
    text.append(f"{answer:6}  ", Style(color="green" if ok else "red"))
    text.append(clean(process.command), Style(bold=ok, dim=not ok))
    text.append(f"  {clean(process.cwd)}", Style(dim=True))
    return text
