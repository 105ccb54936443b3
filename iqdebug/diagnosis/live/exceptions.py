"""Rule about exceptions: the line that failed, and the value on it that explains the failure."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterator

from iqdebug.core.messages import message
from iqdebug.core.state import ExceptionInfo, Frame, Suspect, Thread, Variable
from iqdebug.diagnosis.live.context import (
    Finding,
    LiveContext,
    as_number,
    is_empty,
    local,
    short,
    suspect,
    where,
)
from iqdebug.diagnosis.source.syntax import dotted, unparse

__all__ = ["exception_explained"]

_Clue = tuple[str, Variable]
"""A sentence and the value that supports it."""


def exception_explained(look: LiveContext) -> list[Finding]:
    """An exception names its line; the values on that line often name the cause. The innermost
    frame of the person's own code is blamed before any library it called. When a value there
    explains the failure, the line that gave it that value is named as well."""
    error = look.snapshot.exception
    thread = look.snapshot.focused
    if error is None or thread is None or not thread.frames:
        return []
    index, frame = look.user_frame(thread) or (0, thread.frames[0])
    statement = look.source(frame).statement(frame.line)
    parts = list(_on_the_line(statement, frame.line))
    clues = _clues(error, parts, frame)
    message = f"{error.type}: {short(error.message)}" if error.message else error.type
    if index > 0 and thread.frames[0].kind != "user":
        trail = [f"the exception was raised further in, at {where(thread.frames[0])}"]
    else:
        trail = []
    if clues:
        reasons = [*(said for said, _ in clues), *trail]
        proof = {v.name: v for _, v in clues}
        first = suspect(frame, 0.92, reasons, thread=thread, index=index, proof=tuple(proof.values()))
        suspects = [first, *_origins(look, thread, index, frame, list(proof))]
        return [Finding("likely", f"{message} at {where(frame)}: {clues[0][0]}", tuple(suspects))]
    values = _named_values(parts, frame)
    reasons = [
        f"{error.type} was raised here" if not trail else f"{error.type} came out of this call",
        *trail,
    ]
    if isinstance(statement, ast.Raise):
        reasons = ["this line raises it on purpose: the values that led here come from its caller", *trail]
    first = suspect(frame, 0.7, reasons, thread=thread, index=index, proof=values)
    callers = _caller(thread, index) if isinstance(statement, ast.Raise) else []
    return [Finding("possible", f"{message} at {where(frame)}", (first, *callers))]


def _on_the_line(statement: ast.stmt | None, line: int) -> Iterator[ast.AST]:
    """The expressions of a statement that begin or end on the line; of a compound statement its
    head alone."""
    if statement is None or isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody", "handlers", "cases"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                for node in ast.walk(part):
                    first = getattr(node, "lineno", line)
                    if first <= line <= (getattr(node, "end_lineno", None) or first):
                        yield node


def _clues(error: ExceptionInfo, parts: list[ast.AST], frame: Frame) -> list[_Clue]:
    explain: dict[str, Callable[[ExceptionInfo, list[ast.AST], Frame], Iterator[_Clue]]] = {
        "AttributeError": _none_used,
        "TypeError": _none_used,
        "IndexError": _out_of_range,
        "ZeroDivisionError": _zero_divisor,
        "KeyError": _missing_key,
        "NameError": _near_names,
        "UnboundLocalError": _near_names,
    }
    rule = explain.get(error.type.split(" ")[0].rsplit(".", 1)[-1])
    if rule is None:
        return []
    return list(dict.fromkeys(rule(error, parts, frame)))[:4]


def _none_used(error: ExceptionInfo, parts: list[ast.AST], frame: Frame) -> Iterator[_Clue]:
    if "NoneType" not in error.message:
        return
    attribute = re.search(r"has no attribute '(\w+)'", error.message)
    for node in parts:
        if isinstance(node, ast.Attribute):
            base, use = node.value, f"`.{node.attr}` is taken from it"
            if attribute and node.attr != attribute[1]:
                continue
        elif isinstance(node, ast.Subscript):
            base, use = node.value, "it is subscripted"
        elif isinstance(node, ast.Call):
            base, use = node.func, "it is called"
        elif isinstance(node, ast.For):
            base, use = node.iter, "it is looped over"
        elif isinstance(node, ast.BinOp):
            for side in (node.left, node.right):
                value = local(frame, dotted(side))
                if value is not None and value.value == "None":
                    yield f"`{dotted(side)}` is None, and it is used in `{unparse(node)}`", value
            continue
        else:
            continue
        value = local(frame, dotted(base))
        if value is not None and value.value == "None":
            yield f"`{dotted(base)}` is None, and {use}", value


def _out_of_range(error: ExceptionInfo, parts: list[ast.AST], frame: Frame) -> Iterator[_Clue]:
    for node in parts:
        base = node.value if isinstance(node, ast.Subscript) else None
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("pop", "popleft")
        ):
            base = node.func.value
        value = local(frame, dotted(base)) if base is not None else None
        if value is None or base is None:
            continue
        if is_empty(value):
            yield f"`{dotted(base)}` is empty, and `{unparse(node)}` takes an element from it", value
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and value.size is not None:
            at = local(frame, node.slice.id)
            number = as_number(at)
            if at is not None and number is not None and not -value.size <= number < value.size:
                yield f"`{node.slice.id}` is {at.value}, and `{dotted(base)}` has {value.size} elements", at


def _zero_divisor(error: ExceptionInfo, parts: list[ast.AST], frame: Frame) -> Iterator[_Clue]:
    for node in parts:
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(
            node.op, ast.Div | ast.FloorDiv | ast.Mod
        ):
            right = node.right if isinstance(node, ast.BinOp) else node.value
        elif isinstance(node, ast.Call) and dotted(node.func) == "divmod" and len(node.args) == 2:
            right = node.args[1]
        else:
            continue
        for name in ast.walk(right):
            value = local(frame, name.id) if isinstance(name, ast.Name) else None
            if value is not None and as_number(value) == 0:
                yield f"the divisor `{unparse(right)}` is zero: `{value.name}` is {value.value}", value
            elif value is not None and is_empty(value):
                yield f"the divisor `{unparse(right)}` is zero: `{value.name}` is empty", value


def _missing_key(error: ExceptionInfo, parts: list[ast.AST], frame: Frame) -> Iterator[_Clue]:
    wanted = error.message.strip()
    for node in parts:
        if not isinstance(node, ast.Subscript) or not _may_be(node.slice, wanted, frame):
            continue
        value = local(frame, dotted(node.value))
        if value is None or not value.value.startswith(
            ("{", "defaultdict", "OrderedDict", "Counter", "mappingproxy")
        ):
            continue
        keys = _keys(value.value)
        if wanted in keys:
            continue
        if is_empty(value):
            yield f"`{value.name}` is empty, so it has no key {wanted}", value
            continue
        folded = {k.casefold().strip("'\""): k for k in keys}
        near = difflib.get_close_matches(wanted.casefold().strip("'\""), list(folded), 2, 0.7)
        said = f"`{value.name}` has no key {short(wanted)}"
        yield said + (f", but it has {', '.join(folded[n] for n in near)}" if near else ""), value


def _may_be(key: ast.expr, wanted: str, frame: Frame) -> bool:
    """Whether the key expression may have had the value whose repr is ``wanted``: of several
    look-ups on a line only the one that failed is meant."""
    if isinstance(key, ast.Constant):
        return repr(key.value) == wanted
    value = local(frame, dotted(key)) if isinstance(key, ast.Name | ast.Attribute) else None
    return value is None or value.state != "ok" or value.value == wanted


def _keys(text: str) -> list[str]:
    """The keys of a dict's repr, as reprs; those that can be told when the repr is cut."""
    try:
        tree = ast.parse(text, mode="eval") if len(text) <= 20_000 else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is not None:
        return [unparse(k) for d in [tree.body] if isinstance(d, ast.Dict) for k in d.keys if k is not None]
    return [f"'{k}'" for k in re.findall(r"[{,] ?['\"]([^'\"\n]{1,80})['\"]:", text[:20_000])]


