"""What the controllers share: the session, its newest snapshot, and what the person waits for."""

from __future__ import annotations

from dataclasses import dataclass

from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.messages import Text, message
from iqdebug.core.session import Capability, DebugSession
from iqdebug.core.state import ExceptionInfo, Phase, Snapshot

__all__ = ["OVER", "DebugState", "Progress"]

OVER = (Phase.DETACHED, Phase.ENDED)


@dataclass(frozen=True, slots=True)
class Progress:
    """What the person waits for. ``words`` is "" when nothing is waited for; ``is_attaching`` is whether
    it is a step of attaching, which the status bar then says as well."""

    words: Text = ""
    is_attaching: bool = True


class DebugState:
    """Plain values without behaviour of their own. :class:`ConnectionController` sets the session and
    the failure, :class:`SnapshotController` the snapshot; everybody reads.

    :param owns_program: iqdebug started the program, so nothing attaches to it.
    """

    def __init__(self, *, owns_program: bool) -> None:
        self.owns_program = owns_program
        self.session: DebugSession | None = None
        self.snapshot: Snapshot | None = None
        self.progress = Progress(message("tui.status.starting"))
        self.failure: IqdebugError | None = None
        """Why attaching did not work."""
        self.is_leaving = False
        self.last_words: Text = ""
        """To be printed once the screen is gone."""
        self.refused: UsageError | None = None
        """Why the session ended before it began: what was asked for on the command line cannot be."""

    @property
    def is_stopped(self) -> bool:
        return self.snapshot is not None and self.snapshot.phase.is_stopped

    @property
    def is_over(self) -> bool:
        return self.snapshot is not None and self.snapshot.phase in OVER

    @property
    def exception(self) -> ExceptionInfo | None:
        """The exception that the target stopped on."""
        return self.snapshot.exception if self.snapshot is not None else None

    def why_not(self, capability: Capability) -> Text:
        """ "" when the action is possible now, else the reason."""
        if self.session is None:
            failed = message("tui.why_not.attaching_failed")
            return failed if self.failure else message("tui.why_not.still_attaching")
        return self.session.why_not(capability)
