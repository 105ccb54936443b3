"""Functions that have returned and whose result, or effect, is on the way to a failure."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from iqdebug.core.evidence import HopKind
from iqdebug.core.messages import message
from iqdebug.core.state import Frame, Variable
from iqdebug.diagnosis.dataflow.backward_slice import decorators, is_delegate, shaping
from iqdebug.diagnosis.dataflow.message_templates import made_by
from iqdebug.diagnosis.dataflow.prior_calls import effects
from iqdebug.diagnosis.dataflow.returned import in_same_file, resolved, returning
from iqdebug.diagnosis.dataflow.trace import Hop, Trace
from iqdebug.diagnosis.source.definitions import Definition
from iqdebug.diagnosis.source.functions import Candidate, Function, unparsed
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["ReturnedCalls", "is_nothing"]

MAX_CALL_DEPTH = 4
MAX_MAKERS = 5
MAX_FILES = 12

DECORATED_SHARE = 0.6
EFFECT_SHARE = 0.8
DELEGATE_SHARE = 0.5
MIN_TEXT_WEIGHT, TEXT_WEIGHT_PER_CHARACTER, MAX_TEXT_WEIGHT = 0.2, 0.07, 0.65


class ReturnedCalls:
    """Adds to a trace what calls gave. ``failing_text`` is the value whose origin is looked for, where it
    is a text: functions that write what stands in it are suspected."""

    def __init__(self, frames: Sequence[Frame], texts: Texts, trace: Trace) -> None:
        self.frames = frames
        self.texts = texts
        self.trace = trace
        self.failing_text = ""

    def called(
        self,
        function: Function,
        name: str,
        weight: float,
        hop: Hop,
        value: Variable | None = None,
        effect: bool = False,
    ) -> None:
        """A function whose result, or effect, is on the way: it has returned, and may have been wrong."""
        for path, definition in resolved(function, name, self.texts):
            if not self._on_stack(path, definition):
                self.returned(path, definition, name, weight, hop, value, 0, effect)

    def returned(
        self,
        path: str,
        definition: Definition,
        name: str,
        weight: float,
        hop: Hop,
        value: Variable | None,
        depth: int,
        effect: bool = False,
    ) -> None:
        """A function that gave a value, and the one whose value it only passed on. With ``effect`` it was
        called for what it does: then whatever it calls may have done that."""
        outline = self.texts[path]
        tree = outline.tree(definition)
        line, source = returning(tree, definition, value)
        makers = made_by(tree, self.failing_text) if tree is not None and self.failing_text else []
        maker = makers[0] if makers else None
        if maker is not None:
            line, source = maker[0].lineno, maker[0]
            weight = max(weight, min(MIN_TEXT_WEIGHT + TEXT_WEIGHT_PER_CHARACTER * maker[1], MAX_TEXT_WEIGHT))
        own = weight
        if maker is None and tree is not None and is_delegate(tree) and not (value and is_nothing(value)):
            own *= DELEGATE_SHARE  # it passed nothing on, and should have looked
        if any(b.path == path and b.line == line for b in hop.before):
            return
        reason = message("reason.returned", name=name, function=definition.qualname)
        qualname = definition.qualname
        if maker is not None:
            qualname = (outline.function_at(line) or definition).qualname
            reason = message("reason.writes_text", code=unparsed(maker[0], 60))
        self.trace.add(Candidate(path, line, qualname, own, [reason]))
        text = " ".join(outline.text(line).split())[:60]
        kind, detail = (HopKind.RETURNED, text) if source is not None else (HopKind.RETURNED_NOTHING, "")
        here = Hop(f"{name}(…)", kind, path, line, qualname, detail=detail)
        hop.add(here)
        if tree is None or depth >= MAX_CALL_DEPTH:
            return
        sources = [m for m, _ in makers[:MAX_MAKERS]]
        if not sources and isinstance(source, ast.expr) and hasattr(source, "lineno"):
            sources = [source]
        shaped = [each for s in sources for each in shaping(tree, s)]
        inside = list({name: (name, share) for name, share in reversed(shaped)}.values())[::-1]
        if effect and not inside:
            inside = [(each, EFFECT_SHARE) for each in effects(tree)]
        for inner, share in inside:
            for file, below in self._known_in(path, definition, inner):
                if not self._on_stack(file, below):
                    self.returned(file, below, inner, weight * share, here, value, depth + 1, effect)
        for inner in decorators(tree):
            for file, below in self._known_in(path, definition, inner):
                if not self._on_stack(file, below):
                    self.returned(file, below, inner, weight * DECORATED_SHARE, here, None, depth + 1)

    def _known_in(self, path: str, definition: Definition, name: str) -> list[tuple[str, Definition]]:
        """What a name stands for in a function that has returned: as its file alone decides it, or
        as a frame of the same file recorded it."""
        definitions = [(path, d) for d in in_same_file(self.texts[path], definition, name)]
        if definitions:
            return definitions
        for frame in self.frames:
            if frame.path == path:
                for call in frame.calls:
                    if call.expression == name:
                        there = self.texts[call.path].starting(call.line)
                        return [(call.path, there)] if there is not None else []
        return self._in_a_module_of_the_stack(name) if "." in name else []

    def _in_a_module_of_the_stack(self, name: str) -> list[tuple[str, Definition]]:
        """``package.function``, where one file alone of those on the stack has a function of that name."""
        owner, _, last = name.rpartition(".")
        if owner.split(".")[0] in ("self", "cls"):
            return []
        paths = dict.fromkeys(f.path for f in self.frames if f.kind not in ("stdlib", "label"))
        named = [(path, self.texts[path].named(last)) for path in list(paths)[:MAX_FILES]]
        functions = [(path, d) for path, d in named if d is not None and d.kind == "def"]
        return functions if len(functions) == 1 else []

    def _on_stack(self, path: str, definition: Definition) -> bool:
        return any(
            f.path == path and definition.holds(f.line) and f.name.endswith(definition.name)
            for f in self.frames
        )


def is_nothing(value: Variable) -> bool:
    """Whether a value is None, empty, zero or no number."""
    return value.value in ("None", "[]", "{}", "()", "''", "set()", "b''", "nan", "0") or value.size == 0
