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
from iqdebug.core.output import say, say_error, wipe, write_over
from iqdebug.core.text import clean
from iqdebug.llm.backends.base import Progress
from iqdebug.llm.runtime import Recipe, build, cache_folder, find_runtime, remove, runtimes

__all__ = ["configure"]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_status, json=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")

    building = actions.add_parser(
        "build",
        help="download, patch and compile it into the cache folder",
        description="Downloads the source of the pinned llama-cpp-python with pip, checks its hash, patches "
        "and compiles it (minutes), and keeps the libraries in the user's cache folder. Nothing is changed "
        "in the Python environment; models that are not Loop models keep their llama.cpp.",
    )
    kinds = building.add_mutually_exclusive_group()
    for name, words in (
        ("cpu", "without a graphics card (the default)"),
        ("cuda", "for NVIDIA cards; needs nvcc"),
        ("metal", "for Apple's graphics"),
    ):
        kinds.add_argument(f"--{name}", dest="backend", action="store_const", const=name, help=words)
    building.add_argument(
        "--arch",
        default="",
        metavar="A",
        help="CUDA architectures, such as 90 or '86;90' (default: this card's)",
    )
    building.add_argument("--sdist", type=Path, metavar="FILE", help="the source, downloaded beforehand")
    building.add_argument(
        "--jobs",
        "-j",
        type=_jobs,
        default=0,
        metavar="N",
        help="compilers at a time (default: all processors)",
    )
    add_json(building)
    building.set_defaults(run=_build)

    status = actions.add_parser("status", help="what is built, and which of it is used")
    add_json(status)
    status.set_defaults(run=_status)
    removing = actions.add_parser("remove", help="delete what was built and downloaded")
    add_json(removing)
    removing.set_defaults(run=_remove)


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1024")
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
        raise Interrupted("interrupted; nothing was installed") from None
    finally:
        shown.end()
    duration = time.monotonic() - began
    if options.json:
        say_document(
            RuntimeBuild(library_folder=str(library), backend=recipe.backend, seconds=round(duration, 1))
        )
        return ExitCode.DONE
    say(str(library))
    say_error(f"  ready after {duration:.0f} s; Loop models are run with it")
    return ExitCode.DONE


def _status(options: argparse.Namespace) -> int:
    used, built = find_runtime(), runtimes()
    if options.json:
        say_document(runtime_list_document(cache_folder(), built, used))
        return ExitCode.DONE
    for runtime in built:
        mark = "*" if runtime.library_folder == used else " "
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(runtime.built))
        note = "" if runtime.current else "  of another iqdebug or machine, not used"
        arch = f" {runtime.arch}" if runtime.arch else ""
        where = clean(str(runtime.folder))
        say(f"{mark} {runtime.backend}{arch}  {when}  {runtime.size >> 20} MiB  {where}{note}")
    if not built:
        say(f"no runtime is built in {clean(str(cache_folder()))}")
    if used is None:
        say("Loop models need one: iqdebug runtime build   (on an NVIDIA card: --cuda)")
    return ExitCode.DONE


def _remove(options: argparse.Namespace) -> int:
    count, freed = remove()
    if options.json:
        say_document(RemovedRuntimes(count=count, freed=freed))
    else:
        say(f"{count} runtime{'' if count == 1 else 's'} removed, {freed >> 20} MiB freed")
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
