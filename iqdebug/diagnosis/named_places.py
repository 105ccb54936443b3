"""Places in code as a person names them: FILE:LINE, or a function.

A file is looked for on disk, then among those that the target has loaded. A function is looked for
in the target, then in the text of the project's files, where it may wait to be imported.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iqdebug.core.code_lines import lines_with_code, nearest
from iqdebug.core.errors import UsageError
from iqdebug.core.session import CodeFinder
from iqdebug.core.state import Breakpoint, CodePlace
from iqdebug.diagnosis.project_functions import defined_in, path_below, project_files
from iqdebug.system.source_files import read_lines

__all__ = [
    "Asked",
    "file_named",
    "on_disk",
    "parse",
    "resolve",
]

MAX_LISTED = 4
"""Places that are named in a message."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``line`` and ``path``, or ``function``."""

    text: str
    path: str = ""
    line: int = 0
    function: str = ""


def parse(text: str) -> Asked:
    """:raises UsageError: it is neither FILE:LINE nor a function's name."""
    words = text.strip()
    path, colon, number = words.rpartition(":")
    if colon and path and number.strip().isdecimal() and len(number) < 9:
        line = int(number)
        if line < 1:
            raise UsageError(f"{words}: lines count from 1")
        return Asked(words, path=path.strip(), line=line)
    if words.endswith(".py") or os.sep in words:
        raise UsageError(f"{words[:200]}: which line?", fix="name FILE:LINE")
    if words and all(part.isidentifier() for part in words.split(".")):
        return Asked(words, function=words)
    raise UsageError(
        f"{words[:100]!r} is no place for a breakpoint",
        fix="name FILE:LINE, or a function: accept, OrderService.accept, shop.orders.accept",
    )


def on_disk(asked: Asked, root: str) -> Breakpoint | None:
    """The breakpoint, where FILE:LINE names a file that is there: as it is, in the folder ``root``,
    in the current one, or as the end of one path of the project's. None: the target may know more.

    :raises UsageError: the line has no code, or several files are meant.
    """
    path = _path_on_disk(asked, root)
    return _checked(asked, path, read_lines(path)) if path else None


def _path_on_disk(asked: Asked, root: str) -> str:
    if not asked.path or asked.path.startswith("<"):
        return ""
    for folder in (root, os.getcwd()):
        path = os.path.abspath(os.path.join(folder or "/", os.path.expanduser(asked.path)))
        if os.path.isfile(path):
            return path
    return _ending(asked, project_files(root))


async def resolve(
    asked: Asked, root: str, finder: CodeFinder | None, read: Callable[[str], Sequence[str]]
) -> Breakpoint:
    """
    :param root: the project's folder.
    :param read: path → lines.
    :raises UsageError: it is not found, is more than one place, or has no code.
    """
    if asked.function:
        return await _function(asked, root, finder, read)
    place = await file_named(asked, root, finder)
    return _checked(asked, place.path, await asyncio.to_thread(read, place.path), place.in_memory)


async def file_named(asked: Asked, root: str, finder: CodeFinder | None) -> CodePlace:
    """The file and line, whether or not there is code on it. The text of one in memory has been read.

    :raises UsageError: there is no such file, or more than one.
    """
    path = await asyncio.to_thread(_path_on_disk, asked, root)
    if path:
        return CodePlace("", path, asked.line)
    if finder is not None:
        files = await finder.files()
        path = asked.path if asked.path.startswith("<") else _ending(asked, [f.path for f in files])
        if path:
            memory = path.startswith("<") or any(f.in_memory for f in files if f.path == path)
            if not memory or await finder.source(path):
                return CodePlace("", path, asked.line, memory)
    raise UsageError(
        f"there is no file {asked.path}",
        f"neither below {root or '/'} nor among the files that the process has loaded",
    )


async def _function(
    asked: Asked, root: str, finder: CodeFinder | None, read: Callable[[str], Sequence[str]]
) -> Breakpoint:
    places = await finder.named(asked.function) if finder is not None else ()
    if not places:
        places = await asyncio.to_thread(lambda: defined_in(root, project_files(root), asked.function, read))
    distinct = {(p.path, p.line): p for p in places}
    if not distinct:
        raise UsageError(
            f"there is no function {asked.function}",
            "neither among those that are loaded nor in the files of the project",
            "FILE:LINE works as well",
        )
    if len(distinct) > 1:
        raise UsageError(
            f"{asked.function} may be any of {len(distinct)} functions",
            _listed([f"{p.name} ({path_below(p.path, root)}:{p.line})" for p in distinct.values()]),
            "name one as module.function, as Class.method, or as FILE:LINE",
        )
    place = next(iter(distinct.values()))
    return Breakpoint(place.path, place.line, in_memory=place.in_memory)


def _checked(asked: Asked, path: str, lines: Sequence[str], in_memory: bool = False) -> Breakpoint:
    if not lines:
        raise UsageError(f"{path} cannot be read", "it is empty, not text, or too large")
    known = lines_with_code(lines)
    if known is not None and asked.line not in known:
        near = " and ".join(str(n) for n in nearest(asked.line, known))
        what = "has no code" if asked.line <= len(lines) else f"is past the end ({len(lines)} lines)"
        raise UsageError(
            f"line {asked.line} of {os.path.basename(path)} {what}",
            fix=f"lines near it that have: {near}" if near else "",
        )
    return Breakpoint(path, asked.line, in_memory=in_memory)


def _ending(asked: Asked, paths: Sequence[str]) -> str:
    """The one path that ends as asked; "" for none.

    :raises UsageError: several do.
    """
    ending = os.sep + os.path.normpath(asked.path).lstrip("./")
    matches = sorted({path for path in paths if path.endswith(ending)})
    if len(matches) > 1:
        raise UsageError(
            f"{asked.path} may be any of {len(matches)} files", _listed(matches), "name more of it"
        )
    return matches[0] if matches else ""


def _listed(words: Sequence[str]) -> str:
    rest = f" and {len(words) - MAX_LISTED} more" if len(words) > MAX_LISTED else ""
    return ", ".join(words[:MAX_LISTED]) + rest
