"""The exception at which a target has stopped: its tree from the agent, its own words from debugpy."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.core.errors import ConnectionLost, RequestFailed
from iqdebug.core.state import ExceptionInfo
from iqdebug.dap import convert_rows, protocol
from iqdebug.dap.agent_rows import ExceptionRow
from iqdebug.dap.target_client import TargetClient

__all__ = ["exception_at_stop"]


async def exception_at_stop(client: TargetClient, body: protocol.StoppedBody) -> ExceptionInfo:
    """Of a stop whose reason is an exception. What does not answer in time is left out."""
    try:
        info = await client.ask_debugger(
            "exceptionInfo", {"threadId": body.threadId}, protocol.ExceptionInfoBody
        )
    except (RequestFailed, TimeoutError):
        info = protocol.ExceptionInfoBody(exceptionId=body.text or "exception", description=body.description)
    uncaught = info.breakMode == "unhandled"
    # debugpy appends a note to the name when it stops at another frame than the raising one.
    kind = info.exceptionId.partition("(note:")[0].strip().removeprefix("builtins.")
    message = info.description or info.details.message or ""
    traceback = info.details.stackTrace or ""
    try:
        row = await client.ask_agent_maybe("exception", ExceptionRow, thread=body.threadId)
    except (RequestFailed, TimeoutError, ConnectionLost):
        row = None
    if row is None:
        return ExceptionInfo(type=kind, message=message, uncaught=uncaught, traceback=traceback)
    tree = replace(convert_rows.exception(row, uncaught=uncaught), traceback=traceback)
    return replace(tree, message=message) if row.own_str and message else tree
