"""Which crash file a person means, and where faulthandler's text becomes one."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from iqdebug.capture.native import convert
from iqdebug.core.errors import CrashFileError
from iqdebug.core.messages import message, render
from iqdebug.core.readable_files import reach_of_project, standing_in
from iqdebug.crash.folder import crash_folder

__all__ = ["add_folder", "as_crash_file", "convert_native_texts"]

_NATIVE = ".native"  # faulthandler's text of a process that died by a signal
MAX_NATIVE_TEXTS = 1_000  # that are converted at a time


def add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir",
        type=Path,
        metavar=render(message("cli.metavar.folder")),
        help=render(message("cli.argument.dir")),
    )


def convert_native_texts(folder: Path) -> None:
    """Make crash files of what faulthandler wrote for processes that are gone."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(_NATIVE)]
    except OSError:
        return
    for name in names[:MAX_NATIVE_TEXTS]:
        _converted(folder / name)


def as_crash_file(path: Path) -> Path:
    """The crash file, where it is faulthandler's text that a person named.

    :raises CrashFileError: there is nothing in it to make one of.
    """
    if path.suffix != _NATIVE or not path.is_file():
        return path
    made = _converted(path)
    if not made:
        raise CrashFileError(message("cli.no_crash_file", path=str(path)), message("cli.no_crash_file.why"))
    return Path(made)


def _converted(path: Path) -> str:
    """What lies in another folder than ours may come from anybody: its names open what the person's
    project holds, and nothing else."""
    own = os.path.realpath(path.parent) == os.path.realpath(crash_folder())
    reach = reach_of_project(standing_in())
    try:
        return convert(str(path), None if own else lambda named: not reach.why_not(named))
    except (OSError, ValueError):
        return ""  # a folder that cannot be written: it stays as it is
