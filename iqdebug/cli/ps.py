"""`iqdebug ps`: the Python processes of this machine."""

from __future__ import annotations

import argparse
import sys

from iqdebug.cli.common import add_json
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.processes import processes_document
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say
from iqdebug.core.state_lines import process_table
from iqdebug.peek.processes import list_processes

__all__ = ["configure"]

MAX_WIDTH = 10_000  # columns of the table where no terminal cuts it


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    parser.set_defaults(run=_ps)


def _ps(options: argparse.Namespace) -> int:
    processes = list_processes()
    if options.json:
        say_document(processes_document(processes))
    elif processes:
        say(*process_table(processes, None if sys.stdout.isatty() else MAX_WIDTH))
    else:
        say(render(message("cli.ps.none")))
    return ExitCode.DONE
