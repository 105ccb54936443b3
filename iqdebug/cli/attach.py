"""`iqdebug attach`: a live process in the debugger."""

from __future__ import annotations

import argparse

from iqdebug.cli import on_demand
from iqdebug.cli.common import add_exceptions, add_model, add_pid, require_terminal
from iqdebug.cli.consent import agreed_to_attach
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.diagnosis.named_places import on_disk, parse
from iqdebug.peek.preflight import require_attachable

__all__ = ["configure"]


def configure(parser: argparse.ArgumentParser) -> None:
    add_pid(parser)
    parser.add_argument("--yes", "-y", action="store_true", help=render(message("cli.argument.attach.yes")))
    parser.add_argument("--pause", action="store_true", help=render(message("cli.argument.attach.pause")))
    parser.add_argument(
        "--no-hold",
        action="store_true",
        help=render(message("cli.argument.attach.no_hold")),
    )
    parser.add_argument(
        "--break",
        action="append",
        default=[],
        dest="breaks",
        metavar=render(message("cli.metavar.place")),
        help=render(message("cli.argument.attach.break")),
    )
    add_model(parser)
    add_exceptions(parser)
    parser.set_defaults(run=_attach)


def _attach(options: argparse.Namespace) -> int:
    asked = [parse(text) for text in options.breaks]
    require_terminal(message("cli.no_terminal.attach", pid=options.pid))
    info = require_attachable(options.pid)
    for each in asked:
        on_disk(each, info.cwd)  # what is wrong with it is printed before anybody is asked
    if not options.yes and not agreed_to_attach(info):
        return ExitCode.DONE
    return on_demand.open_process_screen(
        info, options.on_exception, options.pause, options.model, asked=asked, no_hold=options.no_hold
    )
