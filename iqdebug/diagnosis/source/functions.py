"""Code as the fault rules see it: places in functions, the calls a frame makes, what a line does."""

from __future__ import annotations

import ast
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from iqdebug.core.messages import Text
from iqdebug.core.state import Frame, Variable
from iqdebug.diagnosis.source.outline import Definition, Outline

__all__ = ["Candidate", "Function", "Texts", "calls_in", "names_in", "package_of", "statement_at", "unparsed"]

FunctionTree = ast.FunctionDef | ast.AsyncFunctionDef
_PACKAGE = re.compile(r"(?:site|dist)-packages[/\\]([^/\\]+)")


@dataclass(slots=True)
class Candidate:
    """A line under suspicion. ``weight`` is in 0..1; ``proof`` holds the values that support it.
    ``index`` is the frame's place in the failure's stack; None for code that has returned."""

    path: str
    line: int
    function: str
    weight: float
    reasons: list[Text] = field(default_factory=list)
    proof: list[Variable] = field(default_factory=list)
    index: int | None = None


_KEPT = 64
_known: OrderedDict[str, Outline] = OrderedDict()


def _outline(path: str, lines: tuple[str, ...]) -> Outline:
    """The outline of the very same lines as before, where it is still known: every stop of a session
    asks for the same files."""
    found = _known.get(path)
    if found is None or found.lines is not lines:
        found = Outline(lines)
    _known[path] = found
    _known.move_to_end(path)
    while len(_known) > _KEPT:
        _known.popitem(last=False)
    return found


class Texts:
    """Outlines of source files, each read once."""

    def __init__(self, read_source: Callable[[str], Sequence[str]]) -> None:
        self._read = read_source
        self._outlines: dict[str, Outline] = {}

    def __getitem__(self, path: str) -> Outline:
        found = self._outlines.get(path)
        if found is None:
            try:
                lines = self._read(path)
            except (OSError, ValueError):
                lines = ()
            found = self._outlines[path] = _outline(path, tuple(lines))
        return found


@dataclass(frozen=True)
class Function:
    """The function that a frame runs, with its syntax tree where it can be had."""

    frame: Frame
    outline: Outline
    definition: Definition | None

    @classmethod
    def of(cls, frame: Frame, texts: Texts) -> Function:
        outline = texts[frame.path]
        found = outline.function_at(frame.line) if frame.line else None
        if frame.name.rsplit(".", 1)[-1] == "<module>":
            found = None
        return cls(frame, outline, found)

    @property
    def qualname(self) -> str:
        return self.definition.qualname if self.definition is not None else self.frame.name

    @cached_property
    def tree(self) -> FunctionTree | ast.Module | None:
        if self.definition is not None:
            return self.outline.tree(self.definition)
        return self.outline.module_around(self.frame.line)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        if not isinstance(self.tree, FunctionTree):
            return ()
        args = self.tree.args
        listed = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        return (*listed, *(a.arg for a in (args.vararg, args.kwarg) if a is not None))

    @cached_property
    def statement(self) -> ast.stmt | None:
        """The innermost statement at the frame's line."""
        return statement_at(self.tree, self.frame.line) if self.tree is not None else None

    @cached_property
    def body_size(self) -> int:
        """Statements of the function, its docstring left out."""
        if not isinstance(self.tree, FunctionTree):
            return 99
        statements = [n for n in ast.walk(self.tree) if isinstance(n, ast.stmt)]
        return len(statements) - 1 - bool(ast.get_docstring(self.tree, clean=False))

    @cached_property
    def failing(self) -> ast.expr | None:
        """What the interpreter was evaluating, where it says (3.11 and later)."""
        if self.frame.span is None or self.tree is None:
            return None
        line, end_line, column, end_column = self.frame.span
        best: ast.expr | None = None
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.expr)
                and (node.lineno, node.end_lineno) == (line, end_line)
                and (node.col_offset, node.end_col_offset) == (column, end_column)
            ):
                best = node
        return best

    def value(self, name: str) -> Variable | None:
        return next((v for v in self.frame.locals or () if v.name == name), None)


def statement_at(tree: ast.AST, line: int) -> ast.stmt | None:
    """The innermost statement whose lines hold the line; of a compound one only its head."""
    best: ast.stmt | None = None
    level: list[ast.AST] = [tree]
    while level:
        below: list[ast.AST] = []
        for node in level:
            if isinstance(node, ast.stmt):
                if not node.lineno <= line <= (node.end_lineno or node.lineno):
                    continue  # nor does what it holds
                own = isinstance(node, FunctionTree | ast.ClassDef) and node is tree
                if not own and (best is None or node.lineno >= best.lineno):
                    best = node
            below += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
        level = below
    return best


def own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement itself, not those of the blocks below it."""
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody", "handlers", "cases"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.expr):
                yield part
            elif isinstance(part, ast.withitem):
                yield part.context_expr


def names_in(node: ast.AST) -> list[str]:
    """Plain names and ``self.x`` attributes that an expression reads, in order, each once. Names
    that are only called are left out."""
    called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    found: dict[str, None] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            if each.value.id in ("self", "cls") and id(each) not in called:
                found.setdefault(f"{each.value.id}.{each.attr}")
        elif isinstance(each, ast.Name) and id(each) not in called:
            found.setdefault(each.id)
    return list(found)


def calls_in(node: ast.AST) -> list[tuple[str, ast.Call]]:
    """Calls with the text of what is called, outermost first."""
    found = []
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            name = unparsed(each.func)
            if name:
                found.append((name, each))
    return found


def unparsed(node: ast.AST, limit: int = 80) -> str:
    try:
        return ast.unparse(node)[:limit]
    except (RecursionError, ValueError, AttributeError):
        return ""


def package_of(frame_path: str, kind: str) -> str:
    """A word for whose code a path is: equal for files of one package."""
    found = _PACKAGE.search(frame_path)
    if found:
        return found[1].removesuffix(".py")
    return kind
