"""Source text, by path or by the name of a function."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import BoundTool, Result, ToolInvocation, ToolUsageError
from iqdebug.assistant.tools.schema import tool_schema
from iqdebug.llm.messages import Tool

__all__ = ["TEXT_TOOLS", "readable"]

_LINES = 200
_WIDTH = 300


def readable(call: ToolInvocation, name: str) -> str:
    """The one file that a path, or the end of one, stands for, when it may be read.

    :raises Mend: there is none, several, or it may not.
    """
    found = call.world.files.resolved(name)
    if not found:
        known = ", ".join(call.world.files.named[:12])
        raise ToolUsageError(
            f"there is no file `{name[:100]}` here; files of the frames: {known}. Or use search"
        )
    if len(found) > 1 and len(set(found)) > 1:
        raise ToolUsageError(
            f"`{name[:100]}` may be any of {', '.join(sorted(set(found))[:8])}; give the whole path"
        )
    reason = call.world.files.why_not(found[0])
    if reason:
        raise ToolUsageError(f"`{name[:100]}` may not be read: {reason}")
    return found[0]


async def _source(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    path, function = arguments.get("path", ""), arguments.get("function", "")
    if not path and not function:
        raise ToolUsageError("give `path`, or `function` for a function of the frames' files")
    if path:
        path = readable(call, path)
        lines = _lines(call, path)
        first = _definition(lines, function) if function else arguments.get("start", 1)
        if not first:
            raise ToolUsageError(f"{path} defines no `{function[:60]}`")
    else:
        path, first = _found(call, function)
        lines = _lines(call, path)
    last = arguments.get("end") or (_end_of(lines, first) if function else first + 79)
    last = min(last, first + _LINES - 1, len(lines))
    if first > len(lines) or last < first:
        raise ToolUsageError(f"{path} has lines 1 to {len(lines)}")
    here = {f.line for t in call.session.snapshot.threads for f in t.frames if f.path == path}
    shown = [
        f"{'>' if n in here else ' '}{n:5} {lines[n - 1].rstrip()[:_WIDTH]}" for n in range(first, last + 1)
    ]
    more = f" For more: start={last + 1}." if last < len(lines) else ""
    words = f"Lines {first} to {last} of {len(lines)}; `>` is where a frame stands.{more}"
    return Result(
        f"{words}\n{call.data(f'source of {path}', chr(10).join(shown))}",
        "evidence",
        f"{path}:{first}-{last}",
    )


def _lines(call: ToolInvocation, path: str) -> Sequence[str]:
    try:
        lines = call.world.read_source(path)
    except (OSError, ValueError):
        lines = ()
    if not lines:
        raise ToolUsageError(f"{path} has no text that can be read here")
    return lines


def _found(call: ToolInvocation, function: str) -> tuple[str, int]:
    """Where one of the frames' files defines the function; frames of that name come first."""
    bare = function.rpartition(".")[2]
    for frame in (f for t in call.session.snapshot.threads for f in t.frames):
        if frame.name.rpartition(".")[2] == bare and not call.world.files.why_not(frame.path):
            first = _definition(_lines(call, frame.path), bare)
            return frame.path, first or max(frame.first_line, frame.line - 10, 1)
    for path in call.world.files.named[:40]:
        if not call.world.files.why_not(path):
            try:
                first = _definition(call.world.read_source(path), bare)
            except (OSError, ValueError):
                continue
            if first:
                return path, first
    raise ToolUsageError(f"no file of the frames defines `{function[:60]}`; use search with symbol")


def _definition(lines: Sequence[str], name: str) -> int:
    """The line of ``def NAME`` or ``class NAME``; 0 when there is none."""
    wanted = re.compile(rf"\s*(?:async\s+def|def|class)\s+{re.escape(name.rpartition('.')[2])}\b")
    return next((n for n, line in enumerate(lines, 1) if wanted.match(line)), 0)


def _end_of(lines: Sequence[str], first: int) -> int:
    """The last line of the block that begins there, by indentation."""
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    last, opened = first, False
    for number in range(first + 1, min(len(lines), first + _LINES) + 1):
        line = lines[number - 1]
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        if depth <= indent and (opened or not line.strip().startswith((")", "]", "}"))):
            break
        opened = opened or depth > indent
        last = number
    return last


_LINE = {"type": "integer", "minimum": 1}

TEXT_TOOLS = (
    BoundTool(
        Tool(
            "source",
            "Source text of the program: lines of a file, or a whole function by name.",
            tool_schema(
                path={
                    "type": "string",
                    "maxLength": 1_000,
                    "description": "a path or the end of one: orders.py",
                },
                function={"type": "string", "maxLength": 200, "description": "a function or class"},
                start={**_LINE, "description": "first line"},
                end={**_LINE, "description": f"last line; at most {_LINES} lines at a time"},
            ),
        ),
        Right.READ,
        _source,
    ),
)
