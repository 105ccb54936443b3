"""Where an attribute of ``self`` got its value: a method that assigns it, or the body of a class."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iqdebug.core.evidence import HopKind
from iqdebug.core.messages import message
from iqdebug.core.state import Frame
from iqdebug.diagnosis.dataflow.classes import class_of_type
from iqdebug.diagnosis.dataflow.trace import Hop, Trace
from iqdebug.diagnosis.source.functions import Candidate, Function
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["AttributeOrigins"]

MAX_CLASS_LINES = 6_000
STORED_SHARE = 0.5
DECLARED_SHARE = 0.7
_STORES = re.compile(r"^self\.(\w+)(?::[^=]+)? = \w+( or .*)?$")
_TABLE = re.compile(r"=\s*(?:[\[({\"'\d-]|None|True|False|frozenset\(|dict\(|set\()")


class AttributeOrigins:
    """Adds to a trace what gave attributes their values."""

    def __init__(self, frames: Sequence[Frame], texts: Texts, trace: Trace) -> None:
        self.frames = frames
        self.texts = texts
        self.trace = trace

    def of_attribute(self, function: Function, name: str, weight: float, hop: Hop) -> None:
        """``self.x``: the methods of the class that assign it."""
        if function.definition is None:
            return
        owner = function.outline.class_of(function.definition)
        if owner is None or owner.end - owner.line > MAX_CLASS_LINES:
            return
        self.of_class_body(function, name.partition(".")[2], weight * DECLARED_SHARE, hop)
        mark = name + " "
        for method in function.outline.methods(owner):
            for line in range(method.line, method.end + 1):
                text = function.outline.text(line).strip()
                if text.startswith((mark + "=", name + ":", name + "=")) or f" {name} = " in text:
                    reason = message("reason.set", name=name, code=text[:80])
                    kept = STORED_SHARE if method.name == "__init__" and _STORES.search(text) else 1.0
                    path, qualname = function.frame.path, method.qualname
                    self.trace.add(Candidate(path, line, qualname, weight * kept, [reason]))
                    hop.add(Hop(name, HopKind.SET, path, line, qualname, detail=text[:60]))
                    weight *= 0.9
                    break

    def of_class_body(self, function: Function, attribute: str, weight: float, hop: Hop) -> None:
        """``self.x``: the class body that gives it its value; of the object's own class before that of the
        method, as a subclass is made to differ."""
        own = function.value("self") or function.value("cls")
        there = class_of_type(own.type, self.frames, self.texts) if own is not None else None
        places = [there] if there is not None else []
        owner = function.outline.class_of(function.definition) if function.definition is not None else None
        if owner is not None:
            places.append((function.frame.path, owner))
        for path, definition in places:
            outline = self.texts[path]
            line = outline.declares(definition, attribute)
            if line and _TABLE.search(outline.text(line)):
                text = " ".join(outline.text(line).split())[:80]
                qualname = f"{definition.qualname}.<class>"
                reason = message("reason.declared", name=attribute, code=text)
                self.trace.add(Candidate(path, line, qualname, weight, [reason]))
                hop.add(Hop(attribute, HopKind.DECLARED, path, line, qualname))
                return
