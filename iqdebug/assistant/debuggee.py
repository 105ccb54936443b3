"""What the assistant is given about the debuggee, and about one stop of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iqdebug.core.state import Diagnosis, Snapshot
from iqdebug.crash import Crash

__all__ = ["DebuggeeContext", "Diagnose", "StopContext"]

Diagnose = Callable[[Snapshot, Snapshot | None], Diagnosis]
"""(snapshot, the one before it of the same stop) → diagnosis. May take long; is called in a thread."""


@dataclass(frozen=True, slots=True)
class DebuggeeContext:
    """What stands behind a session.

    :param crash: of a recording.
    :param project: the folder the person works in.
    :param read_source: the lines of a file that the recording holds.
    :param identity: distinguishes a process from every other that had or will have its number; "" for one
        that is gone.
    :param diagnose: diagnoses each snapshot that the session publishes; None where the caller reports
        stops itself, by :meth:`iqdebug.assistant.session.AssistantSession.stop_diagnosed`.
    """

    crash: Crash | None = None
    project: str = ""
    read_source: Callable[[str], Sequence[str]] = lambda path: ()
    identity: Callable[[int], str] = lambda pid: ""
    diagnose: Diagnose | None = None


@dataclass(frozen=True, slots=True)
class StopContext:
    """A stop, or a look at a running process, with its diagnosis."""

    snapshot: Snapshot
    diagnosis: Diagnosis
