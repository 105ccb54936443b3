"""`iqdebug` without a command: pick a process from a list, and attach to it."""

from __future__ import annotations

import argparse

from iqdebug.cli import on_demand
from iqdebug.cli.common import complain, require_terminal
from iqdebug.cli.consent import agreed_to_attach
from iqdebug.core.errors import TargetError
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say_error
from iqdebug.peek.preflight import require_attachable

__all__ = ["configure"]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_pick)


def _pick(options: argparse.Namespace) -> int:
    require_terminal(message("cli.no_terminal.picker"))
    pid = on_demand.pick_process()
    if pid is None:
        return ExitCode.DONE
    try:
        info = require_attachable(pid)
    except TargetError as error:
        complain(error)
        say_error(f"  {render(message('cli.picker.look', pid=pid))}")
        return error.exit_code
    if not agreed_to_attach(info):
        return ExitCode.DONE
    return on_demand.open_process_screen(info, "uncaught", False, None)
