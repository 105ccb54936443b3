"""Crashes of small programs, captured for real, for tests of what the evidence says about them."""

from __future__ import annotations

import runpy
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iqdebug.capture import capture
from iqdebug.core.state import Diagnosis, Step, Suspect
from iqdebug.crash import Crash, open_crash
from iqdebug.diagnosis.prompt.pack import Evidence, packed
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis


@dataclass(frozen=True)
class Case:
    crash: Crash
    diagnosis: Diagnosis
    source: str

    def line(self, marker: str) -> int:
        """The number of the line that ends in ``# @marker``."""
        found = [n for n, t in enumerate(self.source.splitlines(), 1) if t.endswith(f"# @{marker}")]
        assert len(found) == 1, marker
        return found[0]

    @property
    def first(self) -> Suspect:
        return self.diagnosis.suspects[0]

    def functions(self, most: int = 10) -> list[str]:
        """The suspects' functions, each once, best first."""
        return list(dict.fromkeys(s.function for s in self.diagnosis.suspects))[:most]

    def lines(self, most: int = 10) -> list[int]:
        return [s.line for s in self.diagnosis.suspects[:most]]

    def evidence(self, budget: int = 16_000) -> Evidence:
        return packed(
            self.crash.snapshot,
            self.diagnosis,
            read_source=self.crash.read_source,
            budget=budget,
            children=self.crash.children,
            logs=self.crash.logs,
        )


def crash_of(source: str, folder: Path, **files: str) -> Case:
    """Run the program (with other files beside it, by module name) and diagnose how it ends."""
    text = textwrap.dedent(source).lstrip("\n")
    program = folder / "program.py"
    program.write_text(text)
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content).lstrip("\n"))
    try:
        runpy.run_path(str(program), run_name="__main__")
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != str(program):
            trace = trace.tb_next
        crash = open_crash(capture(error.with_traceback(trace), path=str(folder / "x.iqcrash")))
        return Case(crash, crash_diagnosis(crash, crash.read_source), text)
    raise AssertionError("the program ended well")


def steps(roots: Sequence[Step]) -> list[tuple[str, int]]:
    """Expression and line of every hop, depth first."""
    found: list[tuple[str, int]] = []
    for step in roots:
        found.append((step.expression, step.line))
        found += steps(step.before)
    return found
