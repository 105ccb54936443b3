"""Work in the background that a key started."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text, message
from iqdebug.core.session import Capability, DebugSession, capability_message
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.window import Window, unforeseen

__all__ = ["TaskRunner"]


class TaskRunner:
    """Runs one task per key press; a task that fails becomes words on the screen, never the screen's end.

    ``words`` says what runs now, for the status bar; "" when nothing has to be said.
    """

    def __init__(self, window: Window, state: DebugState) -> None:
        self._window = window
        self._state = state
        self.words: Text = ""

    def start(self, work: Coroutine[Any, Any, None], *, words: Text = "", group: str = "do") -> None:
        self._window.run_worker(self._guarded(work, words), group=group)

    async def _guarded(self, work: Coroutine[Any, Any, None], words: Text) -> None:
        self.words = words
        if words:
            self._window.refresh_status()
        try:
            await work
        except IqdebugError as error:
            self._window.notify_error(error)
        except TimeoutError:
            self._window.notify(message("tui.failed.no_answer"), severity="error")
        except Exception as error:  # one action that fails must not end the session
            self._window.notify_error(unforeseen(message("tui.failed.action"), error))
        finally:
            if self.words == words and words:
                self.words = ""
                self._window.refresh_status()

    def refuses(self, capability: Capability) -> bool:
        """Whether it is not possible now; then the person has been told why."""
        reason = self._state.why_not(capability)
        if reason:
            action = capability_message(capability)
            self._window.notify(
                message("tui.notice.cannot", action=action, reason=reason), severity="warning"
            )
        return bool(reason)

    def request(
        self,
        capability: Capability,
        act: Callable[[DebugSession], Coroutine[Any, Any, None]],
        *,
        words: Text = "",
    ) -> None:
        """Do it in the background, or say why not."""
        session = self._state.session
        if not self.refuses(capability) and session is not None:
            self.start(act(session), words=words)
