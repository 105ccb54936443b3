"""`iqdebug snapshot`: a living process recorded in a crash file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from iqdebug.cli.common import add_json, add_pid
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.crashes import CrashFile
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say, say_error, wipe, write_over
from iqdebug.workflows.snapshot_file import save_snapshot

__all__ = ["configure"]


def configure(parser: argparse.ArgumentParser) -> None:
    add_pid(parser)
    parser.add_argument(
        "--output",
        "-o",
        type=Path,
        metavar=render(message("cli.metavar.file")),
        help=render(message("cli.argument.snapshot.output")),
    )
    parser.add_argument(
        "--no-attach", action="store_true", help=render(message("cli.argument.snapshot.no_attach"))
    )
    parser.add_argument(
        "--no-mask", action="store_true", help=render(message("cli.argument.snapshot.no_mask"))
    )
    add_json(parser)
    parser.set_defaults(run=_snapshot)


def _snapshot(options: argparse.Namespace) -> int:
    attach = not options.no_attach
    path, why = save_snapshot(
        options.pid, options.output, attach=attach, mask=not options.no_mask, progress=_show_progress
    )
    if sys.stderr.isatty():
        wipe()
    if options.json:
        say_document(CrashFile(crash_file=str(path), pid=options.pid, not_attached=render(why)))
        return ExitCode.DONE
    say(str(path))
    if why and attach:
        say_error(f"  {render(message('cli.snapshot.from_outside', reason=why))}")
    say_error(f"  {render(message('cli.open_it', path=str(path)))}")
    return ExitCode.DONE


def _show_progress(words: str) -> None:
    if sys.stderr.isatty():
        write_over(words)
