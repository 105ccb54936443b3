"""Search in the program's source: a text, or where a name is defined."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import BoundTool, Result, ToolInvocation, ToolUsageError
from iqdebug.assistant.tools.git import ask_git
from iqdebug.assistant.tools.schema import tool_schema
from iqdebug.core.errors import MissingTool
from iqdebug.llm.messages import Tool

__all__ = ["SEARCH_TOOLS"]

_SECONDS = 3.0
_FILES = 5_000
_BYTES = 1 << 20
_HITS = 200
_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages", "build", "dist"))

Match = Callable[[str], bool]


async def _search(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    text, symbol = arguments.get("text", ""), arguments.get("symbol", "")
    if bool(text) == bool(symbol):
        raise ToolUsageError("give either `text` or `symbol`")
    if symbol and not symbol.isidentifier():
        raise ToolUsageError("`symbol` must be one name; use `text` for anything else")
    match = _defines(symbol) if symbol else _holds(text)
    paths, whole = await _paths(call)
    wanted = arguments.get("path", "")
    paths = [path for path in paths if wanted in path] if wanted else paths
    hits, complete = await asyncio.to_thread(_hits, paths, match, _reader(call))
    start, count = arguments["start"], arguments["count"]
    shown = hits[start : start + count]
    if not hits:
        limits = "" if complete and whole else " (not all files were searched)"
        return Result(
            f"Nothing found in {len(paths):,} files{limits}.", "evidence", f"search {symbol or text}: nothing"
        )
    many = f"{len(hits)}{'' if complete and whole else ' or more'}"
    words = f"{many} lines in {len(paths):,} files; {len(shown)} from {start}."
    if start + count < len(hits):
        words += f" For more: start={start + count}."
    body = call.data(f"search for {symbol or text}", "\n".join(shown))
    return Result(f"{words}\n{body}", "evidence", f"search {symbol or text}: {many} lines")


def _holds(text: str) -> Match:
    lower = text.lower()
    return lambda line: lower in line.lower()


def _defines(symbol: str) -> Match:
    name = re.escape(symbol)
    wanted = re.compile(
        rf"\s*(?:(?:async\s+def|def|class)\s+{name}\b|(?:self\.|cls\.)?{name}\s*(?::[^=]{{1,200}})?=[^=])"
    )
    return lambda line: wanted.match(line) is not None


async def _paths(call: ToolInvocation) -> tuple[list[str], bool]:
    """The files to search, and whether they are all: of each root what git does not ignore, else what
    lies there; and those that frames name."""
    files = call.world.files
    found = dict.fromkeys(files.recorded if files.recorded is not None else files.named)
    for root in files.roots:
        try:
            said = await ask_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        except MissingTool:
            said = None
        listed: Iterable[str] = (
            (os.path.join(root, n) for n in said.split("\0") if n) if said else _walk(root)
        )
        for path in listed:
            if len(found) >= _FILES:
                return list(found), False
            found.setdefault(path)
    return list(found), True


def _walk(root: str) -> Iterator[str]:
    until = time.monotonic() + _SECONDS
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        folders[:] = [f for f in folders if not os.path.exists(os.path.join(folder, f, "pyvenv.cfg"))]
        yield from (os.path.join(folder, name) for name in sorted(names) if not name.startswith("."))
        if time.monotonic() > until:
            return


def _reader(call: ToolInvocation) -> Callable[[str], Sequence[str]]:
    """The lines of files that may be read and are no giants, by one look at what may be read."""
    recorded, reach = frozenset(call.world.files.recorded or ()), call.world.files.reach

    def read(path: str) -> Sequence[str]:
        if path in recorded:
            return call.world.read_source(path)
        try:
            return () if os.path.getsize(path) > _BYTES else reach.read(path)
        except (OSError, ValueError):
            return ()

    return read


def _hits(paths: Sequence[str], match: Match, read: Callable[[str], Sequence[str]]) -> tuple[list[str], bool]:
    """The lines that fit, and whether all files were looked at."""
    found: list[str] = []
    until = time.monotonic() + _SECONDS
    for path in paths:
        if len(found) >= _HITS or time.monotonic() > until:
            return found, False
        for number, line in enumerate(read(path), 1):
            if len(line) < 5_000 and match(line):
                found.append(f"{path}:{number}: {line.strip()[:200]}")
                if len(found) >= _HITS:
                    return found, False
    return found, True


SEARCH_TOOLS = (
    BoundTool(
        Tool(
            "search",
            "Search the program's source: `text` anywhere (any case), or `symbol` where it is defined.",
            tool_schema(
                text={"type": "string", "maxLength": 200},
                symbol={"type": "string", "maxLength": 100, "description": "a function, class or variable"},
                path={"type": "string", "maxLength": 300, "description": "only files whose path holds this"},
                start={"type": "integer", "minimum": 0, "default": 0},
                count={"type": "integer", "minimum": 1, "maximum": 100, "default": 30},
            ),
        ),
        Right.READ,
        _search,
    ),
)
