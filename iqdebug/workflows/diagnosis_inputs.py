"""Puts before the evidence what is known of a crash file or a living process besides its frames."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from iqdebug.core.readable_files import Reach
from iqdebug.core.state import Diagnosis, Frame, Phase, Snapshot, Variable
from iqdebug.crash import Crash
from iqdebug.crash.variables import global_variables
from iqdebug.diagnosis import diagnose
from iqdebug.diagnosis.facts import Facts
from iqdebug.peek.start_info import reach_of_process
from iqdebug.system.line_changes import Changes

__all__ = ["crash_diagnosis", "crash_facts", "live_diagnosis", "source_reader"]

GIT_TIMEOUT = 0.1  # seconds, while somebody looks at the screen


def crash_facts(crash: Crash, here: bool = False) -> Facts:
    """What the file knows. ``here``: the program ran on this machine a moment ago, so this machine's
    files may be looked at."""

    def module_values(frame: Frame) -> Sequence[Variable]:
        recorded = crash.frames.get(frame.id) if frame.id is not None else None
        return list(global_variables(crash, recorded)) if recorded is not None else ()

    facts = Facts(
        python=crash.meta.python,
        distributions=crash.distributions,
        environ=tuple(crash.environ),
        cwd=crash.meta.cwd,
        argv=crash.meta.argv,
        logs=crash.logs,
        children=crash.children,
        globals_of=module_values,
    )
    return facts.where_files_are(os.path.exists) if here else facts


def source_reader(crash: Crash, reach: Reach) -> Callable[[str], Sequence[str]]:
    """Recorded text first; a file that was not recorded is read as it is now, where it may be."""

    def read(path: str) -> Sequence[str]:
        return crash.read_source(path) or reach.read(path)

    return read


def crash_diagnosis(
    crash: Crash,
    read_source: Callable[[str], Sequence[str]],
    here: bool = False,
    reach: Reach | None = None,
) -> Diagnosis:
    """Diagnose a crash file. Of the lines that were changed of late what the file itself
    says, and of files within ``reach`` what git says."""
    git, within = crash.git, reach or Reach()
    diff, root = (git.diff, git.root) if git is not None else ("", "")
    changed = Changes(diff, root, ask=lambda path: not within.why_not(path))
    return diagnose(crash.snapshot, read_source=read_source, changed=changed, facts=crash_facts(crash, here))


def live_diagnosis(
    snapshot: Snapshot,
    earlier: Snapshot | None,
    read_source: Callable[[str], Sequence[str]] | None = None,
) -> Diagnosis:
    """Diagnose a process of this machine, with its source as it is on disk now.

    :param read_source: path → lines; None for what the way it was started lets be read.
    """
    reach = reach_of_process(snapshot.pid, snapshot.cwd)
    read_source = read_source or reach.read
    if snapshot.phase is not Phase.CRASHED and snapshot.exception is None:
        return diagnose(snapshot, read_source=read_source, earlier=earlier)
    facts = Facts(python=snapshot.python, cwd=snapshot.cwd).where_files_are(os.path.exists)
    changed = Changes(ask=lambda path: not reach.why_not(path), seconds=GIT_TIMEOUT)
    return diagnose(snapshot, read_source=read_source, earlier=earlier, changed=changed, facts=facts)
