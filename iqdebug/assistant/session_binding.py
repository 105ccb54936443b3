"""Ties the assistant to one debug session: the tools, the rights, and the files that may be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from iqdebug.assistant.actions.rerun import project_root
from iqdebug.assistant.debuggee import DebuggeeContext
from iqdebug.assistant.mentions import Mentions
from iqdebug.assistant.permissions import DecidedBy, Gate
from iqdebug.assistant.redaction import Redactor
from iqdebug.assistant.tool_calls import ToolOutcome
from iqdebug.assistant.tools.base import BoundTool
from iqdebug.assistant.tools.catalogue import few_of
from iqdebug.assistant.tools.toolbox import Toolbox
from iqdebug.assistant.ui_context import UiContext
from iqdebug.core.errors import NotAvailable
from iqdebug.core.messages import Text, message
from iqdebug.core.readable_files import below, real_path
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Diagnosis, Origin, Snapshot
from iqdebug.crash import Crash
from iqdebug.llm.messages import Tool, ToolCall

__all__ = ["SessionBinding"]


class SessionBinding:
    """Belongs to one session; another session gets a binding of its own. Must be closed.

    :param gate: decides what the model may do in this session.
    :param diagnosis_of: the diagnosis of the session's snapshot, for tools that show it.
    :param extra_tools: offered to the model beside the built-in ones.
    """

    def __init__(
        self,
        session: DebugSession,
        ui: UiContext,
        debuggee: DebuggeeContext,
        *,
        gate: Gate,
        redactor: Redactor,
        diagnosis_of: Callable[[Snapshot], Diagnosis],
        extra_tools: Sequence[BoundTool],
    ) -> None:
        self.session = session
        self.ui = ui
        self.gate = gate
        self._crash = debuggee.crash
        if self._crash is not None:
            redactor.learn_environment(self._crash.environ)
        self.toolbox = Toolbox(
            session,
            gate,
            redactor=redactor,
            read_source=debuggee.read_source,
            recorded=list(self._crash.sources) if self._crash is not None else None,
            project=Path(debuggee.project) if debuggee.project else None,
            diagnose=diagnosis_of,
            extra=extra_tools,
        )
        self.mentions = Mentions(lambda: session.snapshot, ui.frame, ui.variables, ui.logs, self.read_source)

    def close(self) -> None:
        """Stop listening to the session."""
        self.toolbox.close()

    # tools

    def tools(self, few: bool) -> Sequence[Tool]:
        """What the model may ever call in this session.

        :param few: no more than a small model can choose from.
        """
        possible = self.toolbox.possible_tools()
        if not few:
            return possible
        left_out = "threads" if self.session.snapshot.origin is Origin.RECORDED else "frame"
        return few_of(possible, left_out)

    async def run_call(self, call: ToolCall) -> ToolOutcome:
        """Never raises for what a model may do wrong."""
        result = await self.toolbox.run(call)
        return ToolOutcome(
            text=result.text,
            summary=result.summary,
            source=result.source,
            decided_by=tuple(dict.fromkeys(d.by for d in result.decisions)) or (DecidedBy.RULE,),
            failed=result.failed,
            undo=result.undo.words if result.undo is not None else "",
            run_undo=result.undo.run if result.undo is not None else None,
        )

    def evidence_shown(self) -> None:
        """The model has been given the current stop: frame numbers mean its frames from now on."""
        self.toolbox.stop_shown()

    # files

    def read_source(self, path: str) -> Sequence[str]:
        """A file's lines, if the model may read it; else none."""
        return self.toolbox.context.read_source(path)

    def why_not_read(self, path: str) -> Text:
        """Why the model may not read the file; "" when it may."""
        return self.toolbox.context.files.why_not(path)

    def root(self, own_files: Sequence[str]) -> str:
        """The folder of the project that the stop is in; "" where it is not on this machine.

        :param own_files: the person's files on the stack, innermost first.
        """
        if self._crash is not None:
            recorded = real_path(project_root(self._crash))
            return recorded if self._is_readable(recorded) else next(iter(self._roots), "")
        paths = [real_path(path) for path in own_files]
        return next(
            (root for path in paths for root in self._roots if below(path, root)),
            next(iter(self._roots), ""),
        )

    def root_to_run(self, crash: Crash) -> str:
        """The folder of the project that is copied to run the recorded command in it.

        :raises NotAvailable: the recorded program is not of the project that the person works in.
        """
        own = project_root(crash)
        if own and self._is_readable(own):
            return own
        raise NotAvailable(
            message("assistant.other_project"),
            message("assistant.other_project.why", folder=own)
            if own
            else message("assistant.other_project.why.not_here"),
            message("assistant.other_project.fix"),
        )

    @property
    def _roots(self) -> Sequence[str]:
        return tuple(self.toolbox.context.files.reach.roots)

    def _is_readable(self, path: str) -> bool:
        return any(below(path, root) for root in self._roots)
