"""Where functions and classes lie in a source text, without parsing all of it.

A regular expression finds the ``def`` and ``class`` lines, indentation tells where they end; only
a function that is asked for is parsed. A ten-megabyte file costs what scanning it costs.
"""

from __future__ import annotations

import ast
import bisect
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

__all__ = ["Definition", "Outline"]

_UNREAD = ast.Module(body=[], type_ignores=[])
_HEAD = re.compile(r"([ \t]*)(?:async[ \t]+)?(def|class)[ \t]+(\w+)[ \t]*[(:\[]")
_LONGEST = 1_500  # lines of a function that is parsed
_LONGEST_CLASS = 8_000  # lines of a class body that is searched
_WIDEST = 5_000  # characters of a line
_MOST = 200_000  # lines of a file that is looked at


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


class Outline:
    """:param lines: a file's lines, with or without line ends."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines if len(lines) <= _MOST else lines[:_MOST]
        self._module: ast.Module | None = _UNREAD
        self._trees: dict[int, ast.FunctionDef | ast.AsyncFunctionDef | None] = {}

    def text(self, line: int) -> str:
        return self.lines[line - 1].rstrip("\r\n") if 0 < line <= len(self.lines) else ""

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """In the order of their first lines."""
        heads = []
        for number, text in enumerate(self.lines, 1):
            if "def " in text or "class " in text:
                found = _HEAD.match(text)
                if found:
                    heads.append((number, len(found[1].expandtabs()), found[2], found[3]))
        ends = self._ends([(number, indent) for number, indent, _, _ in heads])
        definitions: list[Definition] = []
        around: list[Definition] = []
        for (number, indent, kind, name), end in zip(heads, ends, strict=True):
            while around and (around[-1].indent >= indent or around[-1].end < number):
                around.pop()
            prefix = ""
            if around:
                prefix = around[-1].qualname + ("." if around[-1].kind == "class" else ".<locals>.")
            first = self._decorated(number, indent)
            what: Literal["def", "class"] = "def" if kind == "def" else "class"
            found_here = Definition(name, prefix + name, what, first, number, end, indent)
            definitions.append(found_here)
            around.append(found_here)
        return tuple(definitions)

    def _decorated(self, line: int, indent: int) -> int:
        first = line
        while first > 1:
            text = self.lines[first - 2]
            stripped = text.lstrip()
            if stripped.startswith("@") and len(text) - len(stripped) == indent:
                first -= 1
            else:
                break
        return first

    def _ends(self, heads: list[tuple[int, int]]) -> list[int]:
        """The last line of each block: before the next line that is not indented deeper. A line
        that closes a bracket, a comment or a string may be indented less and ends nothing."""
        starts = []
        for number, text in enumerate(self.lines, 1):
            stripped = text.lstrip()
            if stripped and stripped[0] not in "#)]}\"'":
                starts.append((number, len(text[: len(text) - len(stripped)].expandtabs())))
        numbers = [number for number, _ in starts]
        ends = []
        for line, indent in heads:
            at = bisect.bisect_right(numbers, line)
            end = len(self.lines)
            while at < len(starts):
                number, depth = starts[at]
                if depth <= indent and not (self._continues(line, number) or self._in_text(line, number)):
                    end = number - 1
                    break
                at += 1
            while end > line and self._outside(self.lines[end - 1], indent):
                end -= 1
            ends.append(end)
        return ends

    @staticmethod
    def _outside(text: str, indent: int) -> bool:
        """An empty line, or a comment that belongs to what follows."""
        stripped = text.lstrip()
        return not stripped or (
            stripped.startswith("#") and len(text[: len(text) - len(stripped)].expandtabs()) <= indent
        )

    def _continues(self, head: int, line: int) -> bool:
        """Whether the line still belongs to the head's parameters."""
        text = self.lines[line - 1].lstrip()
        return line - head < 3 and text.startswith(("->", ","))

    @cached_property
    def _quotes(self) -> tuple[list[int], list[int]]:
        """The lines on which texts in three quotes begin or end, by kind of quote."""
        double = [n for n, text in enumerate(self.lines, 1) if text.count('"""') % 2]
        return double, [n for n, text in enumerate(self.lines, 1) if text.count("'''") % 2]

    def _in_text(self, head: int, line: int) -> bool:
        """Whether the line stands in a text of several lines that began in the block: such a text may be
        indented as it likes. What looks like another ``def`` or ``class`` is taken for one."""
        for lines in self._quotes:
            if (bisect.bisect_left(lines, line) - bisect.bisect_left(lines, head)) % 2:
                return _HEAD.match(self.text(line)) is None
        return False

    @cached_property
    def _firsts(self) -> list[int]:
        return [d.first for d in self.definitions]

    def function_at(self, line: int) -> Definition | None:
        """The innermost function that holds the line."""
        at = bisect.bisect_right(self._firsts, line) - 1
        while at >= 0:
            found = self.definitions[at]
            if found.kind == "def" and found.holds(line):
                return found
            at -= 1
            if self._firsts[at] < line - 20_000:
                return None
        return None

    def class_of(self, definition: Definition) -> Definition | None:
        """The class whose body holds the function directly."""
        owner = definition.qualname.rpartition(".")[0]
        return next((d for d in self.definitions if d.kind == "class" and d.qualname == owner), None)

    def methods(self, owner: Definition) -> tuple[Definition, ...]:
        prefix = owner.qualname + "."
        return tuple(
            d
            for d in self.definitions
            if d.kind == "def" and d.qualname.startswith(prefix) and "." not in d.qualname[len(prefix) :]
        )

    def declares(self, owner: Definition, attribute: str) -> int:
        """The line of a class body, outside of its methods, that gives an attribute its value; 0 for none."""
        head = re.compile(rf"[ \t]+{re.escape(attribute)}[ \t]*(?::[^=]+)?=(?!=)")
        inner = [d for d in self.definitions if owner.line < d.line <= owner.end]
        for line in range(owner.line + 1, min(owner.end, owner.line + _LONGEST_CLASS) + 1):
            if head.match(self.text(line)) and not any(d.holds(line) for d in inner):
                return line
        return 0

    def named(self, name: str) -> Definition | None:
        """A function or class of the module's top level, or by its qualified name."""
        return next((d for d in self.definitions if d.qualname == name), None)

    def starting(self, line: int) -> Definition | None:
        """The function whose code starts at the line: its ``def`` or first decorator."""
        return next((d for d in self.definitions if d.kind == "def" and line in (d.line, d.first)), None)

    def module_around(self, line: int) -> ast.Module | None:
        """The module's own statements, with its functions and classes left empty; None where that
        cannot be parsed. Lines keep their numbers."""
        if self._module is _UNREAD:
            self._module = self._parsed_module()
        return self._module

    def _parsed_module(self) -> ast.Module | None:
        if len(self.lines) > _LONGEST * 4:
            return None
        text = "\n".join(self.text(n) for n in range(1, len(self.lines) + 1))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        for node in module.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                node.body = []
        return module

    def tree(self, definition: Definition) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function's syntax tree with the file's own line numbers; None where it cannot be
        parsed, or is longer than ``_LONGEST`` lines."""
        if definition.line in self._trees:
            return self._trees[definition.line]
        self._trees[definition.line] = found = self._parsed(definition)
        return found

    def _parsed(self, definition: Definition) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        first, end = definition.first, definition.end
        if end - first > _LONGEST:
            return None
        block = [self.text(n) for n in range(first, end + 1)]
        if any(len(text) > _WIDEST for text in block):
            return None
        # The indentation stays, as strings that span lines need it.
        text = "if 1:\n" + "\n".join(block) if definition.indent else "\n" + "\n".join(block)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                ast.increment_lineno(node, first - 2)
                return node
        return None
