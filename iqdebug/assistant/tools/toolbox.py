"""All tools of one session: which may be offered now, and one way to run a call."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from iqdebug.assistant.permissioned_session import NotGranted, PermissionedSession
from iqdebug.assistant.permissions import DecidedBy, Gate, Refused, Right
from iqdebug.assistant.redaction import Redactor, defanged, environment_of, wrap_untrusted
from iqdebug.assistant.tools.base import (
    BoundTool,
    Result,
    ToolContext,
    ToolInvocation,
    ToolUsageError,
    cut,
    for_model,
)
from iqdebug.assistant.tools.catalogue import ALL_TOOLS
from iqdebug.assistant.tools.events import Events
from iqdebug.assistant.tools.files import Files
from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text, message
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Diagnosis, Origin, Snapshot
from iqdebug.core.text import clean
from iqdebug.diagnosis import diagnose as diagnosis_of
from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_schema import check_arguments
from iqdebug.system.source_files import read_lines

__all__ = ["Toolbox"]

log = logging.getLogger(__name__)

MAX_ANSWER = 16_000
"""Characters of one result with its fences; its own text is bounded before."""
GRACE_SECONDS = 1.0  # for a tool that bounds itself by its timeout


class Toolbox:
    """Runs what a model calls; the only way from a model to a session.

    :param read_source: the lines of a file that the recording holds.
    :param recorded: the paths whose text a recording has; None of a live target.
    :param project: the folder on this machine that the person works in, if known.
    :param extra: further tools, such as those that act, with their workbench.
    """

    def __init__(
        self,
        session: DebugSession,
        gate: Gate,
        *,
        redactor: Redactor | None = None,
        read_source: Callable[[str], Sequence[str]] = read_lines,
        recorded: Sequence[str] | None = None,
        project: Path | None = None,
        diagnose: Callable[[Snapshot], Diagnosis] | None = None,
        extra: Sequence[BoundTool] = (),
    ) -> None:
        self._session = session
        self.gate = gate
        if recorded is None and session.snapshot.origin is Origin.RECORDED:
            recorded = ()
        self._events = Events(session)
        files = Files(lambda: session.snapshot, recorded, project)
        read = files.reader(read_source)
        self.context = ToolContext(
            files=files,
            events=self._events,
            redactor=redactor if redactor is not None else Redactor(),
            diagnose=diagnose or (lambda snapshot: diagnosis_of(snapshot, read_source=read)),
            read_source=read,
        )
        if session.snapshot.origin is not Origin.RECORDED and session.snapshot.pid > 0:
            self.context.redactor.learn_environment(environment_of(session.snapshot.pid))
        own = (each for each in ALL_TOOLS if not each.needs_workbench)
        self._tools = {each.spec.name: each for each in (*own, *extra)}
        self._shown_epoch = session.snapshot.epoch

    def close(self) -> None:
        """Stop listening to the session."""
        self._events.close()

    def available_tools(self) -> tuple[Tool, ...]:
        """Those that the session can do in principle now, in a fixed order."""
        return tuple(each.spec for each in self._tools.values() if not self._why_not(each))

    def possible_tools(self) -> tuple[Tool, ...]:
        """Those that the session may be able to do at some time, in a fixed order: for the beginning of a
        conversation, whose list of tools cannot change later. :meth:`run` says when one is not possible."""
        if self._session.snapshot.origin is Origin.RECORDED:
            return self.available_tools()
        return tuple(each.spec for each in self._tools.values())

    def stop_shown(self) -> None:
        """The model has been shown the current stop: frame numbers mean its frames from now on."""
        self._shown_epoch = self._session.snapshot.epoch

    def _why_not(self, bound: BoundTool) -> str:
        return self._session.why_not(bound.capability) if bound.capability is not None else ""

    async def run(self, call: ToolCall) -> Result:
        """Never raises for what a model may do wrong: the result then says what would be right. Raises
        CancelledError alone."""
        permissioned = PermissionedSession(self._session, self.gate, call.name, self.context.redactor.learn)
        try:
            result = await self._run(call, permissioned)
        except ToolUsageError as error:
            result = _failure(error.words, data=error.data)
        except Refused as error:
            by_person = error.decision.by is DecidedBy.PERSON_REFUSED
            who = "The person" if by_person else "The rules here (nobody can be asked)"
            result = _failure(
                f"{who} did not allow this: {for_model(error.action)}. Nothing was done. Go on without it, "
                "by reading; do not ask for the same again.",
                message("assistant.summary.refused", action=error.action),
            )
            result = replace(result, decisions=(error.decision,))
        except NotGranted as error:
            log.error("a tool overstepped: %s", error)
            result = _failure(message("assistant.refusal.overstepped"))
        except (asyncio.TimeoutError, TimeoutError):
            result = _failure(message("assistant.refusal.no_answer"))
        except IqdebugError as error:
            result = _failure(message("assistant.refusal.debugger_failed"), data=" ".join(error.lines()))
        except Exception as error:
            log.exception("tool %s failed", call.name)
            result = _failure(message("assistant.refusal.tool_failed", error=type(error).__name__))
        scrub = self.context.redactor.scrub
        return replace(
            result,
            text=cut(defanged(scrub(result.text)), MAX_ANSWER),
            summary_message=clean(scrub(" ".join((result.summary or call.name).split())))[:200],
            decisions=result.decisions or permissioned.decisions,
        )

    async def _run(self, call: ToolCall, permissioned: PermissionedSession) -> Result:
        bound = self._tools.get(call.name)
        if bound is None:
            names = [each.name for each in self.available_tools()]
            raise ToolUsageError(message("assistant.refusal.no_tool", tool=call.name[:60], names=names))
        checked, problems = check_arguments(bound.spec.parameters, call.arguments)
        if problems:
            raise ToolUsageError(message("assistant.refusal.not_run", tool=call.name, problems=problems))
        arguments = bound.typed(checked)
        reason = self._why_not(bound)
        if reason:
            raise ToolUsageError(message("assistant.refusal.not_now", tool=call.name, reason=reason))
        self._require_shown_stop(bound, call.arguments)
        if bound.right is not Right.READ and not bound.asks_itself:
            given = {name: value for name, value in arguments.items() if value is not None}
            shown = json.dumps(msgspec.to_builtins(given), ensure_ascii=False)
            await permissioned.obtain(bound.right, message("assistant.consent.tool", tool=call.name), shown)
        work = bound.run(ToolInvocation(permissioned, self.context, call.name, bound.workbench), arguments)
        if bound.asks_itself:  # it waits for a person, and bounds its own waiting
            result = await work
        else:
            result = await asyncio.wait_for(work, bound.timeout + GRACE_SECONDS)
        self.stop_shown()
        return result

    def _require_shown_stop(self, bound: BoundTool, arguments: Mapping[str, Any]) -> None:
        epoch = self._session.snapshot.epoch
        if epoch == self._shown_epoch or not any(name in arguments for name in bound.by_frame):
            return
        self.stop_shown()
        raise ToolUsageError(message("assistant.refusal.other_frames", stop=epoch))


def _failure(words: Text, summary: Text = "", data: str = "") -> Result:
    text = for_model(words) + (f"\n{wrap_untrusted(data, 'the reason')}" if data else "")
    return Result(text, "tools", summary or words, failed=True)
