"""Which expression of a function made a text: the constant parts of what it formats stand in the text.

A parser that stops at ``label "(…)"`` was fed by whoever writes `` "(`` and ``)"`` around something;
that holds whatever the language of the text is, and needs nothing but the text and the source.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from iqdebug.diagnosis.source.functions import FunctionTree

__all__ = ["made_by"]

MIN_CHARACTERS = 2  # characters of the constant parts that are no blanks
MAX_TEXT_LENGTH = 2_000
MAX_EXPRESSIONS = 200  # expressions of a function


def made_by(tree: FunctionTree, text: str) -> list[tuple[ast.expr, int]]:
    """The expressions of the function that format something with constant parts that all stand in the
    text, in their order, and how many characters those are: the longest first, none below two."""
    text = text[:MAX_TEXT_LENGTH]
    makers: list[tuple[ast.expr, int]] = []
    for expression in _formatting(tree):
        parts = [p for p in _parts(expression) if p]
        size = sum(len(part.replace(" ", "")) for part in parts)
        if size >= MIN_CHARACTERS and _in_order(parts, text):
            makers.append((expression, size))
    return sorted(makers, key=lambda each: -each[1])


def _formatting(tree: FunctionTree) -> Iterator[ast.expr]:
    inner: set[int] = set()
    count = 0
    for node in ast.walk(tree):
        if id(node) in inner or not isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call):
            continue
        if len(_parts(node)) > 1 and count < MAX_EXPRESSIONS:
            count += 1
            inner.update(id(below) for below in ast.walk(node))
            yield node


def _parts(node: ast.expr) -> list[str]:
    """The constant parts of a formatted text, "" for each value in it; one alone is no format."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else [""]
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in (_parts(value) if _constant(value) else [""])]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [*_parts(node.left), *_parts(node.right)]
        return parts if any(parts) else [""]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and _constant(node.left):
        return _between(_parts(node.left)[0], "%")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _between(_parts(node.func.value)[0], "{") if _constant(node.func.value) else [""]
    return [""]


def _constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _between(template: str, mark: str) -> list[str]:
    """The parts of a ``%`` or ``{}`` template between its values."""
    first, *rest = template.split(mark)
    parts = [first]
    for piece in rest:
        parts.append("")
        parts.append(piece[1:] if mark == "%" else piece.partition("}")[2])
    return parts


def _in_order(parts: list[str], text: str) -> bool:
    at = 0
    for part in parts:
        start = text.find(part, at)
        if start < 0:
            return False
        at = start + len(part)
    return True
