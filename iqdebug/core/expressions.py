"""Expressions that only read, taken apart into a plan that a reader can follow without running code.

The plan is made of nothing but the forms below: what has no form here (a call of anything but the
builtins and methods listed, an assignment, a lambda, ``await``) cannot be said in it. Whoever follows
it (:mod:`iqdebug.agent.pure_evaluation` in a target) still decides at each step whether the objects that
it meets would run code of their own, and refuses.

Forms, as JSON lists: ``["const", kind, text]`` · ``["name", id]`` · ``["attr", x, name]`` ·
``["item", x, key]`` · ``["slice", low, high, step]`` · ``["list"|"tuple"|"set", [x…]]`` ·
``["dict", [[k, v]…]]`` · ``["unary", op, x]`` · ``["binary", op, x, y]`` · ``["bool", "and"|"or", [x…]]`` ·
``["compare", x, [[op, y]…]]`` · ``["if", test, x, y]`` · ``["call", builtin, [x…], {name: x}]`` ·
``["method", x, name, [x…]]`` · ``["text", [text | [x, conversion, spec]…]]`` ·
``["each", kind, [x] | [k, v], [[target, x, [test…]]…]]``.
"""

# ruff: noqa: SIM905

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

from iqdebug.core.errors import RunsCode
from iqdebug.core.messages import Message, Text, message

__all__ = ["BUILTINS", "LONGEST", "METHODS", "Plan", "plan_of"]

Plan = list[Any]

LONGEST = 2_000
"""Characters of an expression."""

_DEEPEST = 40
_MAX_NODES = 1_000

