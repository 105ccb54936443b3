"""Which lines of a source text hold which function or class, found without parsing it.

A regular expression finds the ``def`` and ``class`` lines, indentation says where they end. Where one
ends is worked out when it is asked for: a line in a ten-megabyte file costs little more than finding its
``def`` lines.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

__all__ = ["Definition", "Definitions"]

_HEAD = re.compile(r"([ \t]*)(?:async[ \t]+)?(def|class)[ \t]+(\w+)[ \t]*[(:\[]")
MAX_FUNCTION_DISTANCE = 20_000
"""Lines between a line and the ``def`` of the function that holds it."""
_ENDS_NOTHING = 1 << 30


@dataclass(frozen=True, slots=True)
class Definition:
    """``first`` is the line of the first decorator, ``line`` that of ``def``, ``end`` the last of
    the body; all count from 1. ``qualname`` is as Python forms it, with ``<locals>``."""

    name: str
    qualname: str
    kind: Literal["def", "class"]
    first: int
    line: int
    end: int
    indent: int

    def holds(self, line: int) -> bool:
        return self.first <= line <= self.end


class _Head(NamedTuple):
    line: int
    indent: int
    kind: Literal["def", "class"]
    name: str


class Definitions:
    """Those of one text, numbered in the order of their first lines.

    :param lines: with or without line ends.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._depths = [-1] * (len(lines) + 1)  # by line; -1 for one not looked at yet
        self._ends: dict[int, int] = {}  # by the line of the head
        self._known: dict[int, Definition] = {}

    def __len__(self) -> int:
        return len(self._heads)

    def __getitem__(self, index: int) -> Definition:
        if index not in self._known:
            head, parent = self._heads[index], self._parent(index)
            prefix = ""
            if parent is not None:
                outer = self[parent]
                prefix = outer.qualname + ("." if outer.kind == "class" else ".<locals>.")
            first, end = self._first(head), self._end(head)
            self._known[index] = Definition(
                head.name, prefix + head.name, head.kind, first, head.line, end, head.indent
            )
        return self._known[index]

    def functions_around(self, line: int) -> Iterator[Definition]:
        """The functions that hold the line, innermost first."""
        index = bisect.bisect_right(self._head_lines, line)
        if index < len(self._heads) and self._first(self._heads[index]) <= line:
            index += 1  # a decorator
        for i in self._holding(index, line):
            if self._heads[i].kind == "def":
                yield self[i]

    def _parent(self, index: int) -> int | None:
        head = self._heads[index]
        return next((i for i in self._holding(index, head.line) if self._heads[i].indent < head.indent), None)

    def _holding(self, index: int, line: int) -> Iterator[int]:
        """Those before the index that hold the line, innermost first."""
        depth = _ENDS_NOTHING
        for i in range(index - 1, -1, -1):
            head = self._heads[i]
            if head.line < line - MAX_FUNCTION_DISTANCE or not depth:
                return
            if head.indent >= depth:
                continue  # it ended where one that is no deeper began
            depth = head.indent
            if self._end(head) >= line:
                yield i

    @cached_property
    def _heads(self) -> list[_Head]:
        heads = []
        for number, text in enumerate(self._lines, 1):
            if "def " in text or "class " in text:
                match = _HEAD.match(text)
                if match:
                    indent, word, name = match.groups()
                    kind: Literal["def", "class"] = "def" if word == "def" else "class"
                    heads.append(_Head(number, len(indent.expandtabs()), kind, name))
        return heads

    @cached_property
    def _head_lines(self) -> list[int]:
        return [head.line for head in self._heads]

    def _first(self, head: _Head) -> int:
        """The line of its first decorator."""
        first = head.line
        while first > 1:
            text = self._lines[first - 2]
            stripped = text.lstrip()
            if not stripped.startswith("@") or len(text) - len(stripped) != head.indent:
                break
            first -= 1
        return first

    def _end(self, head: _Head) -> int:
        """The last line of its body: before the next line that is not indented deeper. A line that
        closes a bracket, a comment or a string may be indented less and ends nothing."""
        if head.line not in self._ends:
            self._ends[head.line] = self._find_end(head)
        return self._ends[head.line]

    def _find_end(self, head: _Head) -> int:
        end, indent, depths = len(self._lines), head.indent, self._depths
        for number in range(head.line + 1, end + 1):
            depth = depths[number]
            if depth < 0:
                depth = depths[number] = _depth(self._lines[number - 1])
            if depth <= indent and self._ends_block(head.line, number):
                end = number - 1
                break
        while end > head.line and _is_outside(self._lines[end - 1], indent):
            end -= 1
        return end

    def _ends_block(self, head: int, line: int) -> bool:
        """Whether a line that is indented no deeper is neither of the head's parameters nor stands in a
        text of several lines that began in the block: such a text may be indented as it likes. What
        looks like another ``def`` or ``class`` is taken for one."""
        text = self._lines[line - 1]
        if line - head < 3 and text.lstrip().startswith(("->", ",")):
            return False
        for lines in self._quoting_lines:
            if (bisect.bisect_left(lines, line) - bisect.bisect_left(lines, head)) % 2:
                return _HEAD.match(text) is not None
        return True

    @cached_property
    def _quoting_lines(self) -> tuple[list[int], ...]:
        """The lines on which texts in three quotes begin or end, by kind of quote."""
        return tuple(
            [n for n, text in enumerate(self._lines, 1) if quotes in text and text.count(quotes) % 2]
            for quotes in ('"""', "'''")
        )


def _depth(text: str) -> int:
    """The indentation of a line that may end a block; of any other line more than any block's."""
    stripped = text.lstrip()
    return _indentation(text, stripped) if stripped and stripped[0] not in "#)]}\"'" else _ENDS_NOTHING


def _indentation(text: str, stripped: str) -> int:
    width = len(text) - len(stripped)
    return len(text[:width].expandtabs()) if "\t" in text else width


def _is_outside(text: str, indent: int) -> bool:
    """Whether it is an empty line, or a comment that belongs to what follows the block."""
    stripped = text.lstrip()
    return not stripped or (stripped.startswith("#") and _indentation(text, stripped) <= indent)
