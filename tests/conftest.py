"""What all tests share: the example programs and the lines their markers name."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

# These import llama_cpp, which `make quick` does without; `make check` has it.
NEED_LLAMA = [f"llm/test_{name}.py" for name in ("engine", "grammar", "http_real", "local")]
HAS_LLAMA = importlib.util.find_spec("llama_cpp") is not None
collect_ignore = [] if HAS_LLAMA else NEED_LLAMA


def pytest_report_header() -> list[str]:
    return [] if HAS_LLAMA else ["llama_cpp is not installed: " + ", ".join(NEED_LLAMA) + " are left out"]


EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def marker(path: str | Path, name: str) -> int:
    """The number of the one line that ends in ``# @name``. A bare file name is looked for in
    ``examples/``. Raises LookupError when no line, or more than one, bears the marker."""
    file = Path(path)
    if not file.is_absolute():
        file = EXAMPLES / file
    mark = re.compile(rf"#.*@{re.escape(name)}(?![\w-])")
    lines = [n for n, text in enumerate(file.read_text("utf-8").splitlines(), 1) if mark.search(text)]
    if len(lines) != 1:
        raise LookupError(f"{file.name} has {len(lines)} lines marked @{name}, expected one")
    return lines[0]


@pytest.fixture
def examples() -> Path:
    """The folder of example programs."""
    return EXAMPLES


@pytest.fixture(autouse=True)
def state_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What iqdebug keeps goes to a folder of the test's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
