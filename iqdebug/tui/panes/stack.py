"""Threads, the frames of the selected one, and asyncio tasks."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.state import ExceptionInfo, Frame, Gil, Snapshot, Task, Thread, ThreadState
from iqdebug.core.text import clean
from iqdebug.tui.messages import ExceptionsWanted, FrameWanted, LineWanted
from iqdebug.tui.screens.exceptions import walked
from iqdebug.tui.widgets.rows import Row, RowsView

__all__ = ["StackPane"]

_STATE = {
    ThreadState.RUNNING: Style(color="green"),
    ThreadState.WAITING: Style(color="cyan"),
    ThreadState.PAUSED: Style(color="yellow"),
    ThreadState.UNKNOWN: Style(dim=True),
}
_STATE_WORDS: dict[ThreadState, Words] = {
    ThreadState.RUNNING: message("tui.stack.running"),
    ThreadState.WAITING: message("tui.stack.waiting"),
    ThreadState.PAUSED: message("tui.stack.paused"),
    ThreadState.UNKNOWN: "",
}
MIN_FOLDED_FRAMES = 2  # neighbouring library frames


class StackPane(RowsView):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("l", "libraries"),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(empty=message("tui.stack.no_threads"), id=id)
        self.set_title(message("tui.stack.title"))
        self._snapshot: Snapshot | None = None
        self._selected: int | None = None
        self._frame = 0
        self._all = False
        self._traceback = False

    def show(self, snapshot: Snapshot, thread_id: int | None, frame: int, *, traceback: bool = False) -> None:
        """The snapshot with that thread opened and that frame (index from innermost) marked.
        ``traceback``: the focused thread shows that of another exception than the last one."""
        self._traceback = traceback
        same = (thread_id, frame) == (self._selected, self._frame)
        self._snapshot, self._selected, self._frame = snapshot, thread_id, frame
        self._rebuild()
        if not same or not self.has_focus:
            self.move_to_key(("frame", thread_id, frame))
            if self.cursor <= 2:  # the heading above the first frame says whose they are
                self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def _rebuild(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        rows: list[Row] = []
        for thread in snapshot.threads:
            opened = thread.id == self._selected
            rows.append(Row(_thread_text(thread, opened), ("thread", thread.id), thread))
            if opened:
                rows += self._frame_rows(thread)
                if thread.id == snapshot.focus and snapshot.exception is not None:
                    rows += _behind(snapshot.exception, self._traceback)
        if snapshot.tasks:
            heading = render(message("tui.stack.tasks", count=len(snapshot.tasks)))
            rows.append(Row(Text(heading, Style(bold=True)), selectable=False))
            for number, task in enumerate(snapshot.tasks):
                rows += _task_rows(task, number)
        self.set_title(message("tui.stack.title_counted", count=len(snapshot.threads)))
        self.set_rows(rows)

    def _frame_rows(self, thread: Thread) -> list[Row]:
        rows: list[Row] = []
        index = 0
        frames = thread.frames
        while index < len(frames):
            run = index
            while run < len(frames) and frames[run].kind in ("library", "stdlib"):
                run += 1
            folds = run - index >= MIN_FOLDED_FRAMES and not self._all
            if folds and not index <= self._frame < run:
                folded = render(message("tui.stack.library_frames", count=run - index))
                rows.append(Row(Text(f"   {folded}", Style(dim=True)), ("fold", thread.id, index), "fold"))
                index = run
                continue
            rows.append(self._frame_row(thread, index, frames[index]))
            index += 1
        left = (thread.frames_total or len(frames)) - len(frames)
        if left > 0:
            more = render(message("tui.stack.more_frames", count=f"{left:,}"))
            rows.append(Row(Text(f"   {more}", Style(dim=True)), selectable=False))
        if not frames:
            none = render(message("tui.stack.no_frames"))
            rows.append(Row(Text(f"   {none}", Style(dim=True)), selectable=False))
        return rows

    def _frame_row(self, thread: Thread, index: int, frame: Frame) -> Row:
        chosen = index == self._frame
        return Row(
            _frame_text(frame, "▶" if chosen else " ", chosen),
            ("frame", thread.id, index),
            (thread.id, index),
            selectable=frame.kind != "label",
        )

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        data = event.row.data
        if isinstance(data, Thread):
            self.post_message(FrameWanted(data.id, first_user_frame(data)))
        elif isinstance(data, Frame):
            self.post_message(LineWanted(data.path, data.line))
        elif data == "fold":
            self.action_libraries()
        elif data == "behind":
            self.post_message(ExceptionsWanted())
        elif isinstance(data, tuple):
            self.post_message(FrameWanted(*data))

    def action_libraries(self) -> None:
        self._all = not self._all
        self._rebuild()


def _behind(error: ExceptionInfo, elsewhere: bool) -> list[Row]:
    """That there are more exceptions than the one whose stack is shown; none where there are not."""
    count = sum(1 for _ in walked(error)) - 1
    if not count:
        return []
    nearest = (error.chain or error.members)[0]
    name, more = _last_name(nearest), message("tui.stack.and_more", count=count - 1) if count > 1 else None
    words = {
        "cause": message("tui.stack.caused_by", name=name, more=more),
        "context": message("tui.stack.while_handling", name=name, more=more),
        "member": message("tui.stack.group_of", name=name, more=more),
    }.get(nearest.link, message("tui.stack.with", name=name, more=more))
    if elsewhere:
        words = message("tui.stack.back_to", name=_last_name(error))
    return [
        Row(
            Text(f"   {render(words)}", Style(color="red", italic=True)),
            ("behind",),
            "behind",
            selectable=True,
        )
    ]


def _last_name(error: ExceptionInfo) -> str:
    return clean(error.type).rpartition(".")[2]


def first_user_frame(thread: Thread) -> int:
    """The innermost frame of the person's own code; the innermost of all if there is none."""
    return next((i for i, f in enumerate(thread.frames) if f.kind == "user"), 0)


