"""What is said on the fresh connections to a target: the agent's greeting, and DAP's handshake."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from iqdebug.core.errors import ProtocolError
from iqdebug.core.messages import message
from iqdebug.core.state import Breakpoint
from iqdebug.dap import protocol
from iqdebug.dap.agent_events import AgentEvent, RefusedEvent, decode_event
from iqdebug.dap.client import DapClient
from iqdebug.dap.live_target import LiveTarget

__all__ = ["ExceptionFilter", "Greeting", "handshake"]

ExceptionFilter = Literal["uncaught", "raised", "userUnhandled"]


class Greeting:
    """Waits for what the agent says first, and passes everything on.

    :param on_event: called with each event, the first one included.
    :param on_closed: called when the agent is gone.
    """

    def __init__(self, on_event: Callable[[Mapping[str, Any]], None], on_closed: Callable[[], None]) -> None:
        self.first: asyncio.Future[AgentEvent | None] = asyncio.get_running_loop().create_future()
        """None: the agent has ended the connection without a word."""
        self._on_event = on_event
        self._on_closed = on_closed

    def event(self, message: Mapping[str, Any]) -> None:
        if not self.first.done():
            unknown = RefusedEvent(str(message.get("message", "")))
            self.first.set_result(decode_event(message) or unknown)
        self._on_event(message)

    def closed(self) -> None:
        if not self.first.done():
            self.first.set_result(None)
        self._on_closed()


async def handshake(
    target: LiveTarget,
    dap: DapClient,
    token: str,
    *,
    exceptions: Sequence[ExceptionFilter],
    breakpoints: Sequence[Breakpoint],
    just_my_code: bool,
    pause: bool,
    timeout: float,
) -> None:
    """From a fresh connection to a target that runs with breakpoints and exception filters in place.

    :param timeout: seconds for each answer.
    :raises ProtocolError, RequestFailed, TimeoutError: it did not come to that.
    """
    authorized = await dap.fetch(
        "pydevdAuthorize", {"debugServerAccessToken": token}, protocol.AuthorizeBody, timeout=timeout
    )
    if authorized.clientAccessToken != token:
        raise ProtocolError(message("dap.server.somebody_else"))
    initialize = {
        "clientID": "iqdebug",
        "clientName": "iqdebug",
        "adapterID": "debugpy",
        "linesStartAt1": True,
        "columnsStartAt1": True,
        "pathFormat": "path",
        "supportsVariableType": True,
        "supportsANSIStyling": False,
    }
    capabilities = await dap.fetch("initialize", initialize, protocol.CapabilitiesBody, timeout=timeout)
    target.availability.restart_frame_offered = capabilities.supportsRestartFrame
    await dap.request(
        "attach",
        {
            "justMyCode": just_my_code,
            "subProcess": False,
            "redirectOutput": False,
            "showReturnValue": True,
            "terminateChildProcesses": False,
            "debugOptions": [],
            # Named, though off: else pydevd asks for the working directory, which may be gone.
            "autoReload": {"enable": False, "watchDirectories": ["/"]},
        },
        timeout=timeout,
    )
    await target.breakpoints.install(breakpoints, timeout)
    await dap.request("setExceptionBreakpoints", {"filters": list(exceptions)}, timeout=timeout)
    await dap.request("configurationDone", {}, timeout=timeout)
    await target.start(pause=pause, timeout=timeout)
