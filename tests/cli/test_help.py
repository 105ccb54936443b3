"""`iqdebug help`: as people expect it."""

from __future__ import annotations

import pytest

from iqdebug.cli.commands import COMMANDS
from iqdebug.cli.main import main
from iqdebug.core.exit_codes import ExitCode

Output = pytest.CaptureFixture[str]


def helped(output: Output, *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    return output.readouterr().out


def test_help_alone_is_the_help_of_everything(capsys: Output) -> None:
    assert helped(capsys, "help") == helped(capsys, "--help")


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_help_of_a_command(command: str, capsys: Output) -> None:
    text = helped(capsys, "help", command)
    assert text.startswith(f"usage: iqdebug {command}") and text == helped(capsys, command, "--help")


def test_help_of_an_action(capsys: Output) -> None:
    assert helped(capsys, "help", "models", "pull").startswith("usage: iqdebug models pull")


def test_the_exit_codes(capsys: Output) -> None:
    assert main(["help", "exit-codes"]) == ExitCode.DONE
    rows = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    numbers = [int(row[0]) for row in rows if row and row[0].isdecimal()]
    assert numbers == list(ExitCode)


def test_help_of_what_is_no_command(capsys: Output) -> None:
    assert main(["help", "nonsense"]) == ExitCode.USAGE
    assert "There is no command nonsense" in capsys.readouterr().err
