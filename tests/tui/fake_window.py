"""A window without a terminal: a controller's own tests need no app. Remembers what it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from textual.geometry import Size
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget

from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text, render

ResultT = TypeVar("ResultT")
PaneT = TypeVar("PaneT", bound=Widget)


@dataclass
class FakeWindow:
    """``panes``: what :meth:`pane` finds, by class."""

    panes: dict[type[Widget], Widget] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    posted: list[Message] = field(default_factory=list)
    screens: list[Any] = field(default_factory=list)
    banner: str = ""
    shown: str = ""
    exit_code: int | None = None
    has_exited: bool = False
    is_drawn: bool = True
    size: Size = field(default_factory=lambda: Size(80, 24))
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    timers: list[Callable[[], None]] = field(default_factory=list)
    statuses: int = 0

    async def settle(self) -> None:
        """Wait for the work that was started, and for what that started."""
        while self.tasks:
            await asyncio.gather(self.tasks.pop(0), return_exceptions=True)

    def pane(self, kind: type[PaneT]) -> PaneT:
        pane = self.panes[kind]
        assert isinstance(pane, kind)
        return pane

    def find_panes(self, kind: type[PaneT]) -> list[PaneT]:
        return [self.pane(kind)] if kind in self.panes else []

    def focused_pane(self, kind: type[PaneT]) -> PaneT | None:
        return None

    def show_pane(self, name: str) -> None:
        self.shown = name

    def refresh_status(self) -> None:
        self.statuses += 1

    def show_banner(self, error: IqdebugError, keys: Text) -> None:
        self.banner = "\n".join((*error.lines(), render(keys)))

    def hide_banner(self) -> None:
        self.banner = ""

    def notify(
        self,
        message: Text,
        *,
        title: Text = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
    ) -> None:
        self.notices.append(render(message))

    def notify_error(self, error: IqdebugError) -> None:
        self.notices.append("\n".join(error.lines()))

    def push_screen(
        self, screen: Screen[ResultT], callback: Callable[[ResultT | None], None] | None = None
    ) -> object:
        self.screens.append((screen, callback))
        return None

    def post_message(self, message: Message) -> bool:
        self.posted.append(message)
        return True

    def run_worker(
        self, work: Coroutine[Any, Any, None], *, group: str = "default", exclusive: bool = False
    ) -> Any:
        task = asyncio.ensure_future(work)
        self.tasks.append(task)
        return task

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Any:
        self.timers.append(callback)
        return _Stopped(self.timers, callback)

    def copy_to_clipboard(self, text: str) -> None: ...

    def exit(self, result: int | None = None) -> None:
        self.exit_code, self.has_exited = result, True


@dataclass
class _Stopped:
    timers: list[Callable[[], None]]
    callback: Callable[[], None]

    def stop(self) -> None:
        if self.callback in self.timers:
            self.timers.remove(self.callback)
