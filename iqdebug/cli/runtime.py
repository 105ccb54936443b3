"""Commands on the patched llama.cpp that Loop models need: runtime build, status, remove."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iqdebug.cli.common import ended_by_signals

if TYPE_CHECKING:
    from iqdebug.llm.backends.base import Progress

__all__ = ["add"]


def add(commands: Any) -> None:
    group = commands.add_parser("runtime", help="build the llama.cpp that IQuest-Coder Loop models need")
    group.set_defaults(run=_status)
    actions = group.add_subparsers(title="actions", metavar="ACTION")

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
    building.set_defaults(run=_build)

    actions.add_parser("status", help="what is built, and which of it is used").set_defaults(run=_status)
    actions.add_parser("remove", help="delete what was built and downloaded").set_defaults(run=_remove)


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1024")
    return int(text)


def _build(options: argparse.Namespace) -> int:
    from iqdebug.core.output import say, say_error
    from iqdebug.llm.runtime import Recipe, build

    recipe = Recipe(options.backend or "cpu", options.arch)
    began = time.monotonic()
    shown = _Shown()
    try:
        with ended_by_signals():
            library = build(recipe, shown, sdist=options.sdist, jobs=options.jobs)
    except KeyboardInterrupt:
        shown.end()
        say_error("iqdebug: interrupted; nothing was installed")
        return 130
    finally:
        shown.end()
    say(str(library))
    say_error(f"  ready after {time.monotonic() - began:.0f} s; Loop models are run with it")
    return 0


def _status(options: argparse.Namespace) -> int:
    from iqdebug.core.output import say
    from iqdebug.core.text import clean
    from iqdebug.llm.runtime import cache_folder, find_runtime, runtimes

    used = find_runtime()
    found = runtimes()
    for runtime in found:
        mark = "*" if runtime.library_folder == used else " "
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(runtime.built))
        note = "" if runtime.current else "  of another iqdebug or machine, not used"
        arch = f" {runtime.arch}" if runtime.arch else ""
        where = clean(str(runtime.folder))
        say(f"{mark} {runtime.backend}{arch}  {when}  {runtime.size >> 20} MiB  {where}{note}")
    if not found:
        say(f"no runtime is built in {clean(str(cache_folder()))}")
    if used is None:
        say("Loop models need one: iqdebug runtime build   (on an NVIDIA card: --cuda)")
    return 0


def _remove(options: argparse.Namespace) -> int:
    from iqdebug.core.output import say
    from iqdebug.llm.runtime import remove

    count, freed = remove()
    say(f"{count} runtime{'' if count == 1 else 's'} removed, {freed >> 20} MiB freed")
    return 0


class _Shown:
    """Progress on stderr: one line that is rewritten on a terminal, else a line for each tenth."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = ""
        self._tenth = -1

    def __call__(self, progress: Progress) -> None:
        from iqdebug.core.output import say_error, write_over

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
        from iqdebug.core.output import wipe

        if self._terminal and self._last:
            wipe()
            self._last = ""
