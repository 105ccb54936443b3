"""Names that are not there, and what was probably meant."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.replacements import imported_module, other_attribute, other_name
from iqdebug.diagnosis.rules.similar_names import near_name
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
        text = message("anomaly.missing_self", name=name)
        yield context.anomaly(AnomalyKind.MISSING_SELF, text, at, 0.9, own, edit=edit)
        return
    if name in sys.stdlib_module_names and name not in _module_names(function.outline):
        text = message("anomaly.not_imported", module=name)
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
        text = message("anomaly.near_name", wrong=name, near=near.name, difference=near.difference)
        yield context.anomaly(AnomalyKind.NEAR_NAME, text, at, weight, value, edit=edit)


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
_ELSEWHERE: dict[tuple[str, str], Message] = {
    ("list", "add"): message("other_type.list.add"),
    ("list", "push"): message("other_type.list.push"),
    ("list", "length"): message("other_type.list.length"),
    ("str", "length"): message("other_type.list.length"),
    ("list", "split"): message("other_type.list.split"),
    ("list", "strip"): message("other_type.list.strip"),
    ("list", "lower"): message("other_type.list.lower"),
    ("list", "keys"): message("other_type.list.keys"),
    ("list", "items"): message("other_type.list.keys"),
    ("list", "get"): message("other_type.list.keys"),
    ("list", "join"): message("other_type.list.join"),
    ("set", "append"): message("other_type.set.append"),
    ("dict", "append"): message("other_type.dict.append"),
    ("dict", "has_key"): message("other_type.dict.has_key"),
    ("dict", "iteritems"): message("other_type.dict.iteritems"),
    ("dict", "itervalues"): message("other_type.dict.itervalues"),
    ("dict", "iterkeys"): message("other_type.dict.iterkeys"),
    ("tuple", "append"): message("other_type.tuple.append"),
    ("bytes", "encode"): message("other_type.bytes.encode"),
    ("str", "decode"): message("other_type.str.decode"),
    ("bytes", "format"): message("other_type.bytes.format"),
    ("str", "items"): message("other_type.str.items"),
    ("str", "get"): message("other_type.str.items"),
    ("str", "keys"): message("other_type.str.items"),
    ("str", "append"): message("other_type.str.append"),
    ("generator", "sort"): message("other_type.generator.sort"),
    ("generator", "append"): message("other_type.generator.append"),
    ("map", "append"): message("other_type.map.append"),
    ("map", "sort"): message("other_type.map.sort"),
    ("filter", "append"): message("other_type.filter.append"),
    ("dict_keys", "sort"): message("other_type.dict_keys.sort"),
    ("dict_keys", "append"): message("other_type.dict_keys.append"),
    ("dict_values", "sort"): message("other_type.dict_values.sort"),
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
        shown = message("anomaly.typed", name=unparsed(target.value), type=kind)
        if (kind, name) in _ELSEWHERE:
            text = message("anomaly.other_type", owner=shown, wrong=name, meant=_ELSEWHERE[kind, name])
            yield context.anomaly(AnomalyKind.OTHER_TYPE, text, at, 0.6, owner)
            return
        near = near_name(name, _attributes(context, at, owner, kind))
        if near is not None:
            text = message(
                "anomaly.near_attribute",
                owner=shown,
                wrong=name,
                near=near.name,
                difference=near.difference,
            )
            edit = other_attribute(context.statement_at(at), name, near.name)
            weight = 0.9 if near.sure else 0.6
            yield context.anomaly(AnomalyKind.NEAR_NAME, text, at, weight, owner, edit=edit)
            return


def _is_of(owner: Variable, kind: str) -> bool:
    return owner.type.rsplit(".", 1)[-1] == kind or owner.type == "type" or "type" in owner.type.lower()


MAX_FILES = 12


def _attributes(context: CrashContext, at: int, owner: Variable | None, kind: str) -> list[str]:
    names = [c.name for c in context.children(owner) if c.kind in ("attribute", "property")]
    names += _METHODS.get(kind, ())
    paths = dict.fromkeys([context.frames[at].path, *(c.path for c in context.frames[at].calls)])
    for path in list(paths)[:MAX_FILES]:
        outline = context.texts[path]
        owner_class = next((d for d in outline.definitions if d.kind == "class" and d.name == kind), None)
        if owner_class is None or owner_class.end - owner_class.line > 4_000:
            continue
        names += [m.name for m in outline.methods(owner_class)]
        body = "\n".join(outline.text(n) for n in range(owner_class.line, owner_class.end + 1))
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
        text = message("anomaly.unbound.except", name=name, line=handler.lineno)
        yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.9, line=handler.lineno)
    elif name in _module_names(function.outline):
        text = message("anomaly.unbound.global", name=name, function=function.qualname, line=lines[0])
        yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.9, line=lines[0])
    elif lines[0] > here:
        text = message("anomaly.unbound.below", name=name, line=lines[0])
        yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.9)
    else:
        above = max(n for n in lines if n <= here)
        if above == here:
            text = message("anomaly.unbound.changed", name=name)
            yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.9)
            return
        text = message("anomaly.unbound.not_run", name=name, line=above)
        yield context.anomaly(AnomalyKind.UNBOUND_LOCAL, text, at, 0.6, line=above)


def _binding_lines(tree: ast.AST, name: str) -> set[int]:
    lines = {
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store | ast.Del)
    }
    lines |= {n.lineno for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and n.name == name}
    for node in ast.walk(tree):
        names = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
        if any((a.asname or a.name.split(".")[0]) == name for a in names):
            lines.add(getattr(node, "lineno", 0))
    return lines
