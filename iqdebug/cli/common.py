"""What the commands share: arguments, complaints, documents."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.messages import Text, message, render
from iqdebug.core.output import say_error
from iqdebug.core.text import clean, shortened

__all__ = [
    "add_exceptions",
    "add_json",
    "add_model",
    "add_pid",
    "add_project",
    "add_window",
    "complain",
    "ended_by_signals",
    "pid_number",
    "project_folder",
    "require_terminal",
    "seconds",
]

MAX_ERROR_LINE = 2_000  # characters of an error's line: it may name a path of any length


def add_pid(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pid",
        type=pid_number,
        metavar=render(message("cli.metavar.pid")),
        help=render(message("cli.argument.pid")),
    )


def add_json(parser: argparse.ArgumentParser, after_another: bool = False) -> None:
    """:param after_another: the command takes it too, before its action: what was said there stays."""
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS if after_another else False,
        help=render(message("cli.argument.json")),
    )


def add_exceptions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on-exception",
        choices=("uncaught", "raised", "user", "never"),
        default="uncaught",
        help=render(message("cli.argument.on_exception")),
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        metavar=render(message("cli.metavar.setting")),
        help=render(message("cli.argument.model")),
    )


def add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--project",
        metavar=render(message("cli.metavar.project")),
        type=project_folder,
        help=render(message("cli.argument.project")),
    )


def project_folder(text: str) -> str:
    try:
        real = os.path.realpath(text) if text else ""
    except (OSError, ValueError):
        real = ""
    if not os.path.isdir(real):
        raise argparse.ArgumentTypeError(render(message("cli.argument.no_folder", argument=repr(text[:200]))))
    return real


def add_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ctx",
        type=_window,
        default=0,
        metavar=render(message("cli.metavar.number")),
        help=render(message("cli.argument.ctx")),
    )


def _window(text: str) -> int:
    if not text.isdecimal() or len(text) > 8 or not 256 <= int(text) <= 1 << 24:
        raise argparse.ArgumentTypeError(
            render(message("cli.argument.no_tokens", argument=repr(text), least=256, most=1 << 24))
        )
    return int(text)


def pid_number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 31:
        raise argparse.ArgumentTypeError(render(message("cli.argument.no_pid", argument=repr(text))))
    return int(text)


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(
            render(message("cli.argument.no_seconds", argument=repr(text), least=0, most=3600))
        )
    return value


def complain(error: IqdebugError) -> None:
    first, *rest = (shortened(clean(line), MAX_ERROR_LINE) for line in error.lines())
    say_error(f"iqdebug: {first}", *(f"  {line}" for line in rest))


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command the way Ctrl-C does: through its clean-up."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    saved = {s: signal.signal(s, interrupt) for s in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)


def require_terminal(instead: Text) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(message("cli.no_terminal"), fix=instead)
