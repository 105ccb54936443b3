"""`iqdebug run`: start a program, and be there when it crashes."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from iqdebug.cli import on_demand
from iqdebug.cli.common import add_exceptions, add_model, require_terminal
from iqdebug.core.errors import MissingTool, NotPython, UsageError
from iqdebug.core.python_versions import OLDEST_TARGET
from iqdebug.dap.launch_plan import LaunchPlan

__all__ = ["configure", "plan_of"]

VERSION_TIMEOUT = 15.0  # seconds for an interpreter to print its version


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = "iqdebug run [options] [--] SCRIPT.py [ARGS...] | -m MODULE [ARGS...]"
    parser.description = (
        "Start a program at full speed, on a terminal of its own. Where an exception is "
        "caught by nobody the program is held, with all its frames and variables."
    )
    parser.add_argument(
        "--python", metavar="PY", help="the interpreter (default: python3 as your shell finds it)"
    )
    parser.add_argument("--cwd", metavar="D", help="the folder to start in")
    parser.add_argument(
        "--env", metavar="K=V", action="append", default=[], type=_setting, help="set a variable (repeatable)"
    )
    parser.add_argument(
        "--terminal",
        action="store_true",
        help="for a program that draws itself: it gets this terminal until it stops",
    )
    parser.add_argument("--pause", action="store_true", help="pause at the program's first line")
    add_model(parser)
    add_exceptions(parser)
    parser.add_argument(
        "-m", dest="module", nargs=argparse.REMAINDER, metavar="MODULE", help=argparse.SUPPRESS
    )
    parser.add_argument("program", nargs=argparse.REMAINDER, metavar="SCRIPT", help=argparse.SUPPRESS)
    parser.set_defaults(run=_run)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _run(options: argparse.Namespace) -> int:
    words = ["-m", *options.module] if options.module is not None else list(options.program)
    plan = plan_of(
        words, python=options.python, cwd=options.cwd, settings=options.env, terminal=options.terminal
    )
    require_terminal("Use `iqdebug diagnose -- CMD`, which needs none.")
    return on_demand.run_program(plan, options.on_exception, options.pause, options.model)


def plan_of(
    words: Sequence[str],
    *,
    python: str | None = None,
    cwd: str | None = None,
    settings: Sequence[tuple[str, str]] = (),
    terminal: bool = False,
) -> LaunchPlan:
    """What the command line asks to be started.

    :raises UsageError: it names no script, or one or a folder that is not there.
    :raises MissingTool: there is no such interpreter.
    :raises NotPython: it is none, or too old.
    """
    arguments = list(words)
    if arguments[:1] == ["--"]:
        del arguments[0]
    usage = "iqdebug run script.py [ARGS...], or iqdebug run -m module [ARGS...]"
    if not arguments or (arguments[0] == "-m" and len(arguments) < 2):
        raise UsageError("No program to run was given", fix=usage)
    folder = Path(cwd or ".").absolute()
    if not folder.is_dir():
        raise UsageError(f"There is no folder {cwd}")
    if arguments[0] != "-m":
        if arguments[0].startswith("-"):
            raise UsageError(f"{arguments[0]} is no option of `iqdebug run`", fix=usage)
        script = folder / arguments[0]
        if not script.exists():
            place = f" in {folder}" if not Path(arguments[0]).is_absolute() else ""
            raise UsageError(f"There is no file {arguments[0]}{place}")
    interpreter = _interpreter(python)
    environment = {**os.environ, **dict(settings)}
    if not terminal:
        environment["TERM"] = "xterm-256color"  # what the program's own terminal understands
        for name in ("COLUMNS", "LINES"):
            environment.pop(name, None)
    return LaunchPlan(
        interpreter, _version(interpreter), tuple(arguments), str(folder), environment, terminal
    )


def _interpreter(named: str | None) -> str:
    if named is not None:
        path = shutil.which(os.path.expanduser(named))
        if path is None:
            raise MissingTool(f"There is no interpreter {named}", fix="Name one with --python")
        return os.path.abspath(path)
    environment = os.environ.get("VIRTUAL_ENV")
    wanted = [os.path.join(environment, "bin", "python")] if environment else []
    for each in (*wanted, "python3", "python"):
        path = shutil.which(each)
        if path is not None:
            return os.path.abspath(path)
    return sys.executable


def _version(python: str) -> str:
    """ "3.12.1", as the interpreter itself says."""
    code = "import sys; print('Python', '.'.join(map(str, sys.version_info[:3])))"
    try:
        done = subprocess.run(
            [python, "-S", "-c", code],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=VERSION_TIMEOUT,
            stdin=subprocess.DEVNULL,
        )
        words = done.stdout.split()
    except (OSError, subprocess.TimeoutExpired):
        words = []
    # Python 2 prints a tuple.
    version = "".join(words[1:]).strip("',()") if words and "Python" in words[0] else ""
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if len(numbers) < 2:
        raise NotPython(f"{python} is not a Python interpreter")
    if numbers < OLDEST_TARGET:
        raise NotPython(f"{python} is Python {version}; iqdebug runs programs on 3.8 and later")
    return version
