"""Leaving: the target is given back, then the screen ends, whatever happens."""

from __future__ import annotations

import os
import threading

from iqdebug.core.messages import message
from iqdebug.tui.controllers.chat import ChatController
from iqdebug.tui.controllers.connection import ConnectionController
from iqdebug.tui.controllers.console import ConsoleController
from iqdebug.tui.controllers.state import DebugState, Progress
from iqdebug.tui.controllers.window import Window

__all__ = ["LeavingController"]

DETACH_TIMEOUT_S = 7.0
"""Detaching takes five at most."""

UNDRAW_TIMEOUT_S = 1.5
"""For the screen to be taken down once all is left."""


class LeavingController:
    def __init__(
        self,
        window: Window,
        state: DebugState,
        connection: ConnectionController,
        console: ConsoleController,
        chat: ChatController,
    ) -> None:
        self._window = window
        self._state = state
        self._connection = connection
        self._console = console
        self._chat = chat
        self._last_resort: threading.Timer | None = None

    def start(self) -> None:
        """Detach in sight of the person, then end."""
        if not self._state.is_leaving:
            self._state.is_leaving = True
            self._state.progress = Progress(message("tui.progress.detaching"))
            self._window.refresh_status()
            self._window.run_worker(self.leave(), group="leave", exclusive=True)

    def terminate(self) -> None:
        """SIGTERM, or the terminal has gone: give the target back, then end whatever happens. A screen
        that can no longer be drawn must not keep the process alive."""
        if self._state.is_leaving:
            return
        self._state.is_leaving = True
        self._last_resort = _exit_within(DETACH_TIMEOUT_S)

        async def leave() -> None:
            await self.leave()
            if self._last_resort is not None:
                self._last_resort.cancel()
                self._last_resort = _exit_within(UNDRAW_TIMEOUT_S)

        self._window.run_worker(leave(), group="leave", exclusive=True)

    def screen_is_gone(self) -> None:
        """There is nothing left that could hang."""
        if self._last_resort is not None:
            self._last_resort.cancel()
            self._last_resort = None

    async def leave(self) -> None:
        """Ends with the failure's exit code when attaching never worked."""
        failure = self._state.failure if self._state.session is None else None
        self._console.save_history()
        self._connection.cancel()
        self._connection.unsubscribe()
        await self._connection.detach()
        await self._chat.close()
        self._window.exit(failure.exit_code if failure is not None else 0)


def _exit_within(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()
    return timer
