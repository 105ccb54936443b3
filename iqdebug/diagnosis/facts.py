"""What is known of a failing program besides its frames: where it ran, and what was installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from iqdebug.core.state import Frame, LogRecord, Variable

__all__ = ["NO_FACTS", "Facts"]


def _never(path: str) -> bool:
    return False


def _no_children(reference: int) -> Sequence[Variable]:
    return ()


def _no_globals(frame: Frame) -> Sequence[Variable]:
    return ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything is optional: a rule that misses what it needs stays silent.

    ``python`` is the program's version ("3.12.1"); ``distributions`` are names and versions of what
    is installed, by the names of the metadata; ``environ`` are the names of its environment
    variables; ``logs`` the last records, oldest first. ``path_exists`` may look at this machine's
    files only where the program ran on it. ``children`` gives what lies below a value, by its
    reference; ``globals_of`` the module variables that a frame's code names.
    """

    python: str = ""
    distributions: tuple[tuple[str, str], ...] = ()
    environ: tuple[str, ...] = ()
    cwd: str = ""
    argv: tuple[str, ...] = ()
    logs: tuple[LogRecord, ...] = ()
    path_exists: Callable[[str], bool] = _never
    children: Callable[[int], Sequence[Variable]] = _no_children
    globals_of: Callable[[Frame], Sequence[Variable]] = _no_globals

    def where_files_are(self, exists: Callable[[str], bool]) -> Facts:
        """The same, of a program whose files can be looked at."""
        return replace(self, path_exists=exists)


NO_FACTS = Facts()
