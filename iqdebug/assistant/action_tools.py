"""What the model's tools that act work on in a conversation: its crash or process, and its fix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from iqdebug.assistant.actions.fix import Proposal
from iqdebug.assistant.actions.rerun import project_root
from iqdebug.assistant.commands import show_proposal
from iqdebug.assistant.tools.base import BoundTool
from iqdebug.assistant.tools.catalogue import ALL_TOOLS
from iqdebug.core.messages import message
from iqdebug.core.paths import frame_kind
from iqdebug.core.state import Diagnosis
from iqdebug.crash import Crash

if TYPE_CHECKING:
    from iqdebug.assistant.session import AssistantSession

__all__ = ["SessionWorkbench", "acting_tools"]


def acting_tools(session: AssistantSession) -> Sequence[BoundTool]:
    """The tools that need a workbench, on that of this conversation."""
    workbench = SessionWorkbench(session)
    return tuple(replace(each, workbench=workbench) for each in ALL_TOOLS if each.needs_workbench)


class SessionWorkbench:
    """Implements :class:`~iqdebug.assistant.tools.workbench.Workbench`, as things stand at each call."""

    scratch_folder: Path | None = None

    def __init__(self, session: AssistantSession) -> None:
        self._session = session

    @property
    def diagnosis(self) -> Diagnosis | None:
        stop = self._session.current_stop
        return stop.diagnosis if stop is not None else None

    @property
    def root(self) -> str:
        crash = self._session.debuggee.crash
        active = self._session.require_active()
        return active.root or (project_root(crash) if crash is not None else "")

    @property
    def own_files(self) -> Sequence[str]:
        """Those on the stack that is spoken of; of a crash of which none is, all that it names."""
        crash = self._session.debuggee.crash
        on_stack = self._session.require_active().own_files
        if on_stack or crash is None:
            return on_stack
        return list(dict.fromkeys(f.file for f in crash.frames.values() if frame_kind(f.file) == "user"))

    @property
    def proposal(self) -> Proposal | None:
        return self._session.pending.proposal

    def show_proposal(self, proposal: Proposal) -> None:
        show_proposal(self._session, proposal, message("assistant.proposed.by_model"))

    async def crash_to_run(self, tool: str) -> tuple[Crash, str]:
        crash = await self._session.crash(tool)
        return crash, self._session.require_active().binding.root_to_run(crash)
