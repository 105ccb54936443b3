"""The exception at which a target has stopped: its tree from the agent, its own words from debugpy."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.core.errors import ConnectionLost, RequestFailed
from iqdebug.core.state import ExceptionInfo
from iqdebug.dap import convert_rows, protocol
from iqdebug.dap.target_client import ANSWER, TargetClient

__all__ = ["raised_at"]


async def raised_at(questions: TargetClient, body: protocol.StoppedBody) -> ExceptionInfo:
    """Of a stop whose reason is an exception. What does not answer in time is left out."""
    try:
        found = await questions.fetch(
            "exceptionInfo", {"threadId": body.threadId}, protocol.ExceptionInfoBody, ANSWER
        )
    except (RequestFailed, TimeoutError):
        found = protocol.ExceptionInfoBody(exceptionId=body.text or "exception", description=body.description)
    uncaught = found.breakMode == "unhandled"
    # debugpy appends a note to the name when it stops at another frame than the raising one.
    kind = found.exceptionId.partition("(note:")[0].strip().removeprefix("builtins.")
    message = found.description or found.details.message or ""
    traceback = found.details.stackTrace or ""
    try:
        row = await questions.ask("exception", thread=body.threadId)
    except (RequestFailed, TimeoutError, ConnectionLost):
        row = None
    if row is None:
        return ExceptionInfo(type=kind, message=message, uncaught=uncaught, traceback=traceback)
    tree = replace(convert_rows.exception(row, uncaught=uncaught), traceback=traceback)
    return replace(tree, message=message) if row["own"] and message else tree
