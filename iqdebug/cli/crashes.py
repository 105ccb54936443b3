"""`iqdebug crashes`: the recorded crashes, equal ones together."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from iqdebug.cli.common import add_json
from iqdebug.cli.crash_choice import add_folder, convert_native_texts
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.crashes import crash_list_document
from iqdebug.core import text
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say
from iqdebug.crash.folder import crash_folder, groups_of, listed, prune
from iqdebug.crash.table import crash_table

__all__ = ["configure"]

MAX_WIDTH = 10_000  # columns of the table where no terminal cuts it


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    parser.add_argument(
        "--prune",
        action="store_true",
        help=render(message("cli.argument.crashes.prune")),
    )
    add_folder(parser)
    parser.set_defaults(run=_crashes)


def _crashes(options: argparse.Namespace) -> int:
    folder: Path = options.dir or crash_folder()
    convert_native_texts(folder)
    # A folder that was only named to look into keeps everything unless deleting is asked for.
    deleted = prune(folder) if options.prune or options.dir is None else ()
    groups = groups_of(listed(folder))
    if options.json:
        say_document(crash_list_document(folder, groups, deleted))
        return ExitCode.DONE
    where = text.clean(str(folder))
    if options.prune:
        say(render(message("cli.crashes.deleted", count=len(deleted), folder=where)))
    if not groups:
        say(render(message("cli.crashes.none", folder=where)))
        return ExitCode.DONE
    say(*crash_table(groups, None if sys.stdout.isatty() else MAX_WIDTH))
    count, size = sum(len(g.files) for g in groups), text.size(sum(g.size for g in groups))
    say(render(message("cli.crashes.count", count=count, size=size, folder=where)))
    say(render(message("cli.crashes.open_one")))
    return ExitCode.DONE
