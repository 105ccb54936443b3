"""Which lines of a source text have code, so that a breakpoint there can be hit."""

from __future__ import annotations

import ast
import dis
import warnings
from collections.abc import Iterable, Sequence
from types import CodeType

__all__ = ["lines_with_code", "nearest"]

MAX_TEXT = 2 << 20
"""Characters of a text that is compiled."""


def lines_with_code(lines: Sequence[str]) -> frozenset[int] | None:
    """Numbers from 1; None where this Python cannot compile the text, or it is too long. The text is
    compiled, never run; ``await`` may stand at its top level, as in a notebook."""
    text = "\n".join(line.rstrip("\r\n") for line in lines)
    if len(text) > MAX_TEXT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(text + "\n", "<text>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return None
    return frozenset(_lines_of(code))


def _lines_of(code: CodeType) -> Iterable[int]:
    pending = [code]
    while pending:
        one = pending.pop()
        yield from (line for _, line in dis.findlinestarts(one) if line)
        pending += [inner for inner in one.co_consts if isinstance(inner, CodeType)]


def nearest(line: int, known: Iterable[int]) -> tuple[int, ...]:
    """The next lines before and after, as far as there are any."""
    numbers = list(known)
    before = max((n for n in numbers if n < line), default=0)
    after = min((n for n in numbers if n > line), default=0)
    return tuple(n for n in (before, after) if n)
