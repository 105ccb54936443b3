"""How a line came to be what it is: its history in git."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import BoundTool, Result, ToolInvocation, ToolUsageError
from iqdebug.assistant.tools.git import ask_git
from iqdebug.assistant.tools.schema import tool_schema
from iqdebug.assistant.tools.source import readable
from iqdebug.llm.messages import Tool
from iqdebug.system.unified_diff import without_file_headers

__all__ = ["HISTORY_TOOLS"]

_LINES = 160


async def _git_history(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    path = os.path.realpath(readable(call, arguments["path"]))
    if not os.path.isfile(path):
        raise ToolUsageError("that file is not on this machine, so it has no history here")
    line, count = arguments["line"], arguments["count"]
    folder, name = os.path.split(path)
    said = await ask_git(
        folder,
        "log",
        f"-L{line},{line}:./{name}",
        f"--max-count={count}",
        "--date=iso",
        "--format=commit %h%n%ad %an%n%s%n",
    )
    if said is None:
        raise ToolUsageError(
            f"git has no history of line {line} of {name}: not in a repository, not committed, or too long"
        )
    lines = [text[:300] for text in without_file_headers(said)]
    more = f"\n… {len(lines) - _LINES} more lines" if len(lines) > _LINES else ""
    body = call.data(f"git history of line {line} of {name}", "\n".join(lines[:_LINES]) + more)
    return Result(
        f"The last {count} changes, newest first.\n{body}", "evidence", f"git history of {name}:{line}"
    )


HISTORY_TOOLS = (
    BoundTool(
        Tool(
            "git_history",
            "The commits that changed a line, newest first, with their diffs.",
            tool_schema(
                ("path", "line"),
                path={"type": "string", "maxLength": 1_000, "description": "a path or the end of one"},
                line={"type": "integer", "minimum": 1},
                count={"type": "integer", "minimum": 1, "maximum": 20, "default": 5},
            ),
        ),
        Right.READ,
        _git_history,
    ),
)
