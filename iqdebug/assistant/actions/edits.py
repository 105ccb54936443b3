"""What a model proposes to change, read from whatever form it chose: a unified diff, search and
replace blocks, JSON of a tool call, or whole functions in a code fence."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iqdebug.core.errors import UsageError
from iqdebug.core.messages import message
from iqdebug.system.unified_diff import parse_loose_diff

__all__ = ["Definition", "Edit", "EditRefused", "Hunk", "edits_in", "edits_of_call"]

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})([^\n`]*)\n(.*?)^[ \t]*\1[ \t]*$", re.M | re.S)
_BLOCK = re.compile(
    r"^<{5,9} ?(?:SEARCH|ORIGINAL)[^\n]*\n(.*?)^={5,9}[ \t]*\n(.*?)^>{5,9} ?(?:REPLACE|UPDATED)[^\n]*$",
    re.M | re.S,
)
_ELIDED = re.compile(
    r"^\s*(?:#\s*)?(?:\.\.\.|…)\s*(?:\(?(?:rest|existing|unchanged|same|remaining).*)?$", re.I
)
_ELIDED_WORDS = re.compile(r"#.*(?:\.\.\.|…).*\b(?:rest|existing|unchanged|same|remaining|before)\b", re.I)
MAX_REPLY = 400_000  # characters of a reply that are read


class EditRefused(UsageError):
    """An edit that cannot be made as it was proposed, in words by which it can be mended."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines to find and what to put there. ``line`` is where they are said to begin (0: not said);
    ``exact`` text may also be part of one line."""

    path: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or method to replace as a whole. ``owner`` is its class, "" where it was not named."""

    path: str
    name: str
    owner: str
    lines: tuple[str, ...]
    decorated: bool = False


Edit = Hunk | Definition


def edits_of_call(arguments: Mapping[str, Any]) -> tuple[Edit, ...]:
    """The edits of a tool call's arguments: ``path``, ``old``, ``new``, or a list of such as ``edits``,
    or a ``diff``.

    :raises EditRefused: something is missing.
    """
    if isinstance(arguments.get("diff"), str):
        return edits_in(arguments["diff"], str(arguments.get("path", "")))
    listed = arguments.get("edits")
    rows = listed if isinstance(listed, list) else [arguments]
    hunks = []
    for row in rows:
        if not isinstance(row, Mapping) or not all(isinstance(row.get(k), str) for k in ("old", "new")):
            raise EditRefused(
                message("assistant.actions.edit.lacks_texts"),
                message("assistant.actions.edit.lacks_texts.why"),
            )
        if not row["old"].strip():
            raise EditRefused(
                message("assistant.actions.edit.old_empty"), message("assistant.actions.edit.old_empty.why")
            )
        path = str(row.get("path") or arguments.get("path") or "")
        hunks.append(Hunk(path, _lines(row["old"]), _lines(row["new"])))
    return tuple(hunks)


def edits_in(reply: str, path: str = "") -> tuple[Edit, ...]:
    """The edits of a reply. ``path`` is the file meant where the reply names none.

    :raises EditRefused: there are none in any of the forms.
    """
    text = reply[:MAX_REPLY].replace("\r\n", "\n")
    edits: tuple[Edit, ...] = tuple(_blocks(text, path))
    edits = edits or tuple(_diffs(text, path)) or _json(text, path) or tuple(_definitions(text, path))
    if not edits:
        raise EditRefused(message("assistant.actions.edit.none"), message("assistant.actions.edit.none.why"))
    return edits


def _lines(text: str) -> tuple[str, ...]:
    text = text.replace("\r\n", "\n")
    return tuple(text[:-1].split("\n") if text.endswith("\n") else text.split("\n")) if text else ()


def _blocks(text: str, path: str) -> Iterator[Hunk]:
    at = 0
    for block in _BLOCK.finditer(text):
        path = _path_above(text[at : block.start()]) or path
        at = block.end()
        if block[1].strip():
            yield Hunk(path, _lines(block[1]), _lines(block[2]))


def _path_above(text: str) -> str:
    for line in reversed(text.rstrip().splitlines()[-4:]):
        words = line.strip().strip("`*#: ").removeprefix("python").strip(": ")
        if words.endswith(".py") and " " not in words:
            return words
        if words:
            named = re.search(r"[\w./\\-]+\.py\b", words)
            return named[0] if named else ""
    return ""


def _diffs(text: str, path: str) -> Iterator[Hunk]:
    for hunk in parse_loose_diff(text):
        old, new = list(hunk.old_lines), list(hunk.new_lines)
        while old and new and old[-1] == new[-1] == "":
            old.pop()
            new.pop()
        if old != new:
            yield Hunk(hunk.new_path or hunk.old_path or path, tuple(old), tuple(new), hunk.old_start)


def _json(text: str, path: str) -> tuple[Edit, ...]:
    tried = [m[3] for m in _FENCE.finditer(text)] + [text]
    at = text.find("{")
    if at >= 0:
        tried.append(text[at : text.rfind("}") + 1])
    for each in tried:
        try:
            value = json.loads(each)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("arguments"), dict):
            value = value["arguments"]
        if isinstance(value, list):
            value = {"edits": value}
        if isinstance(value, dict) and {"old", "edits", "diff"} & value.keys():
            return edits_of_call({"path": path, **value})
    return ()


def _definitions(text: str, path: str) -> Iterator[Definition]:
    # A fence that is not closed may have been cut off in the middle of a function.
    for language, body, start in [(m[2], m[3], m.start()) for m in _FENCE.finditer(text)]:
        if language.strip().lower().split(" ")[0] not in ("", "python", "py", "python3"):
            continue
        source = textwrap.dedent(body)
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue
        named = _path_above(text[:start]) or path
        lines = source.split("\n")
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield _definition(inner, named, node.name, lines)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield _definition(node, named, "", lines)


def _definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef, path: str, owner: str, lines: list[str]
) -> Definition:
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    body = textwrap.dedent("\n".join(lines[first - 1 : node.end_lineno])).split("\n")
    for line in body:
        if (_ELIDED.match(line) and len(body) > 2) or _ELIDED_WORDS.search(line):
            raise EditRefused(
                message("assistant.actions.edit.not_whole", function=node.name, line=line.strip()),
                message("assistant.actions.edit.not_whole.why"),
            )
    return Definition(path, node.name, owner, tuple(body), bool(node.decorator_list))
