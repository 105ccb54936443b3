"""Search in the program's source: a text, or where a name is defined."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import Result, ToolInvocation, ToolUsageError
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.git import ask_git
from iqdebug.core.errors import MissingTool
from iqdebug.core.messages import message

__all__ = ["SEARCH_TOOLS"]

SEARCH_TIMEOUT = 3.0  # seconds for walking, and again for reading
MAX_FILES = 5_000
MAX_FILE_BYTES = 1 << 20
MAX_HITS = 200
MAX_LINE = 5_000  # characters; a longer line is no source
SKIPPED_FOLDERS = frozenset(("node_modules", "__pycache__", "site-packages", "build", "dist"))

Match = Callable[[str], bool]


@tool(Right.READ)
async def search(
    call: ToolInvocation,
    *,
    text: Annotated[str, Meta(max_length=200)] | None = None,
    symbol: Annotated[str, Meta(max_length=100, description="a function, class or variable")] | None = None,
    path: Annotated[str, Meta(max_length=300, description="only files whose path holds this")] | None = None,
    start: Annotated[int, Meta(ge=0)] = 0,
    count: Annotated[int, Meta(ge=1, le=100)] = 30,
) -> Result:
    """Search the program's source: `text` anywhere (any case), or `symbol` where it is defined."""
    if text and text == symbol:
        symbol = None
    if bool(text) == bool(symbol):
        raise ToolUsageError(message("assistant.refusal.text_or_symbol"))
    if symbol and not symbol.isidentifier():
        raise ToolUsageError(message("assistant.refusal.one_symbol"))
    match = _defines(symbol) if symbol else _holds(text or "")
    paths, whole = await _paths(call)
    if path:
        paths = [each for each in paths if path in each]
    hits, complete = await asyncio.to_thread(_hits, paths, match, _reader(call))
    shown = hits[start : start + count]
    if not hits:
        limits = "" if complete and whole else " (not all files were searched)"
        summary = message("assistant.summary.nothing_found", wanted=symbol or text)
        return Result(f"Nothing found in {len(paths):,} files{limits}.", "evidence", summary)
    many = message("assistant.summary.lines_found", wanted=symbol or text, count=len(hits))
    if not (complete and whole):
        many = message("assistant.summary.more_lines_found", wanted=symbol or text, count=len(hits))
    or_more = "" if complete and whole else " or more"
    words = f"{len(hits)}{or_more} lines in {len(paths):,} files; {len(shown)} from {start}."
    if start + count < len(hits):
        words += f" For more: start={start + count}."
    body = call.data(f"search for {symbol or text}", "\n".join(shown))
    return Result(f"{words}\n{body}", "evidence", many)


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
    files = call.context.files
    paths = dict.fromkeys(files.recorded if files.recorded is not None else files.named)
    for root in files.roots:
        try:
            printed = await ask_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        except MissingTool:
            printed = None
        listed: Iterable[str] = (
            (os.path.join(root, n) for n in printed.split("\0") if n) if printed else _walk(root)
        )
        for path in listed:
            if len(paths) >= MAX_FILES:
                return list(paths), False
            paths.setdefault(path)
    return list(paths), True


def _walk(root: str) -> Iterator[str]:
    until = time.monotonic() + SEARCH_TIMEOUT
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in SKIPPED_FOLDERS)
        folders[:] = [f for f in folders if not os.path.exists(os.path.join(folder, f, "pyvenv.cfg"))]
        yield from (os.path.join(folder, name) for name in sorted(names) if not name.startswith("."))
        if time.monotonic() > until:
            return


def _reader(call: ToolInvocation) -> Callable[[str], Sequence[str]]:
    """The lines of files that may be read and are no giants, by one look at what may be read."""
    recorded, reach = frozenset(call.context.files.recorded or ()), call.context.files.reach

    def read(path: str) -> Sequence[str]:
        if path in recorded:
            return call.context.read_source(path)
        try:
            return () if os.path.getsize(path) > MAX_FILE_BYTES else reach.read(path)
        except (OSError, ValueError):
            return ()

    return read


def _hits(paths: Sequence[str], match: Match, read: Callable[[str], Sequence[str]]) -> tuple[list[str], bool]:
    """The lines that fit, and whether all files were looked at."""
    hits: list[str] = []
    until = time.monotonic() + SEARCH_TIMEOUT
    for path in paths:
        if len(hits) >= MAX_HITS or time.monotonic() > until:
            return hits, False
        for number, line in enumerate(read(path), 1):
            if len(line) < MAX_LINE and match(line):
                hits.append(f"{path}:{number}: {line.strip()[:200]}")
                if len(hits) >= MAX_HITS:
                    return hits, False
    return hits, True


SEARCH_TOOLS = (search,)
