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


@pytest.mark.parametrize(
    ("words", "complaint", "fix"),
    [
        (("ps", "extra"), "ps has no action extra", ""),
        (("models", "pull", "extra"), "models pull has no action extra", ""),
        (("models", "nonsense"), "models has no action nonsense", "recommend"),
        (("exit-codes", "extra"), "exit-codes has no action extra", ""),
    ],
)
def test_help_of_more_than_there_is(words: tuple[str, ...], complaint: str, fix: str, capsys: Output) -> None:
    assert main(["help", *words]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert not out and complaint in err and fix in err
