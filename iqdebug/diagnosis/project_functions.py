"""The functions of a project, by the text of its files: they need not be imported yet."""

from __future__ import annotations

import ast
import os
import time
from collections.abc import Callable, Iterator, Sequence

from iqdebug.core.code_lines import lines_with_code
from iqdebug.core.state import CodePlace
from iqdebug.diagnosis.source.outline import Definition, Outline

__all__ = ["defined_in", "definitions", "path_below", "project_files"]

MAX_FILES = 5_000
MAX_FUNCTIONS = 5_000
MAX_FOLDERS = 2_000
WALK_TIMEOUT = 1.5
"""Seconds for looking through a project's folders, and again for reading its files."""

_SKIPPED_FOLDERS = {"node_modules", "__pycache__", "site-packages", "dist-packages"}


def project_files(root: str) -> list[str]:
    """Python files below a folder, without hidden folders, environments and installed packages;
    bounded in number and time. No link is followed."""
    if not root or os.path.realpath(root) in ("/", os.path.realpath(os.path.expanduser("~"))):
        return []
    return list(_walk(root, time.monotonic() + WALK_TIMEOUT))


def _walk(root: str, deadline: float) -> Iterator[str]:
    count = 0
    for number, (folder, folders, files) in enumerate(os.walk(root)):
        if number >= MAX_FOLDERS or time.monotonic() > deadline:
            return
        if "pyvenv.cfg" in files:
            folders[:] = []
            continue
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED_FOLDERS)
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name.endswith(".py") and os.path.isfile(path):  # no pipe, which nobody could read
                yield path
                count += 1
                if count >= MAX_FILES:
                    return


def defined_in(
    root: str, paths: Sequence[str], function: str, read: Callable[[str], Sequence[str]]
) -> tuple[CodePlace, ...]:
    """The functions of that name in the text of files: of the bare name, ``Class.method``, or
    ``module.function`` with as much of the module's path as was given."""
    bare = function.rpartition(".")[2]
    deadline = time.monotonic() + WALK_TIMEOUT
    places = []
    for path in paths:
        if time.monotonic() > deadline:
            break
        lines = read(path)
        if not any(bare in line and "def " in line for line in lines):
            continue
        outline = Outline(lines)
        for one in outline.definitions:
            if one.kind == "def" and one.name == bare:
                own = one.qualname.replace("<locals>.", "")
                if f".{_module(path)}.{own}".endswith(f".{function}"):
                    name = f"{_module(path_below(path, root))}.{own}"
                    places.append(CodePlace(name, path, _body_line(outline, one)))
    return tuple(places)


def definitions(root: str, paths: Sequence[str], read: Callable[[str], Sequence[str]]) -> list[CodePlace]:
    """The functions in the text of files, by the names that they have below ``root``; as many as there
    is time for."""
    deadline = time.monotonic() + WALK_TIMEOUT
    places: list[CodePlace] = []
    for path in paths:
        if time.monotonic() > deadline or len(places) >= MAX_FUNCTIONS:
            break
        outline = Outline(read(path))
        for one in outline.definitions:
            if one.kind == "def":
                name = f"{_module(path_below(path, root))}.{one.qualname}"
                places.append(CodePlace(name, path, _first_statement(outline, one)))
    return places


def _first_statement(outline: Outline, one: Definition) -> int:
    parsed = outline.tree(one)
    if parsed is None:
        return one.line
    body = parsed.body[1:] if ast.get_docstring(parsed) is not None and len(parsed.body) > 1 else parsed.body
    return body[0].lineno


def _body_line(outline: Outline, one: Definition) -> int:
    """The first line of a function's body that has code."""
    known = lines_with_code(outline.lines)
    head = _first_statement(outline, one)
    within = [n for n in known or () if head <= n <= one.end]
    return min(within, default=head)


def _module(path: str) -> str:
    stem = os.path.splitext(path)[0].removesuffix(os.sep + "__init__")
    return stem.strip(os.sep).replace(os.sep, ".")


def path_below(path: str, root: str) -> str:
    """The path as seen from the project's folder; as it is where it lies elsewhere."""
    return os.path.relpath(path, root) if root and path.startswith(os.path.join(root, "")) else path
