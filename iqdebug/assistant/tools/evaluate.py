"""Tools that compute and assign: ``evaluate`` reads where it can and asks where it cannot."""

from __future__ import annotations

import ast
from typing import Annotated, Literal

from msgspec import Meta

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.purity import why_a_probe
from iqdebug.assistant.tools.base import Result, ToolInvocation, ToolUsageError, Undo
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.parameters import FrameIndex, ThreadRef
from iqdebug.assistant.tools.secrets import involves_secret, masked_value
from iqdebug.core.errors import RunsCode
from iqdebug.core.messages import message, render
from iqdebug.core.session import Capability
from iqdebug.core.state import EvaluateResult, Origin

__all__ = ["EVALUATION_TOOLS"]

Expression = Annotated[str, Meta(max_length=2_000, description="a Python expression")]
VariableName = Annotated[str, Meta(max_length=200, description="the variable's name")]

TYPES_TO_SET_BACK = ("int", "float", "str", "bool", "NoneType", "bytes")


@tool(Right.PROBE, asks_itself=True)
async def evaluate(
    call: ToolInvocation, *, expression: Expression, frame: FrameIndex = 0, thread: ThreadRef | None = None
) -> Result:
    """Evaluate an expression in a frame. Names, attributes, items, comparisons, arithmetic, comprehensions
    and len, type, isinstance, sorted, sum… on plain data are read at once; what may run code of the program
    (calls, properties, its own operators) asks the person first."""
    expression = expression.strip()
    epoch = call.session.snapshot.epoch
    # While the target runs it has no frames to evaluate in: ``__main__`` is read.
    where = call.frame(frame, thread) if call.session.snapshot.phase.is_stopped else None
    try:
        why = why_a_probe(expression)
    except SyntaxError as error:
        raise ToolUsageError(message("assistant.refusal.no_expression", why=error.msg)) from None
    tainted = await involves_secret(call, expression, where, epoch)
    if not why:
        try:
            value = await call.session.read_expression(expression, where, epoch)
            return _result(call, expression, value, "read", tainted)
        except RunsCode as error:
            why = error.why
    if call.session.snapshot.origin is Origin.RECORDED:
        raise ToolUsageError(message("assistant.refusal.runs_code_in_recording", why=why))
    call.require(Capability.EVALUATE)
    if not call.session.snapshot.phase.is_stopped:
        raise ToolUsageError(message("assistant.refusal.runs_code_while_running", why=why))
    place = where.name if where is not None else "__main__"
    await call.session.obtain(
        Right.PROBE, message("assistant.consent.evaluate", place=place), expression, why
    )
    value = await call.session.evaluate(expression, where, epoch)
    return _result(call, expression, value, "run", tainted)


def _result(
    call: ToolInvocation,
    expression: str,
    result: EvaluateResult,
    how: Literal["read", "run"],
    tainted: bool,
) -> Result:
    value = masked_value(call, expression, result, tainted)
    kind = f" ({result.type})" if result.type else ""
    words = {"read": "Read without running code of the program", "run": "Evaluated in the program"}[how]
    if result.failed:
        words = "Not evaluated" if how == "read" else "Evaluating it failed"
    return Result(
        f"{words}{kind}.\n{call.data(f'value of {expression[:80]}', value)}",
        "values",
        message(
            "assistant.summary.value",
            expression=expression[:80],
            value=message("assistant.summary.failed") if result.failed else value[:60],
        ),
        failed=result.failed,
    )


@tool(Right.MUTATE, asks_itself=True, capability=Capability.SET_VARIABLE)
async def set_variable(
    call: ToolInvocation,
    *,
    frame: FrameIndex,
    thread: ThreadRef | None = None,
    name: VariableName,
    expression: Expression,
) -> Result:
    """Assign to a variable of a frame, to try a hypothesis. Asks the person each time."""
    name, expression = name.strip(), expression.strip()
    epoch = call.session.snapshot.epoch
    where = call.frame(frame, thread)
    try:
        target = ast.parse(name, mode="eval").body
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ToolUsageError(message("assistant.refusal.two_expressions")) from None
    if not isinstance(target, ast.Name):
        raise ToolUsageError(message("assistant.refusal.no_name"))
    old = next((v for v in await call.session.variables(where, epoch) if v.name == name), None)
    if old is None:
        raise ToolUsageError(message("assistant.refusal.not_in_frame", number=frame, name=name[:60]))
    await call.session.obtain(
        Right.MUTATE,
        message("assistant.consent.set", name=name, function=where.name),
        f"{name} = {expression}",
        message("assistant.consent.set.why"),
    )
    result = await call.session.set_variable(name, expression, where, epoch)
    was = call.context.redactor.value_of(old)
    if result.failed:
        text = f"Not set.\n{call.data('why', result.value)}"
        return Result(text, "values", message("assistant.summary.not_set", name=name), failed=True)
    undo = None
    if old.type in TYPES_TO_SET_BACK and old.state == "ok" and _literal(old.value):
        back = call.session.setting_back(name, old.value, where, epoch)

        async def run() -> str:
            done = await back()
            undone = message("assistant.undone.set", name=name, value=was)
            return done.value if done.failed else render(undone)

        undo = Undo(render(message("assistant.undo.set", name=name, value=was)), run)
    body = call.data(
        f"{name}", f"{name} was {was}\n{name} is {call.context.redactor.named(name, result.value)}"
    )
    return Result(f"Set.\n{body}", "values", f"{name} = {expression[:80]}", undo)


def _literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return False
    return True


EVALUATION_TOOLS = (evaluate, set_variable)
