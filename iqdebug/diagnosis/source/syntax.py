"""Source text as syntax trees, a piece at a time and within a budget.

Only the top-level statement around a line is parsed (a whole file only when that fails and the
file is short), so a stack of hundreds of frames in large files costs milliseconds.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property

__all__ = ["FunctionNode", "Source", "Sources", "bound_names", "dotted", "functions_in", "unparse"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

PARSE_BUDGET_LINES = 4000  # in all, per diagnosis
WHOLE_FILE_LINES = 1200
BLOCK_LINES = 2500
LONGEST_LINE = 5000
LONGEST_TEXT = 80


class Source:
    """One file. Never raises for what the text contains: where it cannot be parsed, the answers
    are empty."""

    def __init__(self, lines: Sequence[str], budget: list[int]) -> None:
        self._raw = lines
        self._budget = budget
        self._blocks: dict[tuple[int, int], ast.Module | None] = {}
        self._chains: dict[int, tuple[ast.stmt, ...]] = {}

    @cached_property
    def lines(self) -> tuple[str, ...]:
        return tuple(line.rstrip("\r\n") for line in self._raw)

    def text(self, line: int) -> str:
        """The line without its indentation; "" where there is none."""
        return self.lines[line - 1].strip()[:LONGEST_LINE] if 0 < line <= len(self.lines) else ""

    def chain(self, line: int) -> tuple[ast.stmt, ...]:
        """The statements that contain the line, outermost first."""
        if line not in self._chains:
            self._chains[line] = self._find_chain(line)
        return self._chains[line]

    def statement(self, line: int) -> ast.stmt | None:
        chain = self.chain(line)
        return chain[-1] if chain else None

    def function(self, line: int) -> FunctionNode | None:
        """The innermost function around the line."""
        return next((s for s in reversed(self.chain(line)) if isinstance(s, FunctionNode)), None)

    def mentions(self, text: str) -> bool:
        """Whether the file contains the text, anywhere."""
        return any(text in line for line in self.lines)

    def _find_chain(self, line: int) -> tuple[ast.stmt, ...]:
        if not 0 < line <= len(self.lines):
            return ()
        start, end = self._block(line)
        tree = self._parse(start, end) if end - start <= BLOCK_LINES else None
        if tree is None and len(self.lines) <= WHOLE_FILE_LINES:
            tree = self._parse(0, len(self.lines))
        chain: list[ast.stmt] = []
        body: list[ast.stmt] = tree.body if tree is not None else []
        while body:
            inner = next((s for s in body if _first_line(s) <= line <= (s.end_lineno or s.lineno)), None)
            if inner is None:
                break
            chain.append(inner)
            body = _sub_statements(inner)
        return tuple(chain)

    def _block(self, line: int) -> tuple[int, int]:
        """The lines of the top-level statement around the line, found by indentation."""

        def opens(index: int) -> bool:
            text = self.lines[index]
            return bool(text) and not text[0].isspace() and text[0] not in "#)]}" and not _continues(text)

        start = line - 1
        while start > 0 and not opens(start):
            start -= 1
        while start > 0 and self.lines[start - 1].startswith("@"):
            start -= 1
        end = line
        while end < len(self.lines) and not opens(end):
            end += 1
        return start, end

    def _parse(self, start: int, end: int) -> ast.Module | None:
        if (start, end) in self._blocks:
            return self._blocks[start, end]
        tree: ast.Module | None = None
        piece = self.lines[start:end]
        if end - start <= self._budget[0] and all(len(line) <= LONGEST_LINE for line in piece):
            self._budget[0] -= end - start
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    tree = ast.parse("\n" * start + "\n".join(piece))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                tree = None
        self._blocks[start, end] = tree
        return tree


class Sources:
    """The files of one diagnosis, each read at most once."""

    def __init__(self, read_source: Callable[[str], Sequence[str]]) -> None:
        self._read = read_source
        self._files: dict[str, Source] = {}
        self._budget = [PARSE_BUDGET_LINES]

    def __getitem__(self, path: str) -> Source:
        if path not in self._files:
            try:
                lines = self._read(path)
            except (OSError, ValueError, LookupError, SyntaxError):
                lines = ()
            self._files[path] = Source(lines, self._budget)
        return self._files[path]


def _continues(text: str) -> bool:
    word = text.split(maxsplit=1)[0].rstrip(":") if text.split() else ""
    return word in {"else", "elif", "except", "except*", "finally", "case"}


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _sub_statements(statement: ast.stmt) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        found += getattr(statement, name, [])
    for part in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
        found += part.body
    return found


def unparse(node: ast.AST) -> str:
    """The expression on one line, at most LONGEST_TEXT characters."""
    try:
        text = " ".join(ast.unparse(node).split())
    except (RecursionError, ValueError):
        return "..."
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."


def dotted(node: ast.expr) -> str:
    """``a.b.c`` for a chain of names; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def functions_in(chain: Sequence[ast.stmt]) -> list[FunctionNode]:
    """The functions of a chain, outermost first."""
    return [s for s in chain if isinstance(s, FunctionNode)]


def bound_names(function: FunctionNode) -> frozenset[str]:
    """The names that are local to the function: its arguments and what it assigns."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = {a.arg for a in [*every, *filter(None, (arguments.vararg, arguments.kwarg))]}
    outside: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            outside.update(node.names)
    return frozenset(names - outside)
