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
from iqdebug.core.messages import message, render
from iqdebug.core.python_versions import OLDEST_TARGET
from iqdebug.dap.launch_plan import LaunchPlan

__all__ = ["configure", "plan_of"]

VERSION_TIMEOUT = 15.0  # seconds for an interpreter to print its version


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = render(message("cli.command.run.usage"))
    parser.description = render(message("cli.command.run.description"))
    parser.add_argument(
        "--python",
        metavar=render(message("cli.metavar.interpreter")),
        help=render(message("cli.argument.run.python")),
    )
    parser.add_argument(
        "--cwd", metavar=render(message("cli.metavar.folder")), help=render(message("cli.argument.run.cwd"))
    )
    parser.add_argument(
        "--env",
        metavar=render(message("cli.metavar.variable")),
        action="append",
        default=[],
        type=_setting,
        help=render(message("cli.argument.run.env")),
    )
    parser.add_argument(
        "--terminal",
        action="store_true",
        help=render(message("cli.argument.run.terminal")),
    )
    parser.add_argument("--pause", action="store_true", help=render(message("cli.argument.run.pause")))
    add_model(parser)
    add_exceptions(parser)
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.add_argument("program", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.set_defaults(run=_run)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or "\0" in text:
        raise argparse.ArgumentTypeError(render(message("cli.argument.no_variable", argument=repr(text))))
    return name, value


def _run(options: argparse.Namespace) -> int:
    words = ["-m", *options.module] if options.module is not None else list(options.program)
    plan = plan_of(
        words, python=options.python, cwd=options.cwd, settings=options.env, terminal=options.terminal
    )
    require_terminal(message("cli.no_terminal.run"))
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
    usage = message("cli.run.usage")
    if not arguments or (arguments[0] == "-m" and len(arguments) < 2):
        raise UsageError(message("cli.run.no_program"), fix=usage)
    folder = Path(cwd or ".").absolute()
    if not folder.is_dir():
        raise UsageError(message("cli.no_folder", name=cwd))
    if arguments[0] != "-m":
        if arguments[0].startswith("-"):
            raise UsageError(message("cli.run.no_option", word=arguments[0]), fix=usage)
        script = folder / arguments[0]
        if not script.exists():
            searched = None if Path(arguments[0]).is_absolute() else str(folder)
            raise UsageError(message("cli.no_file", name=arguments[0], folder=searched))
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
            raise MissingTool(
                message("cli.no_interpreter", name=named), fix=message("cli.no_interpreter.fix")
            )
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
        raise NotPython(message("cli.not_python", interpreter=python))
    if numbers < OLDEST_TARGET:
        raise NotPython(message("cli.run.too_old", interpreter=python, version=version))
    return version
