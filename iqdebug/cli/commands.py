"""The commands: their names, what `iqdebug --help` says of them, and the module that each is in.

A command's module is loaded when its command is chosen, and no other: ``iqdebug --help`` loads none of
them, ``iqdebug ps`` neither the screens nor the debugger. A module declares its arguments in
``configure(parser)``, which also sets ``run``, and imports what it needs at its top;
what only some of its ways need is loaded by :mod:`iqdebug.cli.on_demand`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, NoReturn, Protocol, cast

from iqdebug import __version__
from iqdebug.cli.argparse_words import use_catalogue
from iqdebug.core.exit_codes import exit_code_summary
from iqdebug.core.messages import Message, message, render
from iqdebug.core.text import clean, shortened

__all__ = ["COMMANDS", "WrongArguments", "parser_for"]

_MAX_MESSAGE = 1_000  # characters of a complaint about arguments: it quotes them


class Command(NamedTuple):
    name: str
    module: str
    help: Message


COMMANDS = (
    Command("ps", "ps", message("cli.command.ps")),
    Command("peek", "peek", message("cli.command.peek")),
    Command("attach", "attach", message("cli.command.attach")),
    Command("doctor", "doctor", message("cli.command.doctor")),
    Command("run", "run", message("cli.command.run")),
    Command("diagnose", "diagnose", message("cli.command.diagnose")),
    Command("open", "open", message("cli.command.open")),
    Command("snapshot", "snapshot", message("cli.command.snapshot")),
    Command("crashes", "crashes", message("cli.command.crashes")),
    Command("ask", "ask", message("cli.command.ask")),
    Command("resume", "resume", message("cli.command.resume")),
    Command("models", "models", message("cli.command.models")),
    Command("runtime", "runtime", message("cli.command.runtime")),
    Command("help", "help", message("cli.command.help")),
)

_NO_COMMAND = "picker"
_ENDS_AT_ONCE = {"-h", "--help", "--version"}


class _CommandModule(Protocol):
    def configure(self, parser: argparse.ArgumentParser) -> None: ...


class WrongArguments(Exception):
    """Arguments that the parser does not take; their usage has been printed."""

    def __init__(self, program: str, message: str) -> None:
        super().__init__(message)
        self.program = program
        self.message = message


class _Parser(argparse.ArgumentParser):
    """Shows arguments that are wrong so that they cannot steer the terminal, nor fill it.

    :raises WrongArguments: instead of ending the process.
    """

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise WrongArguments(self.prog, shortened(clean(message), _MAX_MESSAGE))


def parser_for(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser that these words need: of all commands it knows the names, and of the one that they
    choose the arguments."""
    use_catalogue()
    parser = _Parser(
        prog="iqdebug",
        description=render(message("cli.description")),
        epilog=exit_code_summary(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"iqdebug {__version__}")
    chosen = next((word for word in words if not word.startswith("-")), None)
    if chosen is None and not _ENDS_AT_ONCE & set(words):
        _load(_NO_COMMAND).configure(parser)
    subparsers = parser.add_subparsers(
        title=render(message("cli.commands")), metavar=render(message("cli.metavar.command"))
    )
    for command in COMMANDS:
        own = subparsers.add_parser(command.name, help=render(command.help))
        if command.name == chosen:
            _load(command.module).configure(own)
    return parser


def _load(module: str) -> _CommandModule:
    return cast(_CommandModule, import_module(f"iqdebug.cli.{module}"))
