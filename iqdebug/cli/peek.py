"""`iqdebug peek`: a process as it looks from outside."""

from __future__ import annotations

import argparse

from iqdebug.cli.common import add_json, add_pid
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.stack import snapshot_document
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say
from iqdebug.core.state_lines import snapshot_lines
from iqdebug.core.text import clean
from iqdebug.peek.first_look import peek
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.procfs import ProcFS
from iqdebug.peek.supervisors import supervisor_of

__all__ = ["configure"]


def configure(parser: argparse.ArgumentParser) -> None:
    add_pid(parser)
    add_json(parser)
    parser.add_argument(
        "--no-locals", action="store_true", help=render(message("cli.argument.peek.no_locals"))
    )
    parser.set_defaults(run=_peek)


def _peek(options: argparse.Namespace) -> int:
    snapshot = peek(options.pid, locals=not options.no_locals)
    if options.json:
        say_document(snapshot_document(snapshot))
    else:
        say(*snapshot_lines(snapshot))
        _warn_of_supervisor(options.pid)
    return ExitCode.DONE


def _warn_of_supervisor(pid: int) -> None:
    supervisor = supervisor_of(pid, ProcessTable(ProcFS()))
    if supervisor is not None:
        say("", render(message("cli.note", words=clean(supervisor.why))))
