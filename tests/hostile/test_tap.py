"""A program sees the same of its own streams and loggers with the tap as without."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import iqdebug
from tests.dap.targets import on_pythons

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "prints_its_own_way.py"


def seen(python: str, tap: str) -> Any:
    folder = str(Path(iqdebug.__file__).parent)
    done = subprocess.run(
        [python, "-B", str(PROGRAM), folder, tap],
        capture_output=True,
        text=True,
        timeout=50,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@on_pythons("3.8", "3.11", "3.13")
@pytest.mark.parametrize("tap", ["agent", "capture"])
def test_the_same_with_the_tap_as_without(python: str, tap: str) -> None:
    assert seen(python, tap) == seen(python, "")
