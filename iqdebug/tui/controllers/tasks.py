"""Work in the background that a key started."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from iqdebug.core.errors import IqdebugError
from iqdebug.core.session import Capability, DebugSession
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
        self.words = ""

    def start(self, work: Coroutine[Any, Any, None], *, words: str = "", group: str = "do") -> None:
        self._window.run_worker(self._guarded(work, words), group=group)

    async def _guarded(self, work: Coroutine[Any, Any, None], words: str) -> None:
        self.words = words
        if words:
            self._window.refresh_status()
        try:
            await work
        except IqdebugError as error:
            self._window.notify_error(error)
        except TimeoutError:
            self._window.notify("no answer from the process in time; it may be in a C call", severity="error")
        except Exception as error:  # one action that fails must not end the session
            self._window.notify_error(unforeseen("That", error))
        finally:
            if self.words == words and words:
                self.words = ""
                self._window.refresh_status()

    def refuses(self, capability: Capability) -> bool:
        """Whether it is not possible now; then the person has been told why."""
        reason = self._state.why_not(capability)
        if reason:
            self._window.notify(f"cannot {capability.value}: {reason}", severity="warning")
        return bool(reason)

    def request(
        self,
        capability: Capability,
        act: Callable[[DebugSession], Coroutine[Any, Any, None]],
        *,
        words: str = "",
    ) -> None:
        """Do it in the background, or say why not."""
        session = self._state.session
        if not self.refuses(capability) and session is not None:
            self.start(act(session), words=words)
