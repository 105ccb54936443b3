"""Questions about values, put to the agent or to debugpy. Knows no phase and no epoch:
:class:`iqdebug.dap.session.Session` decides what may be asked and drops what came too late."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from iqdebug.core.errors import ConnectionLost, RequestFailed, RunsCode
from iqdebug.core.expressions import plan_of
from iqdebug.core.state import Completion, EvaluateResult, Variable
from iqdebug.dap import convert_rows, protocol
from iqdebug.dap.agent_client import AgentClient
from iqdebug.dap.agent_rows import understood
from iqdebug.dap.client import DapClient

__all__ = ["ANSWER", "TargetClient"]

ANSWER = 3.0
"""Seconds for an answer about a paused target."""

EVALUATE = 10.0
"""Seconds for an answer that runs code of the target's."""

RECORD = 10.0
"""Seconds for a crash file; gathering it stops after about two."""

_NOT_TRACKED = "Unable to find thread for evaluation"
# debugpy's words about a frame that is in no thread's stack: of a group's member


class TargetClient:
    """Both connections into one target."""

    def __init__(self) -> None:
        self.client: DapClient | None = None
        self.agent: AgentClient | None = None

    async def ask(self, op: str, answer: float = ANSWER, **arguments: Any) -> Any:
        """A request to the agent; see :meth:`AgentClient.request` for what it raises."""
        if self.agent is None:
            raise ConnectionLost("Not attached")
        return await self.agent.request(op, timeout=answer, **arguments)

    async def tell(self, command: str, arguments: object, timeout: float = ANSWER) -> None:
        """A DAP request whose answer holds nothing of use."""
        if self.client is None:
            raise ConnectionLost("Not attached")
        await self.client.request(command, arguments, timeout=timeout)

    async def fetch(self, command: str, arguments: object, shape: type[Any], timeout: float = ANSWER) -> Any:
        """A DAP request with its body decoded."""
        if self.client is None:
            raise ConnectionLost("Not attached")
        return await self.client.fetch(command, arguments, shape, timeout=timeout)

    @understood
    async def variables(self, frame_id: int) -> tuple[Variable, ...]:
        rows = await self.ask("locals", frame=frame_id)
        return tuple(convert_rows.variable(row) for row in rows or ())

    @understood
    async def children(self, reference: int, start: int, count: int) -> tuple[Variable, ...]:
        """A negative reference is debugpy's, of a result that :meth:`evaluate` gave."""
        if reference < 0:
            return await self._debugpy_children(-reference, start, count)
        rows = await self.ask("children", ref=reference, start=start, count=count)
        return tuple(convert_rows.variable(row) for row in rows)

    @understood
    async def _debugpy_children(self, reference: int, start: int, count: int) -> tuple[Variable, ...]:
        body = await self.fetch("variables", {"variablesReference": reference}, dict, EVALUATE)
        return tuple(
            Variable(
                name=str(row.get("name", "")),
                value=str(row.get("value", "")),
                type=str(row.get("type", "")),
                reference=-int(row.get("variablesReference", 0)),
                kind="item",
                evaluate_name=row.get("evaluateName"),
            )
            for row in body.get("variables", [])[start : start + count]
        )

    @understood
    async def own_repr(self, value: int | str, frame_id: int | None) -> str:
        """The own ``repr`` of the value behind a reference, or of an expression in a frame; or in
        words why there is none."""
        asked = {"ref": value} if isinstance(value, int) else {"expression": value, "frame": frame_id}
        said = await self.ask("repr", **asked)
        if said is None:
            return ""
        if "text" in said:
            return str(said["text"])
        if "raised" in said:
            return f"its repr raised {said['raised']}"
        return "slow: its repr has not returned within 2 s and goes on in the background"

    @understood
    async def record(self, **about: Any) -> tuple[str, bytes]:
        """A name and the bytes of a crash file of a thread that stands still.

        :raises RequestFailed: it could not be gathered.
        """
        try:
            said = await self.ask("record", answer=RECORD + ANSWER, timeout_s=RECORD, **about)
            return str(said["name"]), base64.b64decode(said["data"])
        except TimeoutError:
            why = f"no answer within {RECORD:g} s"
        except (KeyError, binascii.Error):
            why = str(said.get("raised") or said.get("slow") or "no answer that can be read")
        raise RequestFailed("The stop could not be recorded", why)

    @understood
    async def read(self, expression: str, frame_id: int | None) -> EvaluateResult:
        """The agent reads it without running code of the target's; in ``__main__`` without a frame.

        :raises RunsCode: that cannot be, for what the expression is or what it meets.
        """
        try:
            plan = plan_of(expression)
        except SyntaxError as error:
            return EvaluateResult(f"SyntaxError: {error.msg}", failed=True)
        row = await self.ask("read", plan=plan, frame=frame_id, expression=expression.strip())
        if row is None:
            return EvaluateResult("the frame is not there any more", failed=True)
        if "runs" in row:
            raise RunsCode("Reading this would run code of the program", str(row["runs"]))
        if "bound" in row:
            return EvaluateResult(f"not read: {row['bound']}", failed=True)
        if "failed" in row:
            return EvaluateResult(str(row["failed"]), failed=True)
        return EvaluateResult(str(row["v"]), str(row["t"]), int(row.get("r", 0)))

    async def evaluate(self, expression: str, frame_id: int) -> EvaluateResult:
        arguments = {"expression": expression, "frameId": frame_id, "context": "repl"}
        try:
            body = await self.fetch("evaluate", arguments, protocol.EvaluateBody, EVALUATE)
        except RequestFailed as error:
            if error.what.startswith(_NOT_TRACKED):
                return await self.evaluate_beside(expression, frame_id)
            return EvaluateResult(error.what, failed=True)
        except TimeoutError:
            return _too_slow()
        return EvaluateResult(body.result, body.type or "", -body.variablesReference)

    async def evaluate_running(self, expression: str) -> EvaluateResult:
        """In ``__main__``, while the target runs."""
        return await self.evaluate_beside(expression, None)

    @understood
    async def evaluate_beside(self, expression: str, frame_id: int | None) -> EvaluateResult:
        """By the agent, in a thread of its own: in a frame that stands still, or in ``__main__``."""
        said = await self.ask("evaluate", expression=expression, frame=frame_id)
        if "raised" in said:
            return EvaluateResult(str(said["raised"]), failed=True)
        if "slow" in said:
            return EvaluateResult("slow: it goes on in the target", failed=True)
        return EvaluateResult(str(said["text"]), str(said["type"]))

    async def complete(self, text: str, column: int, frame_id: int) -> tuple[Completion, ...]:
        arguments = {"text": text, "column": column + 1, "frameId": frame_id}
        try:
            body = await self.fetch("completions", arguments, protocol.CompletionsBody)
        except (RequestFailed, TimeoutError):
            return ()
        return tuple(
            Completion(item.text or item.label, item.type or "", item.start or 0, item.length or 0)
            for item in body.targets
        )

    async def set_variable(self, name: str, expression: str, frame_id: int) -> EvaluateResult:
        arguments = {"expression": name, "value": expression, "frameId": frame_id}
        try:
            body = await self.fetch("setExpression", arguments, protocol.EvaluateBody, EVALUATE)
        except RequestFailed as error:
            return EvaluateResult(error.what, failed=True)
        except TimeoutError:
            return _too_slow()
        return EvaluateResult(body.value or body.result, body.type or "")


def _too_slow() -> EvaluateResult:
    return EvaluateResult(f"no answer within {EVALUATE:g} s; it goes on in the target", failed=True)
