"""Calls that do not fit what they call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.replacements import other_keyword
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


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Why a call does not fit a function. ``wrong_definition``: the ``def`` is to be mended, not the call;
    ``keyword`` is the one that the call should pass instead of ``wrong_keyword``."""

    message: Message
    wrong_definition: bool = False
    wrong_keyword: str = ""
    keyword: str = ""


def wrong_arguments(context: CrashContext) -> Iterator[Anomaly]:
    """A call is held against the ``def`` that it reaches: which parameter has another name, is not
    given, or is given twice; a method without ``self``, or called on the class. Only where the
    definition is in the source."""
    at = context.first
    complaint = _CALLED.match(context.message)
    if at is None or complaint is None or context.kind != "TypeError":
        return
    name, words = complaint[1], complaint[2]
    call = next((c for c in _calls(context, at) if _reaches(c, name)), None)
    defined = _defined(context, at, call, name)
    if call is None or defined is None:
        return
    path, definition = defined
    outline = context.texts[path]
    tree = outline.tree(definition)
    if tree is None:
        return
    file = path.replace(chr(92), "/").rsplit("/", 1)[-1]
    function = message(
        "anomaly.wrong_arguments.function", name=definition.qualname, line=definition.line, file=file
    )
    misfit = _misfit(words, function, call, tree, outline.class_of(definition) is not None)
    if misfit is not None:
        line = definition.line if misfit.wrong_definition and path == context.frames[at].path else 0
        edit = None
        if misfit.keyword:
            edit = other_keyword(context.statement_at(at), misfit.wrong_keyword, misfit.keyword)
        yield context.anomaly(AnomalyKind.WRONG_ARGUMENTS, misfit.message, at, 0.9, line=line, edit=edit)


def _calls(context: CrashContext, at: int) -> Iterator[ast.Call]:
    for node in context.operations(at):
        if isinstance(node, ast.Call):
            yield node


def _reaches(call: ast.Call, name: str) -> bool:
    called = unparsed(call.func).rsplit(".", 1)[-1]
    return (
        called == name
        or name in ("__init__", "__new__", "__call__")
        or (name[:1].isupper() and called == "cls")
    )


def _defined(
    context: CrashContext, at: int, call: ast.Call | None, name: str
) -> tuple[str, Definition] | None:
    """The definition that a call reaches: as recorded with the frame, or the only one of that name
    in the same file."""
    if call is None:
        return None
    function = context.function(at)
    text = unparsed(call.func)
    for listed in function.frame.calls:
        if listed.expression == text and listed.function.rsplit(".", 1)[-1] == name:
            definition = context.texts[listed.path].starting(listed.line)
            if definition is not None:
                return listed.path, definition
    outline = function.outline
    if name == "__init__":
        owner = outline.named(text)
        inside = outline.named(f"{owner.qualname}.__init__") if owner is not None else None
        return (context.frames[at].path, inside) if inside is not None else None
    alike = [d for d in outline.definitions if d.kind == "def" and d.name == name]
    return (context.frames[at].path, alike[0]) if len(alike) == 1 else None


def _misfit(
    words: str,
    function: Message,
    call: ast.Call,
    tree: ast.FunctionDef | ast.AsyncFunctionDef,
    is_method: bool,
) -> _Misfit | None:
    """:param words: what Python says of the call, behind the function's name."""
    names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
    takes = names[:12] or message("anomaly.wrong_arguments.nothing")
    unexpected, missing = _UNEXPECTED.search(words), _MISSING.search(words)
    many, twice = _TOO_MANY.search(words), _TWICE.search(words)
    if unexpected is not None:
        wrong = unexpected[1]
        near = near_name(wrong, names)
        if near is not None:
            near_keyword = message(
                "anomaly.wrong_arguments.near_keyword",
                function=function,
                wrong=wrong,
                near=near.name,
                difference=near.difference,
            )
            return _Misfit(near_keyword, wrong_keyword=wrong, keyword=near.name)
        return _Misfit(
            message("anomaly.wrong_arguments.keyword", function=function, wrong=wrong, takes=takes)
        )
    if missing is not None:
        lacking = re.findall(r"'(\w+)'", missing[2])
        if is_method and lacking[:1] == names[:1] == ["self"] and "." in unparsed(call.func):
            owner = unparsed(call.func).rsplit(".", 1)[0]
            return _Misfit(message("anomaly.wrong_arguments.on_class", function=function, owner=owner))
        quoted = [message("quoted", text=name) for name in lacking]
        return _Misfit(
            message("anomaly.wrong_arguments.missing", function=function, takes=takes, missing=quoted)
        )
    if many is not None:
        taken, given = int(many[1]), int(many[2])
        static = any(unparsed(d) == "staticmethod" for d in tree.decorator_list)
        without_self = is_method and not static and names[:1] not in (["self"], ["cls"])
        if without_self and given == len(call.args) + 1:
            return _Misfit(
                message("anomaly.wrong_arguments.no_self", function=function), wrong_definition=True
            )
        return _too_many(function, takes, taken, given, call)
    if twice is not None:
        return _Misfit(
            message("anomaly.wrong_arguments.twice", function=function, parameter=twice[1], takes=takes)
        )
    return None


def _too_many(
    function: Message, takes: list[str] | Message, taken: int, given: int, call: ast.Call
) -> _Misfit:
    starred = any(isinstance(a, ast.Starred) for a in call.args)
    extra = [] if starred else call.args[taken - (given - len(call.args)) :]
    if not extra:
        return _Misfit(message("anomaly.wrong_arguments.count", function=function, takes=takes, given=given))
    shown = [message("quoted", text=unparsed(a)) for a in extra[:3]]
    return _Misfit(
        message(
            "anomaly.wrong_arguments.extra", function=function, takes=takes, extra=shown, count=len(extra)
        )
    )
