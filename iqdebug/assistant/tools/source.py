"""Source text, by path or by the name of a function."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import Result, ToolInvocation, ToolUsageError
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.parameters import FilePath
from iqdebug.core.messages import message

__all__ = ["SOURCE_TOOLS", "readable"]

MAX_LINES = 200
MAX_WIDTH = 300
DEFAULT_LINES = 80


def readable(call: ToolInvocation, name: str) -> str:
    """The one file that a path, or the end of one, stands for, when it may be read.

    :raises ToolUsageError: there is none, several, or it may not.
    """
    paths = call.context.files.resolved(name)
    if not paths:
        known = call.context.files.named[:12]
        raise ToolUsageError(message("assistant.refusal.no_file", name=name[:100], known=known))
    if len(set(paths)) > 1:
        any_of = sorted(set(paths))[:8]
        raise ToolUsageError(message("assistant.refusal.many_files", name=name[:100], paths=any_of))
    reason = call.context.files.why_not(paths[0])
    if reason:
        raise ToolUsageError(message("assistant.refusal.not_readable", name=name[:100], reason=reason))
    return paths[0]


@tool(Right.READ)
async def source(
    call: ToolInvocation,
    *,
    path: FilePath | None = None,
    function: Annotated[str, Meta(max_length=200, description="a function or class")] | None = None,
    start: Annotated[int, Meta(ge=1, description="first line")] | None = None,
    end: Annotated[int, Meta(ge=1, description=f"last line; at most {MAX_LINES} lines at a time")]
    | None = None,
) -> Result:
    """Source text of the program: lines of a file, or a whole function by name."""
    function = function or ""
    if not path and not function:
        raise ToolUsageError(message("assistant.refusal.path_or_function"))
    if path:
        path = readable(call, path)
        lines = _lines(call, path)
        first = _definition(lines, function) if function else start or 1
        if not first:
            raise ToolUsageError(message("assistant.refusal.not_defined", path=path, name=function[:60]))
    else:
        path, first = _place_of(call, function)
        lines = _lines(call, path)
    last = end or (_end_of(lines, first) if function else first + DEFAULT_LINES - 1)
    last = min(last, first + MAX_LINES - 1, len(lines))
    if first > len(lines) or last < first:
        raise ToolUsageError(message("assistant.refusal.lines_to", path=path, last=len(lines)))
    here = {f.line for t in call.session.snapshot.threads for f in t.frames if f.path == path}
    span = range(first, last + 1)
    shown = [f"{'>' if n in here else ' '}{n:5} {lines[n - 1].rstrip()[:MAX_WIDTH]}" for n in span]
    more = f" For more: start={last + 1}." if last < len(lines) else ""
    words = f"Lines {first} to {last} of {len(lines)}; `>` is where a frame stands.{more}"
    return Result(
        f"{words}\n{call.data(f'source of {path}', chr(10).join(shown))}",
        "evidence",
        f"{path}:{first}-{last}",
    )


def _lines(call: ToolInvocation, path: str) -> Sequence[str]:
    try:
        lines = call.context.read_source(path)
    except (OSError, ValueError):
        lines = ()
    if not lines:
        raise ToolUsageError(message("assistant.refusal.no_text", path=path))
    return lines


def _place_of(call: ToolInvocation, function: str) -> tuple[str, int]:
    """Where one of the frames' files defines the function; frames of that name come first."""
    bare = function.rpartition(".")[2]
    for frame in (f for t in call.session.snapshot.threads for f in t.frames):
        if frame.name.rpartition(".")[2] == bare and not call.context.files.why_not(frame.path):
            first = _definition(_lines(call, frame.path), bare)
            return frame.path, first or max(frame.first_line, frame.line - 10, 1)
    for path in call.context.files.named[:40]:
        if not call.context.files.why_not(path):
            try:
                first = _definition(call.context.read_source(path), bare)
            except (OSError, ValueError):
                continue
            if first:
                return path, first
    raise ToolUsageError(message("assistant.refusal.defined_nowhere", name=function[:60]))


def _definition(lines: Sequence[str], name: str) -> int:
    """The line of ``def NAME`` or ``class NAME``; 0 when there is none."""
    wanted = re.compile(rf"\s*(?:async\s+def|def|class)\s+{re.escape(name.rpartition('.')[2])}\b")
    return next((n for n, line in enumerate(lines, 1) if wanted.match(line)), 0)


def _end_of(lines: Sequence[str], first: int) -> int:
    """The last line of the block that begins there, by indentation."""
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    last, opened = first, False
    for number in range(first + 1, min(len(lines), first + MAX_LINES) + 1):
        line = lines[number - 1]
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        if depth <= indent and (opened or not line.strip().startswith((")", "]", "}"))):
            break
        opened = opened or depth > indent
        last = number
    return last


SOURCE_TOOLS = (source,)
