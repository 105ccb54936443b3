"""What must have been None, by the words of the error alone."""

from __future__ import annotations

import ast
import re

from iqdebug.diagnosis.source.functions import Function, own_expressions, unparsed

__all__ = ["surely_none"]

_ATTRIBUTE = re.compile(r"'NoneType' object has no attribute '(\w+)'")
_USES = {
    "'NoneType' object is not subscriptable": ast.Subscript,
    "'NoneType' object does not support item assignment": ast.Subscript,
    "'NoneType' object is not callable": ast.Call,
}


def surely_none(function: Function, message: str) -> str:
    """The expression that was None when the frame's line failed, though no variable holds it: ``e.type``
    where ``e.type.this`` found no attribute ``this``. "" where several on the line may have been meant."""
    attribute = _ATTRIBUTE.search(message)
    use = ast.Attribute if attribute else next((u for words, u in _USES.items() if words in message), None)
    if use is None:
        return ""
    roots = [function.failing] if function.failing is not None else []
    if not roots and function.statement is not None:
        roots = list(own_expressions(function.statement))
    bases: dict[str, None] = {}
    for node in (each for root in roots for each in ast.walk(root)):
        if not isinstance(node, use) or (attribute and getattr(node, "attr", "") != attribute[1]):
            continue
        base = node.func if isinstance(node, ast.Call) else getattr(node, "value", None)
        if isinstance(base, ast.Attribute | ast.Subscript | ast.Call | ast.Name):
            bases.setdefault(unparsed(base))
    return next(iter(bases)) if len(bases) == 1 else ""
