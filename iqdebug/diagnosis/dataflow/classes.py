"""Classes that a failure is about: found by the name that a message or a value's type gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from iqdebug.core.messages import message
from iqdebug.core.state import ExceptionInfo, Frame
from iqdebug.diagnosis.source.functions import Candidate
from iqdebug.diagnosis.source.outline import Definition
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["class_of_type", "named_in_message"]

_BARE = (
    re.compile(r"'(\w+)' object (?:has no|is not|does not|cannot|can't)"),
    re.compile(r"unhashable type: '(\w+)'"),
    re.compile(r"object of type '(\w+)' has no"),
    re.compile(r"between instances of '(\w+)' and '(\w+)'"),
    re.compile(r"operand type\(s\) for [^:]+: '(\w+)' and '(\w+)'"),
    re.compile(r"abstract class (\w+)"),
)
_WHOLE = re.compile(r"<class '(\w+(?:\.\w+)+)'>")
MAX_FRAMES = 12
LACKING_WEIGHT, NAMED_WEIGHT = 0.42, 0.45


def named_in_message(error: ExceptionInfo, frames: Sequence[Frame], texts: Texts) -> list[Candidate]:
    """The definitions of the classes that a message names: what an object cannot do is as often missing
    in its class as wrongly asked of it, and what a class declares decides how general code treats it.
    Classes of the standard library and of C are left out, as their source is not the person's to mend."""
    candidates: dict[tuple[str, int], Candidate] = {}
    types = [name for text in _BARE for match in text.finditer(error.message) for name in match.groups()]
    for name, weight in [
        *((m[1], NAMED_WEIGHT) for m in _WHOLE.finditer(error.message)),
        *((n, LACKING_WEIGHT) for n in types),
    ]:
        for path, definition in _places_of(name, frames, texts):
            reason = message("reason.class_named", name=definition.name)
            candidate = Candidate(path, definition.line, f"{definition.qualname}.<class>", weight, [reason])
            candidates.setdefault((path, definition.line), candidate)
    return list(candidates.values())[:2]


def _places_of(name: str, frames: Sequence[Frame], texts: Texts) -> Iterator[tuple[str, Definition]]:
    if "." in name:
        there = class_of_type(name, frames, texts)
        if there is not None:
            yield there
        return
    for frame in frames[:MAX_FRAMES]:
        for variable in frame.locals or ():
            if variable.type.endswith("." + name):
                there = class_of_type(variable.type, frames, texts)
                if there is not None:
                    yield there
                    return
    for path in dict.fromkeys(f.path for f in frames[:MAX_FRAMES] if f.kind not in ("stdlib", "label")):
        definition = texts[path].named(name)
        if definition is not None and definition.kind == "class":
            yield path, definition
            return


def class_of_type(name: str, frames: Sequence[Frame], texts: Texts) -> tuple[str, Definition] | None:
    """Where the class of a qualified type name is defined, in a package that a frame is of.

    :param name: module and qualified name, ``shop.orders.Order``.
    """
    parts = name.split(".")
    kept = [f.path for f in frames if f.kind not in ("stdlib", "label")]
    inside = f"/{parts[0]}/"
    roots = dict.fromkeys(p[: p.rindex(inside)] for p in kept if inside in p)
    for cut in range(len(parts) - 1, 0, -1):
        owner = ".".join(parts[cut:])
        for root in roots:
            stem = "/".join([root, *parts[:cut]])
            for path in (f"{stem}.py", f"{stem}/__init__.py"):
                definition = texts[path].named(owner)
                if definition is not None and definition.kind == "class":
                    return path, definition
    if len(parts) <= 2:  # `Order` of the program itself, or a class of a module beside the frames
        for path in dict.fromkeys(kept):
            if len(parts) == 1 or parts[0] == "__main__" or path.endswith(f"/{parts[0]}.py"):
                definition = texts[path].named(parts[-1])
                if definition is not None and definition.kind == "class":
                    return path, definition
    return None
