"""Names that are not there, and what was probably meant."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import render
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.replacements import imported_module, other_attribute, other_name
from iqdebug.diagnosis.rules.similar_names import Near, near_name
from iqdebug.diagnosis.source.functions import FunctionTree, unparsed
from iqdebug.diagnosis.source.outline import Outline

__all__ = ["misspelt_attribute", "misspelt_name", "unbound_local"]

_NO_NAME = re.compile(r"name '(\w+)' is not defined")
_BUILTINS = tuple(n for n in dir(builtins) if n[0] != "_")


def misspelt_name(context: CrashContext) -> Iterator[Anomaly]:
    """A name that nothing binds: one near it that is bound, an attribute of ``self`` by the same
    name, or a module of the standard library that the file does not import."""
    at = context.first
    wrong = _NO_NAME.search(context.message)
    if at is None or wrong is None or context.kind != "NameError":
        return
    name, function = wrong[1], context.function(at)
    own = context.named(at, "self")
    if any(c.name == name and c.kind == "attribute" for c in context.children(own)):
        edit = other_name(context.statement_at(at), name, f"self.{name}")
        text = f"`self.{name}` exists: `self.` is missing"
        yield context.anomaly(AnomalyKind.MISSING_SELF, text, at, 0.9, own, edit=edit)
        return
    if name in sys.stdlib_module_names and name not in _module_names(function.outline):
        text = f"`{name}` is a module of the standard library, which this file does not import"
        edit = imported_module(context.frames[at].path, function.outline, name)
        yield context.anomaly(AnomalyKind.NOT_IMPORTED, text, at, 0.9, edit=edit)
        return
    local = [v.name for v in function.frame.locals or ()] + list(function.parameters)
    near = near_name(name, [*local, *_module_names(function.outline)])
    if near is None:
        near = near_name(name, _BUILTINS)
        # Among so many builtins a neighbour two letters away is chance.
        near = near if near is not None and near.sure else None
    if near is not None:
        value = context.named(at, near.name)
        weight = 0.9 if near.sure else 0.6
        edit = other_name(context.statement_at(at), name, near.name)
        yield context.anomaly(AnomalyKind.NEAR_NAME, _said(name, near), at, weight, value, edit=edit)


def _said(name: str, near: Near) -> str:
    return f"there is no `{name}`, but there is `{near.name}` ({render(near.difference)})"


def _module_names(outline: Outline) -> list[str]:
    """What a module binds at its top level."""
    module = outline.module
    names = [d.name for d in outline.definitions if "." not in d.qualname]
    for node in ast.walk(module) if module is not None else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names += [(a.asname or a.name).split(".")[0] for a in node.names]
    return list(dict.fromkeys(names))


_NO_ATTRIBUTE = re.compile(r"^'(?P<of>[\w.]+)' object has no attribute '(?P<name>\w+)'")
_NO_CLASS_ATTRIBUTE = re.compile(r"^type object '(?P<of>[\w.]+)' has no attribute '(?P<name>\w+)'")
_METHODS: dict[str, tuple[str, ...]] = {
    t.__name__: tuple(n for n in dir(t) if n[0] != "_")
    for t in (str, bytes, bytearray, list, tuple, dict, set, frozenset, int, float)
}
_ELSEWHERE: dict[tuple[str, str], str] = {
    ("list", "add"): "`append` adds to a list, `add` to a set",
    ("list", "push"): "`append` adds to a list",
    ("list", "length"): "`len(…)` gives the length",
    ("str", "length"): "`len(…)` gives the length",
    ("list", "split"): "it is a list already: one of its elements is to be split",
    ("list", "strip"): "it is a list: each element is to be stripped",
    ("list", "lower"): "it is a list: each element is meant",
    ("list", "keys"): "it is a list of what may be mappings: one element is meant",
    ("list", "items"): "it is a list of what may be mappings: one element is meant",
    ("list", "get"): "it is a list of what may be mappings: one element is meant",
    ("list", "join"): "`separator.join(list)` is the order",
    ("set", "append"): "`add` adds to a set",
    ("dict", "append"): "`dict[key] = value` adds to a mapping, or one of its values is meant",
    ("dict", "has_key"): "`key in dict` asks for a key since Python 3",
    ("dict", "iteritems"): "`items()` since Python 3",
    ("dict", "itervalues"): "`values()` since Python 3",
    ("dict", "iterkeys"): "`keys()` since Python 3",
    ("tuple", "append"): "a tuple cannot grow: a list is meant",
    ("bytes", "encode"): "it is encoded already: bytes are decoded",
    ("str", "decode"): "it is text already: text is encoded",
    ("bytes", "format"): "bytes have no `format`: they are to be decoded first",
    ("str", "items"): "it is text: JSON that was not parsed, or one element too deep",
    ("str", "get"): "it is text: JSON that was not parsed, or one element too deep",
    ("str", "keys"): "it is text: JSON that was not parsed, or one element too deep",
    ("str", "append"): "text cannot grow: a list is meant",
    ("generator", "sort"): "a generator has no order yet: `sorted(…)` makes a list of it",
    ("generator", "append"): "a generator cannot grow: `list(…)` makes a list of it",
    ("map", "append"): "`map` gives an iterator since Python 3: `list(map(…))` makes a list",
    ("map", "sort"): "`map` gives an iterator since Python 3: `sorted(…)` makes a list",
    ("filter", "append"): "`filter` gives an iterator since Python 3: `list(…)` makes a list",
    ("dict_keys", "sort"): "`keys()` gives a view since Python 3: `sorted(…)` makes a list",
    ("dict_keys", "append"): "`keys()` gives a view since Python 3: `list(…)` makes a list",
    ("dict_values", "sort"): "`values()` gives a view since Python 3: `sorted(…)` makes a list",
}


def misspelt_attribute(context: CrashContext) -> Iterator[Anomaly]:
    """An attribute that is not there: one near it that the object has, by its recorded attributes,
    the methods of its class, or what its methods assign. For builtin types also the method that
    another type has under that name."""
    at = context.first
    wrong = _NO_ATTRIBUTE.search(context.message) or _NO_CLASS_ATTRIBUTE.search(context.message)
    if at is None or wrong is None or context.kind != "AttributeError" or context.raised(at):
        return
    name, kind = wrong["name"], wrong["of"].rsplit(".", 1)[-1]
    for node in context.operations(at):
        target = node.func if isinstance(node, ast.Call) else node
        if not isinstance(target, ast.Attribute) or target.attr != name:
            continue
        owner = context.value(at, target.value)
        if owner is not None and owner.type and not _is_of(owner, kind):
            continue
        shown = f"`{unparsed(target.value)}` ({kind})"
        if (kind, name) in _ELSEWHERE:
            yield context.anomaly(
                AnomalyKind.OTHER_TYPE, f"{shown} has no `{name}`: {_ELSEWHERE[kind, name]}", at, 0.6, owner
            )
            return
        near = near_name(name, _attributes(context, at, owner, kind))
        if near is not None:
            text = f"{shown} has no `{name}`, but `{near.name}` ({render(near.difference)})"
            edit = other_attribute(context.statement_at(at), name, near.name)
            weight = 0.9 if near.sure else 0.6
            yield context.anomaly(AnomalyKind.NEAR_NAME, text, at, weight, owner, edit=edit)
            return


def _is_of(owner: Variable, kind: str) -> bool:
    return owner.type.rsplit(".", 1)[-1] == kind or owner.type == "type" or "type" in owner.type.lower()


_MAX_FILES = 12


def _attributes(context: CrashContext, at: int, owner: Variable | None, kind: str) -> list[str]:
    names = [c.name for c in context.children(owner) if c.kind in ("attribute", "property")]
    names += _METHODS.get(kind, ())
    paths = dict.fromkeys([context.frames[at].path, *(c.path for c in context.frames[at].calls)])
    for path in list(paths)[:_MAX_FILES]:
        outline = context.texts[path]
        found = next((d for d in outline.definitions if d.kind == "class" and d.name == kind), None)
        if found is None or found.end - found.line > 4_000:
            continue
        names += [m.name for m in outline.methods(found)]
        body = "\n".join(outline.text(n) for n in range(found.line, found.end + 1))
        names += re.findall(r"\bself\.(\w+)\s*(?::[^=\n]{0,80})?=[^=]", body[:200_000])
        names += re.findall(r"^    (\w+)\s*(?::|=)", body[:200_000], re.MULTILINE)
    return list(dict.fromkeys(names))


_UNBOUND = re.compile(
    r"local variable '(\w+)' referenced before|cannot access local variable '(\w+)'|"
    r"free variable '(\w+)' (?:referenced before|where)"
)


def unbound_local(context: CrashContext) -> Iterator[Anomaly]:
    """An assignment anywhere in a function makes the name local to all of it. Without ``global`` the
    module's variable of that name is hidden; else the branch that assigns was not taken."""
    at = context.first
    wrong = _UNBOUND.search(context.message)
    if at is None or wrong is None or context.kind not in ("UnboundLocalError", "NameError"):
        return
    name = next(g for g in wrong.groups() if g)
    function, here = context.function(at), context.frames[at].line
    if not isinstance(function.tree, FunctionTree):
        return
    lines = sorted(_binding_lines(function.tree, name))
    if not lines:
        return
    handler = next(
        (n for n in ast.walk(function.tree) if isinstance(n, ast.ExceptHandler) and n.name == name), None
    )
    if handler is not None and (handler.end_lineno or handler.lineno) < here:
        text = f"`{name}` of the `except` at line {handler.lineno} is deleted when that block ends"
        yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.9, line=handler.lineno)
    elif name in _module_names(function.outline):
        text = (
            f"`{name}` is local to {function.qualname}, since line {lines[0]} assigns it: `global` is missing"
        )
        yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.9, line=lines[0])
    elif lines[0] > here:
        text = f"`{name}` is assigned first at line {lines[0]}, below this line"
        yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.9)
    else:
        above = max(n for n in lines if n <= here)
        if above == here:
            yield context.anomaly(
                AnomalyKind.UNBOUND_LOCAL, f"`{name}` is changed before it was ever assigned", at, 0.9
            )
            return
        text = f"`{name}` is only assigned at line {above}, and that line did not run"
        yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.6, line=above)


def _binding_lines(tree: ast.AST, name: str) -> set[int]:
    found = {
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store | ast.Del)
    }
    found |= {n.lineno for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and n.name == name}
    for node in ast.walk(tree):
        names = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
        if any((a.asname or a.name.split(".")[0]) == name for a in names):
            found.add(getattr(node, "lineno", 0))
    return found
