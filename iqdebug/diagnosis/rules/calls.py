"""Calls that do not fit what they call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.similar_names import near_name
from iqdebug.diagnosis.source.functions import unparsed
from iqdebug.diagnosis.source.outline import Definition

__all__ = ["wrong_arguments"]

_CALLED = re.compile(r"^(?:[\w.<>]*\.)?(\w+|<lambda>)\(\) (.*)$", re.DOTALL)
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_MISSING = re.compile(r"missing (\d+) required (?:positional|keyword-only) arguments?: (.*)")
_TOO_MANY = re.compile(
    r"takes (?:from \d+ to )?(\d+) positional arguments? but (\d+) (?:was|were|positional)"
)
_TWICE = re.compile(r"multiple values for (?:keyword )?argument '(\w+)'")


def wrong_arguments(scene: CrashContext) -> Iterator[Anomaly]:
    """A call is held against the ``def`` that it reaches: which parameter has another name, is not
    given, or is given twice; a method without ``self``, or called on the class. Only where the
    definition is in the source."""
    at = scene.first
    said = _CALLED.match(scene.message)
    if at is None or said is None or scene.kind != "TypeError":
        return
    name, words = said[1], said[2]
    call = next((c for c in _calls(scene, at) if _reaches(c, name)), None)
    found = _defined(scene, at, call, name)
    if call is None or found is None:
        return
    path, definition = found
    outline = scene.texts[path]
    tree = outline.tree(definition)
    if tree is None:
        return
    where = (
        f"`{definition.qualname}` (line {definition.line} of {path.replace(chr(92), '/').rsplit('/', 1)[-1]})"
    )
    method = outline.class_of(definition) is not None
    names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
    text = _told(words, where, names, call, tree, method)
    if text:
        line = definition.line if "has no parameter for" in text and path == scene.frames[at].path else 0
        yield scene.say("wrong-arguments", text, at, 0.9, line=line)


def _calls(scene: CrashContext, at: int) -> Iterator[ast.Call]:
    for node in scene.operations(at):
        if isinstance(node, ast.Call):
            yield node


def _reaches(call: ast.Call, name: str) -> bool:
    called = unparsed(call.func).rsplit(".", 1)[-1]
    return (
        called == name
        or name in ("__init__", "__new__", "__call__")
        or (name[:1].isupper() and called == "cls")
    )


def _defined(scene: CrashContext, at: int, call: ast.Call | None, name: str) -> tuple[str, Definition] | None:
    """The definition that a call reaches: as recorded with the frame, or the only one of that name
    in the same file."""
    if call is None:
        return None
    function = scene.function(at)
    text = unparsed(call.func)
    for listed in function.frame.calls:
        if listed.expression == text and listed.function.rsplit(".", 1)[-1] == name:
            found = scene.texts[listed.path].starting(listed.line)
            if found is not None:
                return listed.path, found
    outline = function.outline
    if name == "__init__":
        owner = outline.named(text)
        inside = outline.named(f"{owner.qualname}.__init__") if owner is not None else None
        return (scene.frames[at].path, inside) if inside is not None else None
    alike = [d for d in outline.definitions if d.kind == "def" and d.name == name]
    return (scene.frames[at].path, alike[0]) if len(alike) == 1 else None


def _told(
    words: str,
    where: str,
    names: list[str],
    call: ast.Call,
    tree: ast.FunctionDef | ast.AsyncFunctionDef,
    method: bool,
) -> str:
    unexpected, missing = _UNEXPECTED.search(words), _MISSING.search(words)
    many, twice = _TOO_MANY.search(words), _TWICE.search(words)
    listed = ", ".join(names[:12]) or "nothing"
    if unexpected is not None:
        near = near_name(unexpected[1], names)
        if near is not None:
            return f"{where} has no parameter `{unexpected[1]}`, but `{near.name}` ({near.how})"
        return f"{where} has no parameter `{unexpected[1]}`: it takes {listed}"
    if missing is not None:
        lacking = re.findall(r"'(\w+)'", missing[2])
        if method and lacking[:1] == names[:1] and names[:1] == ["self"] and "." in unparsed(call.func):
            owner = unparsed(call.func).rsplit(".", 1)[0]
            return f"{where} is called on the class `{owner}` itself, not on an instance: `self` is missing"
        return f"{where} takes {listed}; the call does not give {', '.join(f'`{n}`' for n in lacking)}"
    if many is not None:
        takes, given = int(many[1]), int(many[2])
        static = any(unparsed(d) == "staticmethod" for d in tree.decorator_list)
        if method and not static and names[:1] not in (["self"], ["cls"]) and given == len(call.args) + 1:
            return f"{where} has no parameter for the instance: `self` is missing from its `def`"
        starred = any(isinstance(a, ast.Starred) for a in call.args)
        extra = [] if starred else call.args[takes - (given - len(call.args)) :]
        over = ", ".join(f"`{unparsed(a)}`" for a in extra[:3])
        told = f": {over} {'is' if len(extra) == 1 else 'are'} too many"
        return f"{where} takes {listed}{told if extra else f', and {given} are passed'}"
    if twice is not None:
        return f"{where} gets `{twice[1]}` by its place and by its name: it takes {listed}"
    return ""
