"""Commands on the patched llama.cpp that Loop models need: runtime build, status, remove."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from iqdebug.cli.common import add_json, ended_by_signals
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.runtime import RemovedRuntimes, RuntimeBuild, runtime_list_document
from iqdebug.core.errors import Interrupted
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say, say_error, wipe, write_over
from iqdebug.core.text import clean
from iqdebug.llm.backends.base import Progress
from iqdebug.llm.runtime import Recipe, build, cache_folder, find_runtime, remove, runtimes

__all__ = ["configure"]


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    parser.set_defaults(run=_status)
    actions = parser.add_subparsers(
        title=render(message("cli.actions")), metavar=render(message("cli.metavar.action"))
    )

    building = actions.add_parser(
        "build",
        help=render(message("cli.action.runtime.build")),
        description=render(message("cli.action.runtime.build.description")),
    )
    kinds = building.add_mutually_exclusive_group()
    for name, what in (
        ("cpu", message("cli.argument.runtime.cpu")),
        ("cuda", message("cli.argument.runtime.cuda")),
        ("metal", message("cli.argument.runtime.metal")),
    ):
        kinds.add_argument(f"--{name}", dest="backend", action="store_const", const=name, help=render(what))
    building.add_argument(
        "--arch",
        default="",
        metavar=render(message("cli.metavar.architectures")),
        help=render(message("cli.argument.runtime.arch")),
    )
    building.add_argument(
        "--sdist",
        type=Path,
        metavar=render(message("cli.metavar.file")),
        help=render(message("cli.argument.runtime.sdist")),
    )
    building.add_argument(
        "--jobs",
        "-j",
        type=_jobs,
        default=0,
        metavar=render(message("cli.metavar.number")),
        help=render(message("cli.argument.runtime.jobs")),
    )
    add_json(building, after_another=True)
    building.set_defaults(run=_build)

    status = actions.add_parser("status", help=render(message("cli.action.runtime.status")))
    add_json(status, after_another=True)
    status.set_defaults(run=_status)
    removing = actions.add_parser("remove", help=render(message("cli.action.runtime.remove")))
    add_json(removing, after_another=True)
    removing.set_defaults(run=_remove)


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(
            render(message("cli.argument.no_number", argument=repr(text), least=1, most=1024))
        )
    return int(text)


def _build(options: argparse.Namespace) -> int:
    recipe = Recipe(options.backend or "cpu", options.arch)
    began = time.monotonic()
    shown = _ShownProgress()
    try:
        with ended_by_signals():
            library = build(recipe, shown, sdist=options.sdist, jobs=options.jobs)
    except KeyboardInterrupt:
        shown.end()
        raise Interrupted(message("cli.runtime.interrupted")) from None
    finally:
        shown.end()
    duration = time.monotonic() - began
    if options.json:
        say_document(
            RuntimeBuild(library_folder=str(library), backend=recipe.backend, seconds=round(duration, 1))
        )
        return ExitCode.DONE
    say(str(library))
    say_error(f"  {render(message('cli.runtime.ready', seconds=f'{duration:.0f}'))}")
    return ExitCode.DONE


def _status(options: argparse.Namespace) -> int:
    used, built = find_runtime(), runtimes()
    if options.json:
        say_document(runtime_list_document(cache_folder(), built, used))
        return ExitCode.DONE
    for runtime in built:
        mark = "*" if runtime.library_folder == used else " "
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(runtime.built))
        note = "" if runtime.current else f"  {render(message('cli.runtime.not_used'))}"
        arch = f" {runtime.arch}" if runtime.arch else ""
        where = clean(str(runtime.folder))
        say(f"{mark} {runtime.backend}{arch}  {when}  {runtime.size >> 20} MiB  {where}{note}")
    if not built:
        say(render(message("cli.runtime.none", folder=clean(str(cache_folder())))))
    if used is None:
        say(render(message("cli.runtime.needed")))
    return ExitCode.DONE


def _remove(options: argparse.Namespace) -> int:
    count, freed = remove()
    if options.json:
        say_document(RemovedRuntimes(count=count, freed=freed))
    else:
        say(render(message("cli.runtime.removed", count=count, freed=freed >> 20)))
    return ExitCode.DONE


class _ShownProgress:
    """Progress on stderr: one line that is rewritten on a terminal, else a line for each tenth."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = ""
        self._tenth = -1

    def __call__(self, progress: Progress) -> None:
        if self._terminal:
            self._last = progress.words
            write_over(progress.words)
            return
        tenth = -1 if progress.fraction is None else int(progress.fraction * 10)
        stage = progress.words.split(":")[0].split("[")[0]
        if (stage, tenth) != (self._last, self._tenth):
            self._last, self._tenth = stage, tenth
            say_error(progress.words)

    def end(self) -> None:
        """Wipe the line. Idempotent."""
        if self._terminal and self._last:
            wipe()
            self._last = ""