BUILTINS = frozenset(
    "abs all any bool callable chr dict divmod enumerate float frozenset getattr hasattr id int isinstance "
    "issubclass len list max min ord range repr reversed round set sorted str sum tuple type vars zip".split()
)
METHODS = frozenset(
    "bit_length capitalize casefold count endswith find get index is_integer isalnum isalpha isdecimal "
    "isdigit isidentifier islower isnumeric isspace istitle isupper items join keys lower lstrip partition "
    "replace rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper "
    "values".split()
)
_UNARY: dict[type[ast.AST], str] = {ast.UAdd: "+", ast.USub: "-", ast.Invert: "~", ast.Not: "not"}
_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
}
_COMPARE: dict[type[ast.AST], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_SPEC = re.compile(r"(?:[^{}]?[<>=^])?[+\- ]?#?0?\d{0,3}[,_]?(?:\.\d{1,2})?[bcdeEfFgGosxX%]?")
_REFUSED: dict[type[ast.AST], Message] = {
    ast.Lambda: message("core.expression.lambda"),
    ast.NamedExpr: message("core.expression.assigns_name"),
    ast.Await: message("core.expression.await"),
    ast.Yield: message("core.expression.yield"),
    ast.YieldFrom: message("core.expression.yield_from"),
    ast.Starred: message("core.expression.unpacks_elements"),
}
_ATTRIBUTES = frozenset(
    ("__name__", "__qualname__", "__module__", "__dict__", "__cause__", "__context__", "__traceback__")
)
"""Of the names with two underscores, those that may be read."""


def plan_of(expression: str) -> Plan:
    """The expression as a plan.

    :raises RunsCode: it is none that only reads; ``why`` says which part and why.
    :raises SyntaxError: it is no Python.
    """
    if len(expression) > LONGEST:
        raise _runs(message("core.expression.too_long", most=f"{LONGEST:,}"))
    try:
        expression.encode("utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        if _is_statement(expression):
            raise _runs(message("core.expression.statement")) from None
        raise
    except (ValueError, RecursionError, MemoryError):
        raise _runs(message("core.expression.cannot_be_parsed")) from None
    return _Maker().made(tree.body, 0)


def _is_statement(expression: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(expression)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _runs(why: Text) -> RunsCode:
    return RunsCode(message("core.expression.runs_code"), why)


class _Maker:
    def __init__(self) -> None:
        self._nodes = 0

    def made(self, node: ast.AST, depth: int) -> Plan:
        self._nodes += 1
        if depth > _DEEPEST or self._nodes > _MAX_NODES:
            raise _runs(message("core.expression.too_large"))
        if type(node) in _REFUSED:
            raise _runs(_REFUSED[type(node)])
        make = getattr(self, "_" + type(node).__name__.lower(), None)
        if make is None:
            raise _runs(message("core.expression.unknown_form", form=type(node).__name__))
        plan: Plan = make(node, depth + 1)
        return plan

    def _all(self, nodes: list[ast.expr], depth: int) -> list[Plan]:
        return [self.made(node, depth) for node in nodes]

    def _constant(self, node: ast.Constant, depth: int) -> Plan:
        value = node.value
        if value is None or value is Ellipsis or isinstance(value, bool):
            return ["const", "word", str(value)]
        if isinstance(value, bytes):
            return ["const", "bytes", value.hex()]
        if isinstance(value, str):
            if any("\ud800" <= c <= "\udfff" for c in value):
                raise _runs(message("core.expression.half_character"))
            return ["const", "str", value]
        if isinstance(value, int):
            return ["const", "int", hex(value)]
        if isinstance(value, float):
            return ["const", "float", value.hex()]
        return ["const", "complex", value.imag.hex()]

    def _name(self, node: ast.Name, depth: int) -> Plan:
        return ["name", node.id]

    def _attribute(self, node: ast.Attribute, depth: int) -> Plan:
        return ["attr", self.made(node.value, depth), _readable(node.attr)]

    def _subscript(self, node: ast.Subscript, depth: int) -> Plan:
        return ["item", self.made(node.value, depth), self.made(node.slice, depth)]

    def _slice(self, node: ast.Slice, depth: int) -> Plan:
        parts = (node.lower, node.upper, node.step)
        return ["slice", *(None if p is None else self.made(p, depth) for p in parts)]

    def _list(self, node: ast.List, depth: int) -> Plan:
        return ["list", self._all(node.elts, depth)]

    def _tuple(self, node: ast.Tuple, depth: int) -> Plan:
        return ["tuple", self._all(node.elts, depth)]

    def _set(self, node: ast.Set, depth: int) -> Plan:
        return ["set", self._all(node.elts, depth)]

    def _dict(self, node: ast.Dict, depth: int) -> Plan:
        pairs = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise _runs(message("core.expression.unpacks_names"))
            pairs.append([self.made(key, depth), self.made(value, depth)])
        return ["dict", pairs]

    def _unaryop(self, node: ast.UnaryOp, depth: int) -> Plan:
        return ["unary", _UNARY[type(node.op)], self.made(node.operand, depth)]

    def _binop(self, node: ast.BinOp, depth: int) -> Plan:
        operator = _BINARY.get(type(node.op))
        if operator is None:
            raise _runs(message("core.expression.matrix_product"))
        return ["binary", operator, self.made(node.left, depth), self.made(node.right, depth)]

    def _boolop(self, node: ast.BoolOp, depth: int) -> Plan:
        return ["bool", "and" if isinstance(node.op, ast.And) else "or", self._all(node.values, depth)]

    def _compare(self, node: ast.Compare, depth: int) -> Plan:
        rest = [
            [_COMPARE[type(op)], self.made(right, depth)]
            for op, right in zip(node.ops, node.comparators, strict=True)
        ]
        return ["compare", self.made(node.left, depth), rest]

    def _ifexp(self, node: ast.IfExp, depth: int) -> Plan:
        return ["if", *(self.made(part, depth) for part in (node.test, node.body, node.orelse))]

    def _call(self, node: ast.Call, depth: int) -> Plan:
        arguments = self._all(node.args, depth)
        if isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
            named = {}
            for keyword in node.keywords:
                if keyword.arg is None or keyword.arg == "key":
                    argument = keyword.arg or "**"
                    raise _runs(
                        message(
                            "core.expression.argument_runs_code", argument=argument, function=node.func.id
                        )
                    )
                named[keyword.arg] = self.made(keyword.value, depth)
            if node.func.id in ("getattr", "hasattr"):
                name = node.args[1] if len(node.args) > 1 else None
                if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
                    raise _runs(message("core.expression.literal_name", function=node.func.id))
                _readable(name.value)
            return ["call", node.func.id, arguments, named]
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS and not node.keywords:
            return ["method", self.made(node.func.value, depth), node.func.attr, arguments]
        raise _runs(message("core.expression.calls", what=_shown(node.func)))

    def _joinedstr(self, node: ast.JoinedStr, depth: int) -> Plan:
        parts: list[Any] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                parts.append([self.made(part.value, depth), max(part.conversion, 0), _spec(part)])
            elif isinstance(part, ast.Constant):
                parts.append(str(part.value))
        return ["text", parts]

    def _listcomp(self, node: ast.ListComp, depth: int) -> Plan:
        return self._each("list", [node.elt], node.generators, depth)

    def _setcomp(self, node: ast.SetComp, depth: int) -> Plan:
        return self._each("set", [node.elt], node.generators, depth)

    def _generatorexp(self, node: ast.GeneratorExp, depth: int) -> Plan:
        return self._each("list", [node.elt], node.generators, depth)

    def _dictcomp(self, node: ast.DictComp, depth: int) -> Plan:
        return self._each("dict", [node.key, node.value], node.generators, depth)

    def _each(self, kind: str, made: list[ast.expr], loops: list[ast.comprehension], depth: int) -> Plan:
        rows = []
        for loop in loops:
            if loop.is_async:
                raise _runs(message("core.expression.async_for"))
            rows.append([_target(loop.target), self.made(loop.iter, depth), self._all(loop.ifs, depth)])
        return ["each", kind, self._all(made, depth), rows]


def _target(node: ast.expr) -> Any:
    """A name, or a list of targets."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) <= 20:
        return [_target(element) for element in node.elts]
    raise _runs(message("core.expression.loop_target"))


def _readable(name: str) -> str:
    if name.startswith("__") and name.endswith("__") and name not in _ATTRIBUTES:
        raise _runs(message("core.expression.door", name=name))
    return name


def _spec(part: ast.FormattedValue) -> str:
    if part.format_spec is None:
        return ""
    pieces = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else [part.format_spec]
    if not all(isinstance(piece, ast.Constant) for piece in pieces):
        raise _runs(message("core.expression.computed_format"))
    spec = "".join(str(piece.value) for piece in pieces if isinstance(piece, ast.Constant))
    if not _SPEC.fullmatch(spec):
        raise _runs(message("core.expression.unknown_format", format=spec[:20]))
    return spec


def _shown(node: ast.expr) -> Text:
    try:
        text = " ".join(ast.unparse(node).split())
    except (RecursionError, ValueError):
        return message("core.expression.calls.something")
    if isinstance(node, (ast.Name, ast.Attribute)):
        return f"`{text[:60]}`"
    return message("core.expression.calls.a_result")
