"""Tools that compute and assign: ``evaluate`` reads where it can and asks where it cannot."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.purity import why_a_probe
from iqdebug.assistant.tools.base import BoundTool, Result, ToolInvocation, ToolUsageError, Undo
from iqdebug.assistant.tools.events import STOPPED
from iqdebug.assistant.tools.inspection import FRAME, THREAD
from iqdebug.assistant.tools.schema import tool_schema
from iqdebug.assistant.tools.secrets import of_a_secret, told_value
from iqdebug.core.errors import RunsCode
from iqdebug.core.session import Capability
from iqdebug.core.state import EvaluateResult, Frame, Origin
from iqdebug.llm.messages import Tool

__all__ = ["EVALUATING_TOOLS"]

_SIMPLE = ("int", "float", "str", "bool", "NoneType", "bytes")


async def _evaluate(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    expression = arguments["expression"].strip()
    epoch = call.session.snapshot.epoch
    frame = _frame(call, arguments)
    try:
        why = why_a_probe(expression)
    except SyntaxError as error:
        raise ToolUsageError(f"this is no Python expression: {error.msg}") from None
    tainted = await of_a_secret(call, expression, frame, epoch)
    if not why:
        try:
            read = await call.session.read_expression(expression, frame, epoch)
            return _told(call, expression, read, "read", tainted)
        except RunsCode as error:
            why = error.why
    if call.session.snapshot.origin is Origin.RECORDED:
        raise ToolUsageError(
            f"nothing runs in a recording, and this would run code ({why}); read values instead"
        )
    call.need(Capability.EVALUATE)
    if call.session.snapshot.phase not in STOPPED:
        raise ToolUsageError(
            f"while the process runs, only what reads can be evaluated, and here {why}; pause it first"
        )
    where = frame.name if frame is not None else "__main__"
    await call.session.obtain(Right.PROBE, f"evaluate in {where}", expression, why)
    return _told(call, expression, await call.session.evaluate(expression, frame, epoch), "run", tainted)


def _frame(call: ToolInvocation, arguments: Mapping[str, Any]) -> Frame | None:
    """None while the target runs: ``__main__`` is read."""
    if call.session.snapshot.phase in STOPPED:
        return call.frame(arguments["frame"], arguments.get("thread"))
    return None


def _told(call: ToolInvocation, expression: str, result: EvaluateResult, how: str, tainted: bool) -> Result:
    value = told_value(call, expression, result, tainted)
    kind = f" ({result.type})" if result.type else ""
    words = {"read": "Read without running code of the program", "run": "Evaluated in the program"}[how]
    if result.failed:
        words = "Not evaluated" if how == "read" else "Evaluating it failed"
    return Result(
        f"{words}{kind}.\n{call.data(f'value of {expression[:80]}', value)}",
        "values",
        f"{expression[:80]} → {'failed' if result.failed else value[:60]}",
        failed=result.failed,
    )


async def _set_variable(call: ToolInvocation, arguments: Mapping[str, Any]) -> Result:
    name, expression = arguments["name"].strip(), arguments["expression"].strip()
    epoch = call.session.snapshot.epoch
    frame = call.frame(arguments["frame"], arguments.get("thread"))
    try:
        target = ast.parse(name, mode="eval").body
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ToolUsageError("`name` and `expression` must each be one Python expression") from None
    if not isinstance(target, ast.Name):
        raise ToolUsageError("only a variable of the frame can be set: `name` must be its name alone")
    old = next((v for v in await call.session.variables(frame, epoch) if v.name == name), None)
    if old is None:
        raise ToolUsageError(f"frame {arguments['frame']} has no variable `{name[:60]}`")
    await call.session.obtain(
        Right.MUTATE,
        f"set {name} in {frame.name}",
        f"{name} = {expression}",
        "it changes the running program",
    )
    result = await call.session.set_variable(name, expression, frame, epoch)
    was = call.world.veil.value_of(old)
    if result.failed:
        return Result(
            f"Not set.\n{call.data('why', result.value)}", "values", f"{name} was not set", failed=True
        )
    undo = None
    if old.type in _SIMPLE and old.state == "ok" and _literal(old.value):
        back = call.session.setting_back(name, old.value, frame, epoch)

        async def run() -> str:
            done = await back()
            return done.value if done.failed else f"{name} is {was} again"

        undo = Undo(f"set {name} back to {was}", run)
    body = call.data(f"{name}", f"{name} was {was}\n{name} is {call.world.veil.named(name, result.value)}")
    return Result(f"Set.\n{body}", "values", f"{name} = {expression[:80]}", undo)


def _literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return False
    return True


_EXPRESSION = {"type": "string", "maxLength": 2_000, "description": "a Python expression"}

EVALUATING_TOOLS = (
    BoundTool(
        Tool(
            "evaluate",
            "Evaluate an expression in a frame. Names, attributes, items, comparisons, arithmetic, "
            "comprehensions and len, type, isinstance, sorted, sum… on plain data are read at once; what may "
            "run code of the program (calls, properties, its own operators) asks the person first.",
            tool_schema(
                ("expression",), expression=_EXPRESSION, frame={**FRAME, "default": 0}, thread=THREAD
            ),
        ),
        Right.PROBE,
        _evaluate,
        asks_itself=True,
        by_frame=("frame",),
    ),
    BoundTool(
        Tool(
            "set_variable",
            "Assign to a variable of a frame, to try a hypothesis. Asks the person each time.",
            tool_schema(
                ("frame", "name", "expression"),
                frame=FRAME,
                thread=THREAD,
                name={"type": "string", "maxLength": 200, "description": "the variable's name"},
                expression=_EXPRESSION,
            ),
        ),
        Right.MUTATE,
        _set_variable,
        asks_itself=True,
        capability=Capability.SET_VARIABLE,
        by_frame=("frame",),
    ),
)
