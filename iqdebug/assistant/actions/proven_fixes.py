"""Fixes that evidence proves, without a model: each with the reason that proves it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from iqdebug.assistant.actions.edits import EditRefused, Hunk
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.core.state import Anomaly, Diagnosis, Snapshot
from iqdebug.diagnosis.source.outline import Outline

__all__ = ["NEEDS_A_MODEL", "mechanical_fixes"]

NEEDS_A_MODEL = (
    "No fix follows from the evidence alone: what the program should do instead, "
    "a person or a model has to say"
)

_KEY = re.compile(r"has no key (.+?), but it has (.+?) \(", re.S)
_NAME = re.compile(r"there is no `(\w+)`, but there is `(\w+)` \(")
_ATTRIBUTE = re.compile(r"has no `(\w+)`, but `(\w+)` \(")
_PARAMETER = re.compile(r"has no parameter `(\w+)`, but `(\w+)` \(")
_SELF = re.compile(r"`self\.(\w+)` exists")
_AWAITED = re.compile(r"`(.+?)` (?:is the coroutine of|gives a coroutine|was never awaited)", re.S)
_DEFAULT = re.compile(r"`(\w+)` has a default of")
_MODULE = re.compile(r"`(\w+)` is a module of the standard library, which this file does not import")

Replace = tuple[ast.expr, str]  # a node, and the text to put in its place


@dataclass(frozen=True, slots=True)
class _Place:
    anomaly: Anomaly
    outline: Outline

    def nodes(self) -> Iterator[ast.AST]:
        """Of the statement at the anomaly's line."""
        definition = self.outline.function_at(self.anomaly.line)
        tree = self.outline.tree(definition) if definition is not None else None
        around = tree or self.outline.module
        line = self.anomaly.line
        best: ast.stmt | None = None
        for node in ast.walk(around) if around is not None else ():
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
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
            if isinstance(n, ast.expr | ast.keyword) and first <= n.lineno <= max(last, line)
        )


def mechanical_fixes(
    snapshot: Snapshot,
    diagnosis: Diagnosis,
    *,
    root: str,
    read_source: Callable[[str], Sequence[str]],
) -> tuple[Proposal, ...]:
    """The edits that follow from what is unusual about the failure, the surest first; () where none
    does (then :data:`NEEDS_A_MODEL` is to be said). Nothing is changed.

    :param read_source: the lines as they are on disk now: an edit has to fit them.
    """
    found: list[Proposal] = []
    for anomaly in diagnosis.anomalies:
        if anomaly.weight < 0.6:
            continue
        outline = Outline(tuple(read_source(anomaly.path)))
        if not outline.text(anomaly.line):
            continue
        for hunk in _hunks(_Place(anomaly, outline)):
            try:
                proposal = propose([hunk], root, reason=anomaly.text)
            except EditRefused:
                continue
            if proposal.diff not in {p.diff for p in found}:
                found.append(proposal)
    return tuple(found)


def _hunks(place: _Place) -> Iterator[Hunk]:
    anomaly = place.anomaly
    makers: dict[str, Callable[[_Place], Iterator[Hunk]]] = {
        "near-key": _near_key,
        "near-name": _near_name,
        "missing-self": _missing_self,
        "never-awaited": _never_awaited,
        "grown-default": _grown_default,
        "wrong-arguments": _wrong_keyword,
        "not-imported": _not_imported,
    }
    maker = makers.get(anomaly.kind)
    return maker(place) if maker is not None else iter(())


def _near_key(place: _Place) -> Iterator[Hunk]:
    said = _KEY.search(place.anomaly.text)
    if said is None:
        return
    try:
        wrong, right = ast.literal_eval(said[1]), ast.literal_eval(said[2])
    except (ValueError, SyntaxError):
        return
    found: list[Replace] = []
    # The keys are of another type than what is looked up: the look-up converts it.
    other = (type(wrong), type(right)) in ((int, str), (str, int)) and str(wrong) == str(right)
    for node in place.nodes():
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            constant = node.slice
            if constant.value == wrong and type(constant.value) is type(wrong):
                found.append((constant, _like(constant, place, repr(right))))
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name | ast.Attribute) and other:
            found.append((node.slice, f"{type(right).__name__}({ast.unparse(node.slice)})"))
    yield from _one(place, found)


def _near_name(place: _Place) -> Iterator[Hunk]:
    text = place.anomaly.text
    said = _ATTRIBUTE.search(text)
    if said is not None:
        attributes = [
            (n, f"{_source(n.value, place)}.{said[2]}")
            for n in place.nodes()
            if isinstance(n, ast.Attribute) and n.attr == said[1]
        ]
        yield from _one(place, attributes)
        return
    said = _NAME.search(text)
    if said is not None:
        yield from _one(
            place, [(n, said[2]) for n in place.nodes() if isinstance(n, ast.Name) and n.id == said[1]]
        )


def _missing_self(place: _Place) -> Iterator[Hunk]:
    said = _SELF.search(place.anomaly.text)
    if said is not None:
        names = [n for n in place.nodes() if isinstance(n, ast.Name) and n.id == said[1]]
        yield from _one(place, [(n, f"self.{said[1]}") for n in names])


