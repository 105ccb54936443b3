"""Anomalies of small programs that crash for real, for the tests of the rules."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import iqdebug
from iqdebug.core.state import Anomaly, Frame, Variable
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.variables import global_variables
from iqdebug.diagnosis.facts import Facts
from iqdebug.diagnosis.rules import RULES, find_anomalies
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.source.texts import Texts
from tests.support.crashing import crash_of

ROOT = str(Path(iqdebug.__file__).resolve().parent.parent)


@dataclass(frozen=True)
class Found:
    """What the rules say of one crash."""

    anomalies: tuple[Anomaly, ...]
    source: str

    @property
    def kinds(self) -> list[str]:
        return [a.kind for a in self.anomalies]

    def one(self, kind: str) -> Anomaly:
        """The only anomaly of the kind."""
        (found,) = [a for a in self.anomalies if a.kind == kind]
        return found

    def line(self, marker: str) -> int:
        """The number of the line that ends in ``# @marker``."""
        found = [n for n, t in enumerate(self.source.splitlines(), 1) if t.endswith(f"# @{marker}")]
        assert len(found) == 1, marker
        return found[0]


def facts_of(crash: Crash) -> Facts:
    """Everything that a crash file knows besides its frames."""

    def module_values(frame: Frame) -> Sequence[Variable]:
        recorded = crash.frames.get(frame.id) if frame.id is not None else None
        return global_variables(crash, recorded) if recorded is not None else ()

    return Facts(
        python=crash.meta.python,
        distributions=crash.distributions,
        environ=tuple(crash.environ),
        cwd=crash.meta.cwd,
        argv=tuple(crash.meta.argv),
        logs=crash.logs,
        children=lambda reference: crash.children(reference, 400),
        globals_of=module_values,
    )


def asked(crash: Crash, facts: Facts | None = None) -> tuple[Anomaly, ...]:
    """The anomalies of a crash file. A rule that raises fails the test, which the swallowing of
    exceptions in ``find_anomalies`` would hide."""
    error = crash.snapshot.exception
    assert error is not None
    texts, known = Texts(crash.read_source), facts or facts_of(crash)
    for rule in RULES:
        list(itertools.islice(rule(CrashContext(error.frames, error, texts, known)), 50))
    found = find_anomalies(error.frames, error, texts, known)
    assert found == find_anomalies(error.frames, error, texts, known)
    return tuple(found)


def found_in(source: str, folder: Path, files: dict[str, str] | None = None, **changes: object) -> Found:
    """Run the program in this process (with other files beside it) and ask the rules about its end.
    ``changes`` replace what is known besides."""
    case = crash_of(source, folder, **(files or {}))
    facts = replace(facts_of(case.crash), **changes)  # type: ignore[arg-type]
    return Found(asked(case.crash, facts), case.source)


def found_by(program: Path, folder: Path, python: str = sys.executable, **changes: object) -> Found:
    """Run a program file under an interpreter of its own and ask the rules about its end."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTHON", "COV"))}
    environ.update(PYTHONPATH=ROOT, PYTHONDONTWRITEBYTECODE="1", PYTHONWARNINGS="ignore")
    command = [python, "-m", "iqdebug.capture", "--dir", str(folder / "crashes"), str(program)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=50, cwd=folder)
    (path,) = (folder / "crashes").glob("*.iqcrash")
    crash = open_crash(path)
    facts = replace(facts_of(crash), **changes)  # type: ignore[arg-type]
    assert done.returncode == 1
    return Found(asked(crash, facts), program.read_text("utf-8"))