def _near_names(error: ExceptionInfo, parts: list[ast.AST], frame: Frame) -> Iterator[_Clue]:
    missing = re.search(r"'(\w+)'", error.message)
    names = {v.name: v for v in frame.locals or ()}
    for near in difflib.get_close_matches(missing[1], list(names), 2, 0.7) if missing else []:
        if missing is not None and near != missing[1]:
            yield f"there is no `{missing[1]}`, but there is `{near}`", names[near]


def _named_values(parts: list[ast.AST], frame: Frame) -> list[Variable]:
    names = dict.fromkeys(n.id for n in parts if isinstance(n, ast.Name))
    return [v for v in (local(frame, n) for n in names) if v is not None][:6]


def _origins(look: LiveContext, thread: Thread, index: int, frame: Frame, names: list[str]) -> list[Suspect]:
    """The nearest line above the failure that assigned the value, or the call that passed it."""
    function = look.source(frame).function(frame.line)
    if function is None:
        return []
    places: list[Suspect] = []
    for name in names[:2]:
        above = [
            n
            for n in ast.walk(function)
            if isinstance(n, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.NamedExpr)
            and n.lineno < frame.line
            and name in _targets(n)
        ]
        given = [a.arg for a in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]]
        if above:
            last = max(above, key=lambda n: n.lineno)
            at = Frame(name=frame.name, path=frame.path, line=last.lineno, kind=frame.kind)
            code = short(look.source(frame).text(last.lineno))
            reason = message("reason.got_value", name=name, code=code)
            places.append(suspect(at, 0.75, [reason], thread=thread, index=index))
        elif name in given:
            places += _caller(thread, index, f"`{name}` is an argument: this call passed it")
    return places


def _targets(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Assign):
        targets: list[ast.expr] = node.targets
    else:
        targets = (
            [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For | ast.NamedExpr) else []
        )
    return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}


def _caller(thread: Thread, index: int, reason: str = "this is the call that led there") -> list[Suspect]:
    for at, frame in enumerate(thread.frames[index + 1 :], index + 1):
        if frame.kind == "label":
            break
        if frame.kind == "user":
            return [suspect(frame, 0.6, [reason], thread=thread, index=at)]
    return []
