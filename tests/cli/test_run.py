"""`iqdebug run`: what the command line is taken for, and what is refused in words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iqdebug.cli.commands import parser_for
from iqdebug.cli.main import main
from iqdebug.cli.run import plan_of
from iqdebug.core.errors import MissingTool, NotPython, UsageError
from iqdebug.dap.program import ended_words, shell_code


@pytest.mark.parametrize(
    ("line", "program"),
    [
        (["script.py", "a", "--pause"], ["script.py", "a", "--pause"]),
        (["--pause", "script.py", "-m", "x"], ["script.py", "-m", "x"]),
        (["--", "script.py", "--", "x"], ["--", "script.py", "--", "x"]),
        (["--terminal", "--", "-m", "module", "--help"], ["--", "-m", "module", "--help"]),
    ],
)
def test_what_follows_the_program_is_the_programs(line: list[str], program: list[str]) -> None:
    assert parser_for(["run"]).parse_args(["run", *line]).program == program


def test_a_module_takes_the_rest() -> None:
    options = parser_for(["run"]).parse_args(["run", "--cwd", "/", "-m", "module", "--env", "x", "-m"])
    assert options.module == ["module", "--env", "x", "-m"] and options.cwd == "/"


def test_a_plan(tmp_path: Path) -> None:
    (tmp_path / "s.py").touch()
    plan = plan_of(
        ["--", "s.py", "a b"], python=sys.executable, cwd=str(tmp_path), settings=[("K", "v=w"), ("E", "")]
    )
    assert plan.arguments == ("s.py", "a b") and plan.cwd == str(tmp_path)
    assert plan.environment["K"] == "v=w" and plan.environment["E"] == ""
    assert plan.version == ".".join(map(str, sys.version_info[:3]))
    assert plan.command.endswith("s.py 'a b'") and not plan.terminal


def test_the_interpreter_of_an_active_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert plan_of(["-m", "module"]).python == str(tmp_path / "bin" / "python")


@pytest.mark.parametrize(
    ("words", "options", "said"),
    [
        ([], {}, "No program"),
        (["--"], {}, "No program"),
        (["-m"], {}, "No program"),
        (["--verbose", "x.py"], {}, "--verbose is no option"),
        (["nowhere.py"], {}, "There is no file nowhere.py in "),
        (["-m", "x"], {"cwd": "/nowhere"}, "There is no folder /nowhere"),
    ],
)
def test_bad_words(words: list[str], options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan_of(words, **options)  # type: ignore[arg-type]


def test_bad_interpreters(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="There is no interpreter nowhere"):
        plan_of(["-m", "x"], python="nowhere")
    with pytest.raises(NotPython, match="is not a Python interpreter"):
        plan_of(["-m", "x"], python="/bin/ls")
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho \"('Python', '2.7.18')\"\n")
    old.chmod(0o755)
    with pytest.raises(NotPython, match=r"is Python 2\.7\.18; iqdebug runs programs on 3\.8 and later"):
        plan_of(["-m", "x"], python=str(old))


def test_without_a_terminal_another_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-m", "this"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) <= 3 and "iqdebug diagnose -- CMD" in said[-1]


def test_the_end_in_words_and_for_the_shell() -> None:
    assert (ended_words(0), ended_words(3)) == ("ended, exit code 0", "ended, exit code 3")
    assert ended_words(-11) == "ended by SIGSEGV (segmentation fault)"
    assert [shell_code(c) for c in (None, 0, 3, -9)] == [0, 0, 3, 137]


def test_neither_textual_nor_debugpy_is_loaded_for_a_refusal() -> None:
    code = (
        "import sys; from iqdebug.cli.main import main; main(['run', 'nowhere.py']); "
        "print([m for m in ('textual', 'debugpy', 'pyte') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.stdout.strip() == "[]"
