"""What a controller may do to the screen. The app implements it; no controller knows more of the app."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from textual.geometry import Size
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker

from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text

__all__ = ["Layout", "Window", "unforeseen"]

ResultT = TypeVar("ResultT")
PaneT = TypeVar("PaneT", bound=Widget)


class Layout(Protocol):
    """Which panes are visible."""

    @property
    def narrow(self) -> bool:
        """Whether there is room for one pane at a time only."""

    @property
    def wide(self) -> bool:
        """Whether the variables have a pane of their own beside the tabs."""

    def grow(self, on: bool) -> None:
        """Whether the program's terminal, while it is the chosen pane, takes the others' room."""

    def show(self, name: str) -> str:
        """Make a pane visible; returns the selector of what should have the focus."""


class Window(Protocol):
    """Called on the event loop's thread, except for :meth:`post_message`, which any thread may call."""

    @property
    def is_drawn(self) -> bool:
        """Whether the panes exist. Messages still come while the screen is taken down."""

    @property
    def size(self) -> Size: ...

    def pane(self, kind: type[PaneT]) -> PaneT:
        """The one pane of that class, whatever dialog lies over it."""

    def find_panes(self, kind: type[PaneT]) -> list[PaneT]:
        """All panes of that class; none while the screen is not drawn."""

    def focused_pane(self, kind: type[PaneT]) -> PaneT | None:
        """What has the focus below any dialog, where it is of that class."""

    def show_pane(self, name: str) -> None:
        """Make it visible and give it the focus, or say why it is not there."""

    def refresh_status(self) -> None: ...

    def show_banner(self, error: IqdebugError, keys: Text) -> None:
        """``keys``: what can be pressed now, below the error's words."""

    def hide_banner(self) -> None: ...

    def notify(
        self,
        message: Text,
        *,
        title: Text = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
    ) -> None: ...

    def notify_error(self, error: IqdebugError) -> None:
        """What happened, why, and what to do, below each other."""

    def push_screen(
        self, screen: Screen[ResultT], callback: Callable[[ResultT | None], None] | None = None
    ) -> object: ...

    def post_message(self, message: Message) -> bool: ...

    def run_worker(
        self, work: Coroutine[Any, Any, None], *, group: str = "default", exclusive: bool = False
    ) -> Worker[None]: ...

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Timer: ...

    def copy_to_clipboard(self, text: str) -> None: ...

    def exit(self, result: int | None = None) -> None: ...


def unforeseen(what: Text, error: Exception) -> IqdebugError:
    """Something failed in a way that nobody expected, which ``what`` says."""
    return IqdebugError(what, f"{type(error).__name__}: {error}"[:300])
