"""What a command must not import, and what the agent must not need."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import iqdebug

pytestmark = pytest.mark.slow

PACKAGE = Path(iqdebug.__file__).parent
INSIDE = sorted([*(PACKAGE / "agent").glob("*.py"), *(PACKAGE / "capture").rglob("*.py")])


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after the code."""
    script = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    return {name.split(".")[0] for name in run.stderr.split()}


def test_help_imports_no_screen_no_debugger_no_model() -> None:
    loaded = modules_after("from iqdebug.cli.main import main; main(['--help'])")
    assert "iqdebug" in loaded
    assert not loaded & {"textual", "rich", "debugpy", "llama_cpp", "msgspec", "asyncio"}


NOTHING = "2147483646"  # a pid that no process has


@pytest.mark.parametrize(
    "words",
    [
        ["ps", "--json"],
        ["peek", NOTHING],
        ["diagnose", NOTHING],
        ["diagnose", NOTHING, "--no-attach"],
        ["diagnose", "nowhere.iqcrash"],
        ["snapshot", NOTHING],
        ["open", "nowhere.iqcrash", "--json"],
        ["crashes", "--dir", "nowhere"],
        ["attach", NOTHING],
        ["run", "nowhere.py"],
        ["help", "exit-codes"],
    ],
    ids=" ".join,
)
def test_a_command_without_a_screen_imports_none(words: list[str]) -> None:
    loaded = modules_after(f"from iqdebug.cli.main import main; main({words!r})")
    assert "iqdebug" in loaded
    assert not loaded & {"textual", "rich", "pyte", "llama_cpp", "httpx"}


def test_the_state_imports_the_standard_library_alone() -> None:
    loaded = modules_after("import iqdebug.core.state, iqdebug.core.errors, iqdebug.core.session")
    assert not loaded & {"textual", "rich", "debugpy", "llama_cpp", "msgspec", "psutil", "pygments"}


def test_evidence_imports_no_screen_and_no_debugger() -> None:
    loaded = modules_after("import iqdebug.diagnosis")
    assert not loaded & {"textual", "rich", "debugpy", "llama_cpp", "msgspec", "psutil", "asyncio"}


@pytest.mark.parametrize("file", INSIDE, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_what_runs_inside_is_python_3_8_and_imports_nothing_of_ours(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"), feature_version=(3, 8))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not any(alias.name.split(".")[0] == "iqdebug" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            assert module.split(".")[0] != "iqdebug"
            assert node.level <= 1 or (node.level == 2 and module.split(".")[0] == "capture")
