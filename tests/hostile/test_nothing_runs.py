"""No code of the program runs to show it: objects, classes, threads, tasks, exceptions and namespaces in
which every special method and every attribute keeps a record of being asked, read in every way that the
agent and the capture have."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import iqdebug
from tests.dap.targets import on_pythons

PROGRAM = Path(__file__).parent / "programs" / "records_every_call.py"
BY_WISH = {
    "on_repr": "a person asks for one value's own text",
    "on_evaluate": "a person evaluates an expression",
    "reprs.Asker": "`diagnose -- CMD` asks objects for their own repr, in bounded time",
    "messages.message_of": "the capture asks a crash's own `__str__`, as the interpreter is about to do",
}
"""What runs code of the program because somebody asked for that; nothing else may."""


def calls_recorded(python: str) -> list[str]:
    folder = str(Path(iqdebug.__file__).parent)
    done = subprocess.run(
        [python, "-B", "-W", "ignore", str(PROGRAM), folder],
        capture_output=True,
        text=True,
        timeout=55,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: list[str] = json.loads(done.stdout)
    return found


@on_pythons("3.8", "3.12")
def test_the_record_of_calls_stays_empty(python: str) -> None:
    assert calls_recorded(python) == []


@pytest.mark.real
@on_pythons("3.9", "3.10", "3.11", "3.13", "3.14")
def test_the_record_of_calls_stays_empty_in_every_interpreter(python: str) -> None:
    assert calls_recorded(python) == []
