"""The agent's values and pages of hostile objects, in every interpreter on this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import iqdebug
from tests.dap.targets import on_pythons

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "hostile_values.py"


@on_pythons()
def test_hostile_objects_are_read_without_running_them(python: str) -> None:
    folder = str(Path(iqdebug.__file__).parent)
    done = subprocess.run(
        [python, "-B", str(PROGRAM), folder], capture_output=True, text=True, timeout=50, encoding="utf-8"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")
