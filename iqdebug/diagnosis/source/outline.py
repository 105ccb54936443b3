"""One source text: its functions and classes, and syntax trees of the pieces that are asked for."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from functools import cached_property

from iqdebug.diagnosis.source.definitions import Definition, Definitions

__all__ = ["Definition", "FunctionTree", "Outline"]

FunctionTree = ast.FunctionDef | ast.AsyncFunctionDef

MAX_LINES = 200_000
"""Lines of a text that are looked at."""
MAX_FUNCTION_LINES = 1_500
MAX_CLASS_LINES = 8_000
MAX_MODULE_LINES = 6_000
MAX_STATEMENT_LINES = 2_500
MAX_LINE_LENGTH = 5_000


class Outline:
    """Never raises for what the text contains: a piece that cannot be parsed, or is longer than the
    limits above, has no tree. Trees have the line numbers of the whole text and are kept.

    :param lines: a file's lines, with or without line ends.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines if len(lines) <= MAX_LINES else lines[:MAX_LINES]
        self._definitions = Definitions(self.lines)
        self._functions: dict[int, FunctionTree | None] = {}
        self._statements: dict[int, ast.Module | None] = {}

    def text(self, line: int) -> str:
        return self.lines[line - 1].rstrip("\r\n") if 0 < line <= len(self.lines) else ""

    def mentions(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """In the order of their first lines."""
        return tuple(self._definitions[n] for n in range(len(self._definitions)))

    def function_at(self, line: int) -> Definition | None:
        """The innermost function that holds the line."""
        return next(self._definitions.functions_around(line), None)

    def functions_around(self, line: int) -> tuple[Definition, ...]:
        """The functions that hold the line, innermost first."""
        return tuple(self._definitions.functions_around(line))

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
        for line in range(owner.line + 1, min(owner.end, owner.line + MAX_CLASS_LINES) + 1):
            if head.match(self.text(line)) and not any(d.holds(line) for d in inner):
                return line
        return 0

    def named(self, name: str) -> Definition | None:
        """A function or class of the module's top level, or by its qualified name."""
        return next((d for d in self.definitions if d.qualname == name), None)

    def starting(self, line: int) -> Definition | None:
        """The function whose code starts at the line: its ``def`` or first decorator."""
        return next((d for d in self.definitions if d.kind == "def" and line in (d.line, d.first)), None)

    @cached_property
    def module(self) -> ast.Module | None:
        """The module's own statements, with its functions and classes left empty."""
        if len(self.lines) > MAX_MODULE_LINES:
            return None
        module = _parsed([self.text(n) for n in range(1, len(self.lines) + 1)], 1)
        for node in module.body if module is not None else ():
            if isinstance(node, FunctionTree | ast.ClassDef):
                node.body = []
        return module

    def tree(self, definition: Definition) -> FunctionTree | None:
        if definition.line not in self._functions:
            self._functions[definition.line] = self._function(definition)
        return self._functions[definition.line]

    def _function(self, definition: Definition) -> FunctionTree | None:
        first, end = definition.first, definition.end
        if end - first > MAX_FUNCTION_LINES:
            return None
        block = [self.text(n) for n in range(first, end + 1)]
        if any(len(text) > MAX_LINE_LENGTH for text in block):
            return None
        # The indentation stays, as strings that span lines need it.
        module = _parsed(["if 1:" if definition.indent else "", *block], first - 1)
        nodes = ast.walk(module) if module is not None else ()
        return next((node for node in nodes if isinstance(node, FunctionTree)), None)

    def top_level_statement(self, line: int) -> ast.Module | None:
        """The statement of the module that holds the line, parsed by itself: all else of a long file
        need not be."""
        if not 0 < line <= len(self.lines):
            return None
        start, end = self._block_around(line)
        if start not in self._statements:
            block = [self.text(n) for n in range(start, end + 1)]
            fits = end - start < MAX_STATEMENT_LINES and all(len(text) <= MAX_LINE_LENGTH for text in block)
            self._statements[start] = _parsed(block, start) if fits else None
        return self._statements[start] or self.module

    def _block_around(self, line: int) -> tuple[int, int]:
        """The first and last line of the top-level statement around the line, by indentation."""
        start = line
        while start > 1 and not _opens_statement(self.text(start)):
            start -= 1
        while start > 1 and self.text(start - 1).startswith("@"):
            start -= 1
        end = line
        while end < len(self.lines) and not _opens_statement(self.text(end + 1)):
            end += 1
        return start, end


def _opens_statement(text: str) -> bool:
    """Whether a line without indentation begins a statement, rather than going on with one."""
    if not text or text[0].isspace() or text[0] in "#)]}":
        return False
    return text.split(maxsplit=1)[0].rstrip(":") not in _CONTINUATIONS


_CONTINUATIONS = {"else", "elif", "except", "except*", "finally", "case"}


def _parsed(lines: Sequence[str], first: int) -> ast.Module | None:
    """:param first: the number of the first line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return ast.increment_lineno(module, first - 1) if first != 1 else module
