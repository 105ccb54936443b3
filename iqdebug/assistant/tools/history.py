"""How a line came to be what it is: its history in git."""

from __future__ import annotations

import os
from typing import Annotated

from msgspec import Meta

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import Result, ToolInvocation, ToolUsageError
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.git import ask_git
from iqdebug.assistant.tools.parameters import LineNumber
from iqdebug.assistant.tools.source import readable
from iqdebug.core.messages import message
from iqdebug.system.unified_diff import without_file_headers

__all__ = ["HISTORY_TOOLS"]

MAX_LINES = 160
MAX_WIDTH = 300


@tool(Right.READ)
async def git_history(
    call: ToolInvocation,
    *,
    path: Annotated[str, Meta(max_length=1_000, description="a path or the end of one")],
    line: LineNumber,
    count: Annotated[int, Meta(ge=1, le=20)] = 5,
) -> Result:
    """The commits that changed a line, newest first, with their diffs."""
    file = os.path.realpath(readable(call, path))
    if not os.path.isfile(file):
        raise ToolUsageError(message("assistant.refusal.no_history_here"))
    folder, name = os.path.split(file)
    printed = await ask_git(
        folder,
        "log",
        f"-L{line},{line}:./{name}",
        f"--max-count={count}",
        "--date=iso",
        "--format=commit %h%n%ad %an%n%s%n",
    )
    if printed is None:
        raise ToolUsageError(message("assistant.refusal.no_history", line=line, name=name))
    lines = [text[:MAX_WIDTH] for text in without_file_headers(printed)]
    more = f"\n… {len(lines) - MAX_LINES} more lines" if len(lines) > MAX_LINES else ""
    body = call.data(f"git history of line {line} of {name}", "\n".join(lines[:MAX_LINES]) + more)
    summary = message("assistant.summary.history", place=f"{name}:{line}")
    return Result(f"The last {count} changes, newest first.\n{body}", "evidence", summary)


HISTORY_TOOLS = (git_history,)
