"""Commands on crash files: open, crashes."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iqdebug.cli.common import add_model, add_pid, add_project, require_terminal

if TYPE_CHECKING:
    from iqdebug.crash.folder import Group

__all__ = ["add"]

_NATIVE = ".native"  # faulthandler's text of a process that died by a signal

_HOW = """\
To record crashes of a program, one of:
  python -m iqdebug.capture script.py      or -m module; nothing in the program changes
  IQDEBUG_CAPTURE=DIR python script.py     in an environment with iqdebug installed
  import iqdebug.capture; iqdebug.capture.install()
To record a living process: iqdebug snapshot PID"""


def add(commands: Any) -> None:
    opening = commands.add_parser("open", help="open a recorded crash in the debugger")
    opening.add_argument(
        "crash",
        metavar="FILE",
        help="a crash file, the beginning of a fingerprint (see `iqdebug crashes`), or: latest",
    )
    add_model(opening)
    add_project(opening)
    _add_folder(opening)
    opening.set_defaults(run=_open)

    taking = commands.add_parser("snapshot", help="record a living process in a file, without stopping it")
    add_pid(taking)
    taking.add_argument(
        "--output", "-o", type=Path, metavar="FILE", help="where to (default: with the crashes)"
    )
    taking.add_argument("--no-attach", action="store_true", help="only look from outside")
    taking.add_argument("--no-mask", action="store_true", help="write secrets as they are")
    taking.set_defaults(run=_snapshot)

    listing = commands.add_parser("crashes", help="list the recorded crashes, equal ones together")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.add_argument(
        "--prune",
        action="store_true",
        help="delete what is older than 30 days, more than 20 of one kind, or beyond 500 MB",
    )
    _add_folder(listing)
    listing.set_defaults(run=_crashes)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir",
        type=Path,
        metavar="D",
        help="folder of crash files (default: $IQDEBUG_CAPTURE, else iqdebug's state folder)",
    )


def _snapshot(options: argparse.Namespace) -> int:
    from iqdebug.core.output import say, say_error, wipe, write_over
    from iqdebug.workflows.snapshot_file import save_snapshot

    def progress(words: str) -> None:
        if sys.stderr.isatty():
            write_over(words)

    attach = not options.no_attach
    path, why = save_snapshot(
        options.pid, options.output, attach=attach, mask=not options.no_mask, progress=progress
    )
    if sys.stderr.isatty():
        wipe()
    say(str(path))
    if why and attach:
        say_error(f"  looked at from outside only: {why}")
    say_error(f"  open it: iqdebug open {path}")
    return 0


def _open(options: argparse.Namespace) -> int:
    from iqdebug.core.errors import CrashFileError
    from iqdebug.crash.container import HEADER, check_header, read_bytes
    from iqdebug.crash.folder import crash_folder, find, prune

    folder: Path = options.dir or crash_folder()
    _take_in_native(folder)
    path = _of_native(find(options.crash, folder))
    check_header(read_bytes(path, HEADER), path)
    require_terminal(f"`iqdebug diagnose {path}` prints what is in it.")
    if options.dir is None:
        with contextlib.suppress(CrashFileError):  # tidying up must not keep anybody from reading
            prune(crash_folder(), keep=[path])
    from iqdebug.workflows.open_crash import open_file

    return open_file(path, options.model, project=options.project)


def _crashes(options: argparse.Namespace) -> int:
    from iqdebug.core import text
    from iqdebug.core.output import say
    from iqdebug.crash.folder import crash_folder, groups_of, listed, prune

    folder: Path = options.dir or crash_folder()
    _take_in_native(folder)
    # A folder that was only named to look into keeps everything unless it is said otherwise.
    deleted = prune(folder) if options.prune or options.dir is None else ()
    groups = groups_of(listed(folder))
    if options.json:
        say(text.json_text(_document(folder, groups, deleted)))
        return 0
    if options.prune:
        say(f"{len(deleted)} file{'' if len(deleted) == 1 else 's'} deleted from {text.clean(str(folder))}")
    if not groups:
        say(f"No crash is recorded in {text.clean(str(folder))}\n{_HOW}")
        return 0
    from iqdebug.crash.table import crash_table

    width = None if sys.stdout.isatty() else 10_000
    say(*crash_table(groups, width))
    count, size = sum(len(g.files) for g in groups), text.size(sum(g.size for g in groups))
    noun = "file" if count == 1 else "files"
    say(f"{count} {noun}, {size}, in {text.clean(str(folder))}")
    say("`iqdebug open ID` (or: latest) opens the newest of a kind")
    return 0


def _take_in_native(folder: Path) -> None:
    """Make crash files of what faulthandler wrote for processes that are gone."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(_NATIVE)]
    except OSError:
        return
    for name in names[:1_000]:
        _converted(folder / name)


def _converted(path: Path) -> str:
    """What lies in another folder than ours may come from anybody: its names open what the person's
    project holds, and nothing else."""
    from iqdebug.capture.native import convert
    from iqdebug.crash.folder import crash_folder
    from iqdebug.system.readable_files import reach_of_project, standing_in

    own = os.path.realpath(path.parent) == os.path.realpath(crash_folder())
    reach = reach_of_project(standing_in())
    try:
        return convert(str(path), None if own else lambda named: not reach.why_not(named))
    except (OSError, ValueError):
        return ""  # a folder that cannot be written: it stays as it is


def _of_native(path: Path) -> Path:
    """The crash file, where it is faulthandler's text that a person named.

    :raises CrashFileError: there is nothing in it to make one of.
    """
    from iqdebug.core.errors import CrashFileError

    if path.suffix != _NATIVE or not path.is_file():
        return path
    made = _converted(path)
    if not made:
        raise CrashFileError(
            f"No crash file can be made of {path}", "its process lives, or it left no text, or it is not ours"
        )
    return Path(made)


def _document(folder: Path, groups: tuple[Group, ...], deleted: tuple[Path, ...]) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "deleted": [str(path) for path in deleted],
        "groups": [
            {
                "fingerprint": group.newest.meta.fingerprint,
                "title": group.newest.meta.title,
                "why": group.newest.meta.why,
                "count": group.times,
                "first_seen": min(f.seen for f in group.files),
                "last_seen": group.newest.seen,
                "size": group.size,
                "place": dict(zip(("file", "line", "function"), group.place, strict=True))
                if group.place is not None
                else None,
                "files": [
                    {
                        "path": str(f.path),
                        "recorded": f.seen,
                        "size": f.size,
                        "pid": f.meta.pid,
                        "whole": f.whole,
                        "left_out": f.left_out,
                    }
                    for f in group.files
                ],
            }
            for group in groups
        ],
    }
