"""`iqdebug open`: a recorded crash in the debugger, or as JSON."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from iqdebug.cli import on_demand
from iqdebug.cli.common import add_json, add_model, add_project, require_terminal
from iqdebug.cli.crash_choice import add_folder, as_crash_file, convert_native_texts
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.crashes import crash_record_document
from iqdebug.core.errors import CrashFileError
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.crash import open_crash
from iqdebug.crash.container import HEADER, check_header, read_bytes
from iqdebug.crash.folder import crash_folder, find, prune

__all__ = ["configure"]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "crash",
        metavar=render(message("cli.metavar.file")),
        help=render(message("cli.argument.open.crash")),
    )
    add_json(parser)
    add_model(parser)
    add_project(parser)
    add_folder(parser)
    parser.set_defaults(run=_open)


def _open(options: argparse.Namespace) -> int:
    folder: Path = options.dir or crash_folder()
    convert_native_texts(folder)
    path = as_crash_file(find(options.crash, folder))
    if options.json:
        say_document(crash_record_document(open_crash(path)))
        return ExitCode.DONE
    check_header(read_bytes(path, HEADER), path)
    require_terminal(message("cli.no_terminal.open", path=str(path)))
    if options.dir is None:
        with contextlib.suppress(CrashFileError):  # tidying up must not keep anybody from reading
            prune(crash_folder(), keep=[path])
    return on_demand.open_crash_screen(path, options.model, project=options.project)
