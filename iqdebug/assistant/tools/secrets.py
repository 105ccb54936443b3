"""Whether a secret goes into the value of an expression: then the value is masked as a whole."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator

from iqdebug.assistant.tools.base import ToolInvocation
from iqdebug.capture.mask import MASK
from iqdebug.capture.secret_names import NONE, judge
from iqdebug.core.errors import IqdebugError, RunsCode
from iqdebug.core.state import EvaluateResult, Frame

__all__ = ["involves_secret", "masked_value"]

MAX_PARTS = 24
MAX_OPENED = 6
MAX_CHILDREN = 100
HARMLESS_TYPES = ("bool", "NoneType")


async def involves_secret(call: ToolInvocation, expression: str, frame: Frame | None, epoch: int) -> bool:
    """Whether a secret goes into the expression's value: a name, attribute or item in it holds one.

    The frame's variables and whatever the expression names are read first (no code runs), with what lies
    directly below it, so that the secrets among them are known before anything is shown.
    """
    if not call.context.redactor.enabled:
        return False
    if frame is not None:
        with contextlib.suppress(IqdebugError):
            await call.session.variables(frame, epoch)
    tainted = False
    opened = 0
    for part, name in _parts(expression):
        if call.session.snapshot.epoch != epoch:
            break
        with contextlib.suppress(RunsCode, SyntaxError):
            result = await call.session.read_expression(part, frame, epoch)
            if result.failed:
                continue
            if call.context.redactor.is_secret(name, result.value):
                tainted = True
            elif result.reference > 0 and opened < MAX_OPENED:
                opened += 1
                await call.session.children(result.reference, epoch, 0, MAX_CHILDREN)
    return tainted


def masked_value(call: ToolInvocation, expression: str, result: EvaluateResult, tainted: bool) -> str:
    """The value as a model is shown it: the mask, where a secret went into it and it is not only True,
    False or None."""
    if tainted and result.failed:
        return result.value.partition(":")[0][:80]
    if tainted and result.type not in HARMLESS_TYPES:
        return MASK
    return call.context.redactor.named(expression, result.value)


def _parts(expression: str) -> Iterator[tuple[str, str]]:
    """Names, attributes and items with constant keys in the expression, each with the name that counts;
    what has the name of a secret first."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.setdefault(node.id, node.id)
        elif isinstance(node, ast.Attribute):
            names.setdefault(ast.unparse(node), node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            names.setdefault(ast.unparse(node), str(node.slice.value))
    ordered = sorted(names.items(), key=lambda item: judge(item[1]) == NONE)
    yield from ordered[:MAX_PARTS]
