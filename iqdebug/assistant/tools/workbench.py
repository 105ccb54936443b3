"""What a tool that acts needs of the conversation that it is called in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from iqdebug.assistant.actions.fix import Proposal
from iqdebug.core.state import Diagnosis
from iqdebug.crash import Crash

__all__ = ["Workbench"]


class Workbench(Protocol):
    """What the tools that act work on: the crash or the process of one conversation, and its fix."""

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What the evidence says about the stop that is spoken of."""

    @property
    def root(self) -> str:
        """The folder in which files may be edited; "" where there is none on this machine."""

    @property
    def own_files(self) -> Sequence[str]:
        """The files that an edit may mean by a part of their path."""

    @property
    def proposal(self) -> Proposal | None:
        """The last fix that was proposed, and is not applied yet."""

    @property
    def scratch_folder(self) -> Path | None:
        """Where copies of the project are made; None for the system's folder."""

    def show_proposal(self, proposal: Proposal) -> None:
        """Show a fix to the person; it is the one to be proved and applied from now on."""

    async def crash_to_run(self, tool: str) -> tuple[Crash, str]:
        """A recording whose command or test can be run again, and the folder of its project.

        :param tool: is said to need it.
        :raises IqdebugError: there is none, or it may not be run.
        """
