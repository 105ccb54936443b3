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
from iqdebug.core.messages import Text, message
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
            raise UsageError(message("core.place.line_zero", place=words))
        return Asked(words, path=path.strip(), line=line)
    if words.endswith(".py") or os.sep in words:
        raise UsageError(
            message("core.place.without_line", place=words[:200]), fix=message("core.place.without_line.fix")
        )
    if words and all(part.isidentifier() for part in words.split(".")):
        return Asked(words, function=words)
    raise UsageError(
        message("core.place.none", place=repr(words[:100])),
        fix=message("core.place.none.fix"),
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
        message("core.place.no_file", path=asked.path),
        message("core.place.no_file.why", folder=root or "/"),
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
            message("core.place.no_function", function=asked.function),
            message("core.place.no_function.why"),
            message("core.place.no_function.fix"),
        )
    if len(distinct) > 1:
        raise UsageError(
            message("core.place.several_functions", function=asked.function, count=len(distinct)),
            _listed([f"{p.name} ({path_below(p.path, root)}:{p.line})" for p in distinct.values()]),
            message("core.place.several_functions.fix"),
        )
    place = next(iter(distinct.values()))
    return Breakpoint(place.path, place.line, in_memory=place.in_memory)


def _checked(asked: Asked, path: str, lines: Sequence[str], in_memory: bool = False) -> Breakpoint:
    if not lines:
        raise UsageError(
            message("core.place.cannot_be_read", path=path), message("core.place.cannot_be_read.why")
        )
    known = lines_with_code(lines)
    if known is not None and asked.line not in known:
        file, near = os.path.basename(path), nearest(asked.line, known)
        if asked.line <= len(lines):
            what = message("core.place.no_code", line=asked.line, file=file)
        else:
            what = message("core.place.past_end", line=asked.line, file=file, count=len(lines))
        raise UsageError(what, fix=message("core.place.no_code.fix", lines=near) if near else "")
    return Breakpoint(path, asked.line, in_memory=in_memory)


def _ending(asked: Asked, paths: Sequence[str]) -> str:
    """The one path that ends as asked; "" for none.

    :raises UsageError: several do.
    """
    ending = os.sep + os.path.normpath(asked.path).lstrip("./")
    matches = sorted({path for path in paths if path.endswith(ending)})
    if len(matches) > 1:
        raise UsageError(
            message("core.place.several_files", path=asked.path, count=len(matches)),
            _listed(matches),
            message("core.place.several_files.fix"),
        )
    return matches[0] if matches else ""


def _listed(places: Sequence[str]) -> Text:
    shown, left = ", ".join(places[:MAX_LISTED]), len(places) - MAX_LISTED
    return message("core.place.several", places=shown, left=left) if left > 0 else shown