def _never_awaited(place: _Place) -> Iterator[Hunk]:
    """Only within an ``async def``, and only where the call itself stands in the line."""
    definition = place.outline.function_at(place.anomaly.line)
    tree = place.outline.tree(definition) if definition is not None else None
    if not isinstance(tree, ast.AsyncFunctionDef):
        return
    said = _AWAITED.search(place.anomaly.text)
    awaited = {id(n.value) for n in place.nodes() if isinstance(n, ast.Await)}
    calls = [n for n in place.nodes() if isinstance(n, ast.Call) and id(n) not in awaited]
    mine = [n for n in calls if said is not None and ast.unparse(n) == said[1]]
    found = mine
    if not found and said is not None and said[1].isidentifier():
        found, place = _assigned_call(tree, said[1], place)
    for node in found[:1]:
        source = _source(node, place)
        bare = any(isinstance(n, ast.Attribute | ast.Subscript) and n.value is node for n in place.nodes())
        yield from _one(place, [(node, f"(await {source})" if bare else f"await {source}")])


def _assigned_call(tree: ast.AsyncFunctionDef, name: str, place: _Place) -> tuple[list[ast.Call], _Place]:
    """The call whose coroutine the name holds, where it is assigned only once."""
    given = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in n.targets)
    ]
    if len(given) != 1 or not isinstance(given[0].value, ast.Call):
        return [], place
    anomaly = place.anomaly
    moved = Anomaly(
        anomaly.kind, anomaly.text, anomaly.path, given[0].lineno, anomaly.function, anomaly.weight
    )
    return [given[0].value], _Place(moved, place.outline)


def _grown_default(place: _Place) -> Iterator[Hunk]:
    """``def f(x=[])`` → ``def f(x=None)`` with ``if x is None: x = []`` as its first statement."""
    said = _DEFAULT.search(place.anomaly.text)
    definition = place.outline.function_at(place.anomaly.line)
    tree = place.outline.tree(definition) if definition is not None else None
    if said is None or tree is None or definition is None:
        return
    arguments = tree.args
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True))
    pairs += [
        (a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None
    ]
    default = next((d for a, d in pairs if a.arg == said[1]), None)
    body = tree.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    if documented and len(body) < 2:
        return
    first = body[1] if documented else body[0]
    if default is None or first.lineno <= default.lineno:
        return
    start, stop = default.lineno, first.lineno
    old = [place.outline.text(n) for n in range(start, stop + 1)]
    changed = _replaced_in(place.outline, default, "None")
    if changed is None:
        return
    indent = " " * first.col_offset
    made = [f"{indent}if {said[1]} is None:", f"{indent}    {said[1]} = {ast.unparse(default)}"]
    yield Hunk(place.anomaly.path, tuple(old), (changed, *old[1:-1], *made, old[-1]), start)


def _wrong_keyword(place: _Place) -> Iterator[Hunk]:
    said = _PARAMETER.search(place.anomaly.text)
    if said is None:
        return
    found = [n for n in place.nodes() if isinstance(n, ast.keyword) and n.arg == said[1]]
    if len(found) != 1:
        return
    text = place.outline.text(found[0].lineno)
    at = len(text.encode()[: found[0].col_offset].decode("utf-8", "ignore"))
    if text[at : at + len(said[1])] == said[1]:
        new = text[:at] + said[2] + text[at + len(said[1]) :]
        yield Hunk(place.anomaly.path, (text,), (new,), found[0].lineno)


def _not_imported(place: _Place) -> Iterator[Hunk]:
    said = _MODULE.search(place.anomaly.text)
    if said is None:
        return
    for number, text in enumerate(place.outline.lines[:400], 1):
        if re.match(r"(import|from) (?!__future__)", text):
            line = text.rstrip("\r\n")
            yield Hunk(place.anomaly.path, (line,), (f"import {said[1]}", line), number)
            return


def _one(place: _Place, found: Sequence[Replace]) -> Iterator[Hunk]:
    """The line with the node replaced, where it is the only one that can be meant."""
    same = {(n.lineno, n.col_offset) for n, _ in found}
    if len(same) != 1:
        return
    node, text = found[0]
    new = _replaced_in(place.outline, node, text)
    old = place.outline.text(node.lineno)
    if new is not None and new != old:
        yield Hunk(place.anomaly.path, (old,), (new,), node.lineno)


def _replaced_in(outline: Outline, node: ast.expr, text: str) -> str | None:
    """The node's line with another text in its place; None for a node of several lines."""
    if node.end_lineno != node.lineno or node.end_col_offset is None:
        return None
    line = outline.text(node.lineno).encode()
    return (line[: node.col_offset] + text.encode() + line[node.end_col_offset :]).decode("utf-8", "replace")


def _source(node: ast.expr, place: _Place) -> str:
    if node.end_lineno != node.lineno or node.end_col_offset is None:
        return ast.unparse(node)
    line = place.outline.text(node.lineno).encode()
    return line[node.col_offset : node.end_col_offset].decode("utf-8", "replace")


def _like(constant: ast.Constant, place: _Place, new: str) -> str:
    """A text literal in the quotes of the one it replaces."""
    if _source(constant, place).startswith('"') and new.startswith("'") and '"' not in new:
        return f'"{new[1:-1]}"'
    return new
