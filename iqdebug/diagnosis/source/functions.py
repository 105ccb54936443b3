"""The function that a frame runs, and what syntax trees say: the statement at a line, calls, names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from iqdebug.core.messages import Text
from iqdebug.core.state import Frame, Variable
from iqdebug.diagnosis.source.definitions import Definition
from iqdebug.diagnosis.source.outline import FunctionTree, Outline
from iqdebug.diagnosis.source.texts import Texts

__all__ = [
    "Candidate",
    "Function",
    "FunctionTree",
    "bound_names",
    "calls_in",
    "dotted",
    "names_in",
    "own_expressions",
    "package_of",
    "statements_around",
    "unparsed",
]

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


@dataclass(frozen=True)
class Function:
    """The function that a frame runs, with its syntax tree where it can be had."""

    frame: Frame
    outline: Outline
    definition: Definition | None
    texts: Texts

    @classmethod
    def of(cls, frame: Frame, texts: Texts) -> Function:
        outline = texts[frame.path]
        definition = outline.function_at(frame.line) if frame.line else None
        if frame.name.rsplit(".", 1)[-1] == "<module>":
            definition = None
        return cls(frame, outline, definition, texts)

    @property
    def qualname(self) -> str:
        return self.definition.qualname if self.definition is not None else self.frame.name

    @cached_property
    def tree(self) -> FunctionTree | ast.Module | None:
        """The function's tree; for code of a module the module's."""
        return self.outline.module if self.definition is None else self.function_tree

    @property
    def function_tree(self) -> FunctionTree | None:
        """The function's tree; None for code of a module, which costs more to parse."""
        return self.texts.tree(self.frame.path, self.definition) if self.definition is not None else None

    @cached_property
    def around(self) -> tuple[FunctionTree, ...]:
        """The trees of the function and of those that it is nested in, innermost first."""
        definitions = self.outline.functions_around(self.frame.line) if self.definition is not None else ()
        trees = (self.texts.tree(self.frame.path, d) for d in definitions)
        return tuple(tree for tree in trees if tree is not None)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        if not isinstance(self.tree, FunctionTree):
            return ()
        args = self.tree.args
        listed = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        return (*listed, *(a.arg for a in (args.vararg, args.kwarg) if a is not None))

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """The statements of the function, or of the module, that hold the frame's line, outermost first."""
        line = self.frame.line
        tree = self.outline.top_level_statement(line) if self.definition is None else self.function_tree
        return statements_around(tree, line) if tree is not None else ()

    @property
    def statement(self) -> ast.stmt | None:
        """The innermost statement at the frame's line."""
        return self.statements[-1] if self.statements else None

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


def statements_around(tree: ast.AST, line: int) -> tuple[ast.stmt, ...]:
    """The statements below the tree that hold the line, outermost first. Of several that begin on it
    the last."""
    around: list[ast.stmt] = []
    level = _blocks(tree)
    while level:
        holding = [s for s in level if _first_line(s) <= line <= (s.end_lineno or s.lineno)]
        if not holding:
            break
        around.append(holding[-1])
        level = _blocks(holding[-1])
    return tuple(around)


def _blocks(node: ast.AST) -> list[ast.stmt]:
    """The statements directly below a statement or a module."""
    statements: list[ast.stmt] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            statements.append(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            statements += child.body
    return statements


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


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
    names: dict[str, None] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            if each.value.id in ("self", "cls") and id(each) not in called:
                names.setdefault(f"{each.value.id}.{each.attr}")
        elif isinstance(each, ast.Name) and id(each) not in called:
            names.setdefault(each.id)
    return list(names)


def calls_in(node: ast.AST) -> list[tuple[str, ast.Call]]:
    """Calls with the text of what is called, outermost first."""
    calls = []
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            name = unparsed(each.func)
            if name:
                calls.append((name, each))
    return calls


def unparsed(node: ast.AST, limit: int = 80) -> str:
    try:
        return ast.unparse(node)[:limit]
    except (RecursionError, ValueError, AttributeError):
        return ""


def dotted(node: ast.expr) -> str:
    """``a.b.c`` for a chain of names; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def bound_names(function: FunctionTree) -> frozenset[str]:
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


def package_of(frame_path: str, kind: str) -> str:
    """A word for whose code a path is: equal for files of one package."""
    package = _PACKAGE.search(frame_path)
    if package:
        return package[1].removesuffix(".py")
    return kind
