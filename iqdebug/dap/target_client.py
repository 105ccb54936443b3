"""Requests to one target, over its two connections: to debugpy, and to the agent. Knows no phase and no
epoch; whoever asks drops what comes too late."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

from iqdebug.core.errors import ConnectionLost, RequestFailed, RunsCode
from iqdebug.core.expressions import plan_of
from iqdebug.core.messages import Text, message, render
from iqdebug.core.state import Completion, EvaluateResult, Variable
from iqdebug.dap import convert_rows, protocol
from iqdebug.dap.agent_client import AgentClient
from iqdebug.dap.agent_rows import OutcomeRow, ReadRow, RecordRow, VariableRow, decode, unexpected_shape
from iqdebug.dap.client import DapClient

__all__ = ["ANSWER_TIMEOUT", "TargetClient"]

ANSWER_TIMEOUT = 3.0
"""Seconds for an answer about a paused target."""

EVALUATE_TIMEOUT = 10.0
"""Seconds for an answer that runs code of the target's."""

RECORD_TIMEOUT = 10.0
"""Seconds for a crash file; gathering it stops after about two."""

_NOT_TRACKED = "Unable to find thread for evaluation"
# debugpy's words about a frame that is in no thread's stack: of a group's member

T = TypeVar("T")


class TargetClient:
    """Both connections into one target; each is None until it stands."""

    def __init__(self) -> None:
        self.dap: DapClient | None = None
        self.agent: AgentClient | None = None

    async def tell_agent(self, op: str, timeout: float = ANSWER_TIMEOUT, **arguments: object) -> None:
        """A request to the agent whose answer holds nothing of use; raises as
        :meth:`AgentClient.request`."""
        if self.agent is None:
            raise ConnectionLost(message("dap.not_attached"))
        await self.agent.request(op, timeout=timeout, **arguments)

    async def ask_agent(
        self, op: str, shape: type[T], timeout: float = ANSWER_TIMEOUT, **arguments: object
    ) -> T:
        """A request to the agent; raises as :meth:`AgentClient.request`.

        :raises ProtocolError: the answer has another shape.
        """
        if self.agent is None:
            raise ConnectionLost(message("dap.not_attached"))
        return decode(await self.agent.request(op, timeout=timeout, **arguments), shape)

    async def ask_agent_maybe(
        self, op: str, shape: type[T], timeout: float = ANSWER_TIMEOUT, **arguments: object
    ) -> T | None:
        """As :meth:`ask_agent`, where the agent answers with nothing when there is nothing."""
        if self.agent is None:
            raise ConnectionLost(message("dap.not_attached"))
        answer = await self.agent.request(op, timeout=timeout, **arguments)
        return None if answer is None else decode(answer, shape)

    async def tell_debugger(self, command: str, arguments: object, timeout: float = ANSWER_TIMEOUT) -> None:
        """A DAP request whose answer holds nothing of use."""
        if self.dap is None:
            raise ConnectionLost(message("dap.not_attached"))
        await self.dap.request(command, arguments, timeout=timeout)

    async def ask_debugger(
        self, command: str, arguments: object, shape: type[T], timeout: float = ANSWER_TIMEOUT
    ) -> T:
        """A DAP request with its body decoded."""
        if self.dap is None:
            raise ConnectionLost(message("dap.not_attached"))
        return await self.dap.fetch(command, arguments, shape, timeout=timeout)

    async def variables(self, frame_id: int) -> tuple[Variable, ...]:
        rows = await self.ask_agent_maybe("locals", list[VariableRow], frame=frame_id)
        return convert_rows.variables(rows or ())

    async def children(self, reference: int, start: int, count: int) -> tuple[Variable, ...]:
        """A negative reference is debugpy's, of a result that :meth:`evaluate` gave."""
        if reference < 0:
            return await self._debugpy_children(-reference, start, count)
        rows = await self.ask_agent("children", list[VariableRow], ref=reference, start=start, count=count)
        return convert_rows.variables(rows)

    async def _debugpy_children(self, reference: int, start: int, count: int) -> tuple[Variable, ...]:
        body = await self.ask_debugger(
            "variables", {"variablesReference": reference}, protocol.VariablesBody, EVALUATE_TIMEOUT
        )
        return tuple(
            Variable(
                name=row.name,
                value=row.value,
                type=row.type or "",
                reference=-row.variablesReference,
                kind="item",
                evaluate_name=row.evaluateName,
            )
            for row in body.variables[start : start + count]
        )

    async def own_repr(self, value: int | str, frame_id: int | None) -> str:
        """The own ``repr`` of the value behind a reference, or of an expression in a frame; or in
        words why there is none."""
        what = {"ref": value} if isinstance(value, int) else {"expression": value, "frame": frame_id}
        outcome = await self.ask_agent_maybe("repr", OutcomeRow, **what)
        if outcome is None:
            return ""
        if outcome.text is not None:
            return outcome.text
        if outcome.raised is not None:
            return render(message("dap.value.repr_raised", error=outcome.raised))
        return render(message("dap.value.repr_slow"))

    async def record(
        self, *, thread: int | None, hold: int | None, why: str, how: str, said: str
    ) -> tuple[str, bytes]:
        """A name and the bytes of a crash file of a thread that stands still.

        :param hold: the agent's number of the hold, where it holds the thread.
        :param said: the exception's own message.
        :raises RequestFailed: it could not be gathered.
        """
        about = {"thread": thread, "why": why, "how": how, "said": said}
        if hold is not None:
            about["hold"] = hold
        try:
            answer = await self.ask_agent(
                "record",
                RecordRow,
                timeout=RECORD_TIMEOUT + ANSWER_TIMEOUT,
                timeout_s=RECORD_TIMEOUT,
                **about,
            )
            if answer.data is not None and answer.name:
                return answer.name, base64.b64decode(answer.data)
            reason: Text = answer.raised or answer.slow or message("dap.not_recorded.unreadable")
        except TimeoutError:
            reason = message("dap.not_recorded.no_answer", seconds=f"{RECORD_TIMEOUT:g}")
        except (binascii.Error, ValueError):
            reason = message("dap.not_recorded.unreadable")
        raise RequestFailed(message("dap.not_recorded"), reason)

    async def read(self, expression: str, frame_id: int | None) -> EvaluateResult:
        """The agent reads it without running code of the target's; in ``__main__`` without a frame.

        :raises RunsCode: that cannot be, for what the expression is or what it meets.
        """
        try:
            plan = plan_of(expression)
        except SyntaxError as error:
            return EvaluateResult(f"SyntaxError: {error.msg}", failed=True)
        row = await self.ask_agent_maybe(
            "read", ReadRow, plan=plan, frame=frame_id, expression=expression.strip()
        )
        if row is None:
            return _failed(message("dap.value.no_frame"))
        if row.would_run is not None:
            raise RunsCode(message("dap.reading_runs_code"), row.would_run)
        if row.limit is not None:
            return _failed(message("dap.value.limit", limit=row.limit))
        if row.failed is not None:
            return EvaluateResult(row.failed, failed=True)
        if row.value is None:
            raise unexpected_shape(KeyError("v"))
        return EvaluateResult(row.value, row.type, row.reference)

    async def evaluate(self, expression: str, frame_id: int) -> EvaluateResult:
        arguments = {"expression": expression, "frameId": frame_id, "context": "repl"}
        try:
            body = await self.ask_debugger("evaluate", arguments, protocol.EvaluateBody, EVALUATE_TIMEOUT)
        except RequestFailed as error:
            if error.what.startswith(_NOT_TRACKED):
                return await self.evaluate_in_agent(expression, frame_id)
            return EvaluateResult(error.what, failed=True)
        except TimeoutError:
            return _too_slow()
        return EvaluateResult(body.result, body.type or "", -body.variablesReference)

    async def evaluate_in_agent(self, expression: str, frame_id: int | None) -> EvaluateResult:
        """In a thread of its own: in a frame that stands still, or in ``__main__``."""
        outcome = await self.ask_agent("evaluate", OutcomeRow, expression=expression, frame=frame_id)
        if outcome.raised is not None:
            return EvaluateResult(outcome.raised, failed=True)
        if outcome.slow is not None:
            return _failed(message("dap.value.slow"))
        if outcome.text is None:
            raise unexpected_shape(KeyError("text"))
        return EvaluateResult(outcome.text, outcome.type)

    async def complete(self, text: str, column: int, frame_id: int) -> tuple[Completion, ...]:
        arguments = {"text": text, "column": column + 1, "frameId": frame_id}
        try:
            body = await self.ask_debugger("completions", arguments, protocol.CompletionsBody)
        except (RequestFailed, TimeoutError):
            return ()
        return tuple(
            Completion(item.text or item.label, item.type or "", item.start or 0, item.length or 0)
            for item in body.targets
        )

    async def set_variable(self, name: str, expression: str, frame_id: int) -> EvaluateResult:
        arguments = {"expression": name, "value": expression, "frameId": frame_id}
        try:
            body = await self.ask_debugger(
                "setExpression", arguments, protocol.EvaluateBody, EVALUATE_TIMEOUT
            )
        except RequestFailed as error:
            return EvaluateResult(error.what, failed=True)
        except TimeoutError:
            return _too_slow()
        return EvaluateResult(body.value or body.result, body.type or "")


def _too_slow() -> EvaluateResult:
    return _failed(message("dap.value.no_answer", seconds=f"{EVALUATE_TIMEOUT:g}"))


def _failed(why: Text) -> EvaluateResult:
    return EvaluateResult(render(why), failed=True)
