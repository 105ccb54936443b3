"""The place of a failure as the rules see it: what was being evaluated, and what the names stood for."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from iqdebug.core.evidence import AnomalyKind, Replacement
from iqdebug.core.messages import Text
from iqdebug.core.state import Anomaly, ExceptionInfo, Frame, Variable
from iqdebug.diagnosis.facts import Facts
from iqdebug.diagnosis.rules.literals import MISSING, literal, number_of, quoted, size_of
from iqdebug.diagnosis.rules.replacements import Statement
from iqdebug.diagnosis.source.functions import Function, own_expressions, unparsed
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["CrashContext", "Loop", "method"]

MAX_FRAMES = 1_200
MAX_CHILDREN = 400
MAX_NUMBER = 10**12
Loop = ast.For | ast.AsyncFor | ast.While


class CrashContext:
    """A failure's frames, innermost first, its exception and what is known besides. Indices are
    places in ``frames``; the answers to what cannot be told are None or empty."""

    def __init__(
        self, frames: Sequence[Frame], error: ExceptionInfo | None, texts: Texts, facts: Facts
    ) -> None:
        self.frames = tuple(frames[:MAX_FRAMES])
        self.type = error.type if error is not None else ""
        self.kind = self.type.rsplit(".", 1)[-1].split(" ")[0]
        self.message = error.message[:4_000] if error is not None else ""
        self.texts = texts
        self.facts = facts
        self._functions: dict[int, Function] = {}
        self._operations: dict[int, tuple[ast.AST, ...]] = {}
        self._children: dict[int, tuple[Variable, ...]] = {}

    # where

    @cached_property
    def code(self) -> tuple[int, ...]:
        """Frames, without headings."""
        return tuple(i for i, f in enumerate(self.frames) if f.kind != "label")

    @cached_property
    def first(self) -> int | None:
        """The innermost frame: where the exception arose."""
        return self.code[0] if self.code else None

    @cached_property
    def own(self) -> int | None:
        """The innermost frame outside the standard library; else the innermost one."""
        return next((i for i in self.code if self.frames[i].kind != "stdlib"), self.first)

    @cached_property
    def user(self) -> int | None:
        """The innermost frame of the person's own code."""
        return next((i for i in self.code if self.frames[i].kind == "user"), None)

    def caller(self, index: int) -> int | None:
        return next((i for i in self.code if i > index), None)

    def function(self, index: int) -> Function:
        function = self._functions.get(index)
        if function is None:
            function = self._functions[index] = Function.of(self.frames[index], self.texts)
        return function

    def statement(self, index: int) -> ast.stmt | None:
        return self.function(index).statement

    def raised(self, index: int) -> bool:
        """Whether the frame's line raises on purpose."""
        return isinstance(self.statement(index), ast.Raise | ast.Assert)

    # what was evaluated

    def is_exact(self, index: int) -> bool:
        """Whether the interpreter said which expression of the line it was."""
        return self.function(index).failing is not None

    def operations(self, index: int) -> tuple[ast.AST, ...]:
        """What may have failed: the expression that the interpreter names, or every expression of
        the statement, outermost first, with the statement itself where it operates."""
        operations = self._operations.get(index)
        if operations is None:
            operations = self._operations[index] = tuple(self._evaluated(index))
        return operations

    def _evaluated(self, index: int) -> Iterator[ast.AST]:
        function = self.function(index)
        if function.failing is not None:
            yield function.failing
            return
        if function.statement is None:
            return
        yield function.statement
        for expression in own_expressions(function.statement):
            yield from ast.walk(expression)

    def expressions(self, index: int) -> Iterator[ast.AST]:
        """Everything below what may have failed, in the order it is written."""
        function = self.function(index)
        roots: Iterable[ast.AST] = (function.failing,) if function.failing is not None else ()
        if function.failing is None and function.statement is not None:
            roots = own_expressions(function.statement)
        for root in roots:
            yield from ast.walk(root)

    def written(self, index: int) -> Iterator[ast.AST]:
        """Every expression of the frame's statement, whichever of them failed."""
        statement = self.statement(index)
        for expression in own_expressions(statement) if statement is not None else ():
            yield from ast.walk(expression)

    def loops(self, index: int) -> list[Loop]:
        """The loops around the frame's line, innermost first."""
        function, line = self.function(index), self.frames[index].line
        if function.tree is None:
            return []
        around = [n for n in ast.walk(function.tree) if isinstance(n, Loop) and n.lineno <= line <= _last(n)]
        return sorted(around, key=lambda n: -n.lineno)

    def assigned(self, index: int, name: str) -> list[ast.Assign | ast.AnnAssign]:
        """The plain assignments to a name above the frame's line, in its own function, nearest
        first."""
        tree, here = self.function(index).tree, self.frames[index].line
        assignments = [
            n
            for n in (ast.walk(tree) if tree is not None else ())
            if isinstance(n, ast.Assign | ast.AnnAssign) and n.lineno < here
            if any(unparsed(t) == name for t in (n.targets if isinstance(n, ast.Assign) else [n.target]))
        ]
        return sorted(assignments, key=lambda n: -n.lineno)

    # what names stood for

    def value(self, index: int, node: ast.AST | None) -> Variable | None:
        """What an expression stands for, under its own text as a name; None where that cannot be
        told without running it."""
        if isinstance(node, ast.Constant):
            return Variable(repr(node.value)[:80], repr(node.value)[:400], type(node.value).__name__)
        if isinstance(node, ast.Name):
            return self.named(index, node.id)
        if isinstance(node, ast.NamedExpr):
            return self.value(index, node.target)
        if isinstance(node, ast.Attribute):
            owner = self.value(index, node.value)
            part = self._child(owner, node.attr)
            return replace(part, name=unparsed(node)) if part is not None else None
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            part = self.item(self.value(index, node.value), self.value(index, node.slice))
            return replace(part, name=unparsed(node)) if part is not None else None
        if isinstance(node, ast.Call):
            number = self.number(index, node)
            return Variable(unparsed(node), str(number), "int") if number is not None else None
        return None

    def named(self, index: int, name: str) -> Variable | None:
        """A local, or else a module's variable."""
        local = self.function(index).value(name)
        if local is not None:
            return local
        return next((v for v in self.module_values(index) if v.name == name), None)

    def module_values(self, index: int) -> Sequence[Variable]:
        """The module's variables: as recorded with the frame, else those of the module's own frame
        where it is on the stack."""
        frame = self.frames[index]
        listed = self.facts.globals_of(frame)
        if listed:
            return listed
        for other in self.frames:
            if other.path == frame.path and other.name.rsplit(".", 1)[-1] == "<module>":
                return other.locals or ()
        return ()

    def children(self, variable: Variable | None) -> tuple[Variable, ...]:
        if variable is None or not variable.reference:
            return ()
        if variable.reference not in self._children:
            self._children[variable.reference] = tuple(self.facts.children(variable.reference)[:MAX_CHILDREN])
        return self._children[variable.reference]

    def _child(self, owner: Variable | None, name: str) -> Variable | None:
        kinds = ("attribute", "item") if owner is not None and owner.value[:1] != "{" else ("attribute",)
        return next((c for c in self.children(owner) if c.name == name and c.kind in kinds), None)

    def item(self, owner: Variable | None, key: Variable | None) -> Variable | None:
        """The element of a builtin container under a key or an index."""
        if owner is None or key is None or key.state != "ok":
            return None
        at, size = number_of(key), size_of(owner)
        names = {key.value}
        if at is not None and size is not None:
            names.add(f"[{at + size if at < 0 else at}]")
        child = next((c for c in self.children(owner) if c.kind == "item" and c.name in names), None)
        if child is not None:
            return child
        whole, wanted = literal(owner), quoted(key.value)
        if wanted is MISSING or not isinstance(whole, dict | list | tuple):
            return None
        try:
            inner = whole[wanted]  # type: ignore[call-overload]
        except (LookupError, TypeError):
            return None
        return Variable("", repr(inner), type(inner).__name__)

    def elements(self, variable: Variable | None) -> tuple[Variable, ...]:
        """The elements of a sequence or the values of a mapping, where they are known."""
        listed = tuple(c for c in self.children(variable) if c.kind == "item")
        if listed:
            return listed
        whole = literal(variable)
        if isinstance(whole, dict):
            return tuple(Variable(repr(k), repr(v), type(v).__name__) for k, v in whole.items())
        if isinstance(whole, list | tuple):
            return tuple(Variable(f"[{i}]", repr(v), type(v).__name__) for i, v in enumerate(whole))
        return ()

    def number(self, index: int, node: ast.AST | None, depth: int = 0) -> int | None:
        """The whole number that simple arithmetic over known values and ``len()`` gives."""
        if node is None or depth > 6:
            return None
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self.number(index, node.operand, depth + 1)
            return -inner if inner is not None else None
        if isinstance(node, ast.BinOp):
            return _combined(
                node.op, self.number(index, node.left, depth + 1), self.number(index, node.right, depth + 1)
            )
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
                return size_of(self.value(index, node.args[0]))
            return None
        return number_of(self.value(index, node))

    # what stands out

    def statement_at(self, index: int, line: int = 0) -> Statement:
        """The statement that an edit would change: the frame's, or that of another line of its file."""
        return Statement(
            self.frames[index].path, self.function(index).outline, line or self.frames[index].line
        )

    def anomaly(
        self,
        kind: AnomalyKind,
        message: Text,
        index: int,
        weight: float,
        variable: Variable | None = None,
        *,
        line: int = 0,
        edit: Replacement | None = None,
    ) -> Anomaly:
        """An anomaly at the frame's line, or at another line of its file."""
        frame = self.frames[index]
        at = line or frame.line
        function = self.function(index)
        name = function.qualname
        if line and (function.definition is None or not function.definition.holds(line)):
            definition = self.texts[frame.path].function_at(line)
            name = definition.qualname if definition is not None else "<module>"
        return Anomaly(kind, message, frame.path, at, name, weight, variable, index, edit)


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _combined(operator: ast.operator, left: int | None, right: int | None) -> int | None:
    if left is None or right is None or abs(left) > MAX_NUMBER or abs(right) > MAX_NUMBER:
        return None
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.FloorDiv) and right:
        return left // right
    if isinstance(operator, ast.Mod) and right:
        return left % right
    return None


def method(node: ast.AST) -> tuple[str, str]:
    """For a call ``owner.name(…)`` the texts of owner and name; two empty texts for anything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return unparsed(node.func.value), node.func.attr
    return "", ""
