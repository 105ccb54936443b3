"""`iqdebug help`: the help of everything, of a command, or the exit codes."""

from __future__ import annotations

import argparse
import shutil

from iqdebug.cli.commands import COMMANDS, parser_for
from iqdebug.core.errors import UsageError
from iqdebug.core.exit_codes import ExitCode, exit_code_lines
from iqdebug.core.messages import message, render
from iqdebug.core.output import say

__all__ = ["configure"]

_EXIT_CODES = "exit-codes"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "topic",
        nargs="*",
        metavar=render(message("cli.metavar.command")),
        help=render(message("cli.argument.help.topic", exit_codes=_EXIT_CODES)),
    )
    parser.set_defaults(run=_help)


def _help(options: argparse.Namespace) -> int:
    topic: list[str] = options.topic
    if topic == [_EXIT_CODES]:
        width = shutil.get_terminal_size((100, 24)).columns
        say(*exit_code_lines(width), "", render(message("cli.help.code_of_run")))
        return ExitCode.DONE
    if topic[:1] == [_EXIT_CODES]:
        raise UsageError(message("cli.no_action", name=topic[1], command=_EXIT_CODES))
    if topic and topic[0] not in [command.name for command in COMMANDS]:
        names = [command.name for command in COMMANDS]
        raise UsageError(
            message("cli.no_command", name=topic[0]),
            fix=message("cli.no_command.fix", names=names, exit_codes=_EXIT_CODES),
        )
    words = [*topic, "--help"]
    parser = parser_for(words)
    for at, word in enumerate(topic):
        actions = _actions(parser)
        if word not in actions:
            command = " ".join(topic[:at])
            fix = message("cli.no_action.fix", names=list(actions)) if actions else ""
            raise UsageError(message("cli.no_action", name=word, command=command), fix=fix)
        parser = actions[word]
    parser.parse_args(["--help"])
    return ExitCode.DONE


def _actions(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of a command's actions, by name."""
    return {
        name: each
        for group in parser._actions
        if isinstance(group, argparse._SubParsersAction)
        for name, each in group.choices.items()
    }