def _thread_text(thread: Thread, opened: bool) -> Text:
    text = Text("▾ " if opened else "▸ ")
    text.append(clean(thread.name), Style(bold=opened))
    text.append(" ")
    text.append(clean(thread.wait) or render(_STATE_WORDS[thread.state]), _STATE[thread.state])
    if thread.gil is Gil.HOLDS and not thread.wait_names_gil:
        text.append(f" {render(message('tui.stack.holds_gil'))}", Style(color="red", bold=True))
    elif thread.gil is Gil.WAITS and not thread.wait_names_gil:
        text.append(f" {render(message('tui.stack.wants_gil'))}", Style(color="red"))
    return text


def _frame_text(frame: Frame, mark: str, chosen: bool) -> Text:
    if frame.kind == "label":
        return Text(f"   {clean(frame.name)}", Style(color="red", italic=True))
    style = Style(bold=chosen, dim=frame.kind != "user")
    text = Text().append(f" {mark} ", Style(color="yellow", bold=True))
    text.append(clean(frame.name), style)
    text.append(f"  {clean(frame.path).rpartition('/')[2]}:{frame.line}", Style(dim=True))
    return text


def _task_rows(task: Task, number: int) -> list[Row]:
    text = Text("  ").append(clean(task.name), Style(bold=True)).append(" ")
    text.append(f"{clean(task.coroutine)} {clean(task.state)}")
    if task.awaiting:
        text.append(render(message("tui.stack.awaiting", what=clean(task.awaiting))), Style(dim=True))
    innermost = task.frames[0] if task.frames else None
    rows = [Row(text, ("task", number), innermost, selectable=innermost is not None)]
    for index, frame in enumerate(task.frames[:5]):
        rows.append(Row(_frame_text(frame, " ", False), ("task", number, index), frame))
    return rows
