"""Functions that have returned: what a called name stands for, and which line gave the value."""

from __future__ import annotations

import ast

from iqdebug.core.state import Variable
from iqdebug.diagnosis.source.functions import Function, FunctionTree
from iqdebug.diagnosis.source.outline import Definition, Outline
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["in_same_file", "resolved", "returning"]


def resolved(function: Function, name: str, texts: Texts) -> list[tuple[str, Definition]]:
    """The definitions that a called expression stands for: as recorded with the frame, else by the
    name in the same file."""
    recorded: list[tuple[str, Definition]] = []
    for call in function.frame.calls:
        if call.expression == name:
            definition = texts[call.path].starting(call.line)
            if definition is not None:
                recorded.append((call.path, definition))
    if recorded:
        return recorded[:3]
    path = function.frame.path
    if name.startswith(("self.", "cls.")) and name.count(".") == 1 and function.definition is not None:
        owner = function.outline.class_of(function.definition)
        method = name.split(".")[1]
        inside = function.outline.named(f"{owner.qualname}.{method}") if owner is not None else None
        return [(path, inside)] if inside is not None else []
    if "." not in name:
        nested = function.outline.named(f"{function.qualname}.<locals>.{name}")
        plain = nested or function.outline.named(name)
        if plain is not None and plain.kind == "class":
            plain = function.outline.named(f"{name}.__init__")
        return [(path, plain)] if plain is not None else []
    return []


def in_same_file(outline: Outline, definition: Definition, name: str) -> list[Definition]:
    """What a name called in a function stands for, where its own file alone decides it: a function,
    a method of the same class, or the only method of that name."""
    last = name.rsplit(".", 1)[-1]
    if "." not in name:
        function = outline.named(f"{definition.qualname}.<locals>.{name}") or outline.named(name)
        return [function] if function is not None and function.kind == "def" else []
    if name.startswith(("self.", "cls.")) and name.count(".") == 1:
        owner = outline.class_of(definition)
        function = outline.named(f"{owner.qualname}.{last}") if owner is not None else None
        return [function] if function is not None else []
    alike = [d for d in outline.definitions if d.kind == "def" and d.name == last]
    return alike if len(alike) == 1 else []


def returning(
    tree: FunctionTree | None, definition: Definition, value: Variable | None
) -> tuple[int, ast.expr | None]:
    """The line of a function that most likely gave the value, and its expression: for None a
    ``return`` of nothing, or the end of the body; else the last ``return``."""
    if tree is None:
        return definition.line, ast.Constant(value=None)
    returns = [n for n in ast.walk(tree) if isinstance(n, ast.Return | ast.Yield)]
    if value is not None and value.value == "None":
        nothing = [
            n
            for n in returns
            if n.value is None or (isinstance(n.value, ast.Constant) and n.value.value is None)
        ]
        if nothing:
            last = max(nothing, key=lambda n: n.lineno)
            return last.lineno, last.value or ast.Constant(value=None)
        if not isinstance(tree.body[-1], ast.Return | ast.Raise | ast.While | ast.Try | ast.With):
            return tree.body[-1].lineno, None
    giving = [n for n in returns if n.value is not None]
    if not giving:
        return definition.line, ast.Constant(value=None)
    last = max(giving, key=lambda n: n.lineno)
    return last.lineno, last.value
