"""Edits that follow from an anomaly alone: one expression of the line, with another in its place.

Each function gives None where more than one expression may be meant, or where the expression spans
lines: an edit is proposed without a model, so it has to be the only one possible.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iqdebug.core.evidence import Replacement
from iqdebug.diagnosis.source.outline import Outline

__all__ = [
    "Statement",
    "awaited_call",
    "default_made_in_body",
    "imported_module",
    "other_attribute",
    "other_key",
    "other_keyword",
    "other_name",
]

MAX_LINES_TO_IMPORTS = 400

_Edit = tuple[ast.expr, str]  # an expression, and the text to put in its place


@dataclass(frozen=True, slots=True)
class Statement:
    """The statement of a file that holds a line; of a compound statement its head."""

    path: str
    outline: Outline
    line: int

    def nodes(self) -> Iterator[ast.AST]:
        """Its expressions and keywords."""
        definition = self.outline.function_at(self.line)
        tree = self.outline.tree(definition) if definition is not None else None
        around = tree or self.outline.module
        best: ast.stmt | None = None
        for node in ast.walk(around) if around is not None else ():
            if isinstance(node, ast.stmt) and node.lineno <= self.line <= (node.end_lineno or 0):
                best = node if best is None or node.lineno >= best.lineno else best
        if best is None or isinstance(best, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return iter(())
        first = best.lineno
        last = best.end_lineno or first
        if isinstance(best, ast.For | ast.While | ast.If | ast.With | ast.AsyncFor | ast.AsyncWith):
            last = best.body[0].lineno - 1 if best.body[0].lineno > first else first
        return (
            n
            for n in ast.walk(best)
            if isinstance(n, ast.expr | ast.keyword) and first <= n.lineno <= max(last, self.line)
        )

    def source(self, node: ast.expr) -> str:
        """The text of an expression as it is written, where it is on one line."""
        if node.end_lineno != node.lineno or node.end_col_offset is None:
            return ast.unparse(node)
        line = self.outline.text(node.lineno).encode()
        return line[node.col_offset : node.end_col_offset].decode("utf-8", "replace")

    def column(self, line: int, offset: int) -> int:
        """Characters before a place that the parser names in bytes."""
        return len(self.outline.text(line).encode()[:offset].decode("utf-8", "ignore"))


def other_key(statement: Statement, wrong: str, right: str) -> Replacement | None:
    """Another key in a subscript; both as they are written in source. Where the keys only have another
    type than what is looked up, the look-up converts it."""
    try:
        wanted, known = ast.literal_eval(wrong), ast.literal_eval(right)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    converts = (type(wanted), type(known)) in ((int, str), (str, int)) and str(wanted) == str(known)
    edits: list[_Edit] = []
    for node in statement.nodes():
        if not isinstance(node, ast.Subscript):
            continue
        key = node.slice
        if isinstance(key, ast.Constant):
            if key.value == wanted and type(key.value) is type(wanted):
                edits.append((key, _quoted_alike(statement.source(key), repr(known))))
        elif isinstance(key, ast.Name | ast.Attribute) and converts:
            edits.append((key, f"{type(known).__name__}({ast.unparse(key)})"))
    return _only(statement, edits)


def other_attribute(statement: Statement, wrong: str, right: str) -> Replacement | None:
    edits: list[_Edit] = [
        (node, f"{statement.source(node.value)}.{right}")
        for node in statement.nodes()
        if isinstance(node, ast.Attribute) and node.attr == wrong
    ]
    return _only(statement, edits)


def other_name(statement: Statement, wrong: str, right: str) -> Replacement | None:
    """Another name, or an expression, for every use of a name in the statement: there must be one."""
    names = [n for n in statement.nodes() if isinstance(n, ast.Name) and n.id == wrong]
    return _only(statement, [(name, right) for name in names])


def other_keyword(statement: Statement, wrong: str, right: str) -> Replacement | None:
    keywords = [n for n in statement.nodes() if isinstance(n, ast.keyword) and n.arg == wrong]
    if len(keywords) != 1:
        return None
    line = keywords[0].lineno
    column = statement.column(line, keywords[0].col_offset)
    end = column + len(wrong)
    if statement.outline.text(line)[column:end] != wrong:
        return None
    return Replacement(statement.path, line, column, line, end, wrong, right)


def awaited_call(statement: Statement, shown: str) -> Replacement | None:
    """``await`` before the call: the one whose text is ``shown``, or the one that the name ``shown`` was
    assigned, once. Only in an ``async def``."""
    definition = statement.outline.function_at(statement.line)
    tree = statement.outline.tree(definition) if definition is not None else None
    if not isinstance(tree, ast.AsyncFunctionDef):
        return None
    nodes = list(statement.nodes())
    awaited = {id(n.value) for n in nodes if isinstance(n, ast.Await)}
    calls = [n for n in nodes if isinstance(n, ast.Call) and id(n) not in awaited and ast.unparse(n) == shown]
    if not calls and shown.isidentifier():
        assigned = [
            n
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == shown for t in n.targets)
        ]
        if len(assigned) != 1 or not isinstance(assigned[0].value, ast.Call):
            return None
        statement = Statement(statement.path, statement.outline, assigned[0].lineno)
        calls, nodes = [assigned[0].value], list(statement.nodes())
    if not calls:
        return None
    call = calls[0]
    taken_from = any(isinstance(n, ast.Attribute | ast.Subscript) and n.value is call for n in nodes)
    source = statement.source(call)
    return _only(statement, [(call, f"(await {source})" if taken_from else f"await {source}")])


def default_made_in_body(statement: Statement, parameter: str) -> Replacement | None:
    """``def f(x=[])`` → ``def f(x=None)`` with ``if x is None: x = []`` as its first statement."""
    outline = statement.outline
    definition = outline.function_at(statement.line)
    tree = outline.tree(definition) if definition is not None else None
    if tree is None:
        return None
    arguments = tree.args
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True))
    pairs += [
        (a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None
    ]
    default = next((d for a, d in pairs if a.arg == parameter), None)
    body = tree.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    if documented and len(body) < 2:
        return None
    first = body[1] if documented else body[0]
    if default is None or first.lineno <= default.lineno or default.end_lineno != default.lineno:
        return None
    column = statement.column(default.lineno, default.col_offset)
    end = statement.column(default.lineno, default.end_col_offset or 0)
    head = outline.text(default.lineno)
    between = [outline.text(n) for n in range(default.lineno + 1, first.lineno)]
    indent = " " * first.col_offset
    made = [f"{indent}if {parameter} is None:", f"{indent}    {parameter} = {ast.unparse(default)}"]
    return Replacement(
        path=statement.path,
        line=default.lineno,
        column=column,
        end_line=first.lineno,
        end_column=0,
        old="\n".join([head[column:], *between, ""]),
        new="\n".join(["None" + head[end:], *between, *made, ""]),
    )


def imported_module(path: str, outline: Outline, module: str) -> Replacement | None:
    """An ``import`` before the file's first one."""
    for number, text in enumerate(outline.lines[:MAX_LINES_TO_IMPORTS], 1):
        if re.match(r"(import|from) (?!__future__)", text):
            return Replacement(path, number, 0, number, 0, "", f"import {module}\n")
    return None


def _only(statement: Statement, edits: Sequence[_Edit]) -> Replacement | None:
    """The edit, where it is the only one that can be meant and changes something."""
    if len({(node.lineno, node.col_offset) for node, _ in edits}) != 1:
        return None
    node, new = edits[0]
    if node.end_lineno != node.lineno or node.end_col_offset is None:
        return None
    old = statement.source(node)
    if old == new:
        return None
    column, end = (statement.column(node.lineno, at) for at in (node.col_offset, node.end_col_offset))
    return Replacement(statement.path, node.lineno, column, node.lineno, end, old, new)


def _quoted_alike(old: str, new: str) -> str:
    """A text literal in the quotes of the one it replaces."""
    if old.startswith('"') and new.startswith("'") and '"' not in new:
        return f'"{new[1:-1]}"'
    return new
