"""`iqdebug diagnose`: what is likely wrong, without a screen: with a process, a crash file, or a
command that is run to its end."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from iqdebug.cli.common import add_model, add_project, add_window, pid_number, seconds
from iqdebug.core.errors import CannotAttach, CrashFileError, IqdebugError, MissingTool, UsageError

__all__ = ["NO_CRASH", "add"]

NO_CRASH = 3
"""Exit code of `diagnose -- CMD` for a program that ended without a crash."""

_EPILOG = """\
`diagnose -- CMD` and `diagnose FILE` exit with 0 when a crash was diagnosed and with 3 when the
program ended without one. What CMD prints is its own; with --json it goes to stderr."""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "diagnose",
        help="print what is likely wrong with a process, a crash file or a command",
        usage="iqdebug diagnose [options] PID | FILE | -- CMD [ARGS...]",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "target",
        nargs="?",
        metavar="PID|FILE",
        help="a process id; a crash file, the beginning of a fingerprint, or: latest",
    )
    parser.add_argument("--json", action="store_true", help="print JSON (docs/diagnose-json.md)")
    parser.add_argument(
        "--seconds",
        type=seconds,
        default=0.4,
        metavar="N",
        help="PID: observe for N seconds (default %(default)s)",
    )
    parser.add_argument("--no-attach", action="store_true", help="PID: only look from outside")
    parser.add_argument("--yes", "-y", action="store_true", help="accepted for symmetry; diagnose never asks")
    parser.add_argument("--python", metavar="PY", help="CMD: the interpreter that runs a script or -m module")
    parser.add_argument(
        "--budget",
        type=_tokens,
        metavar="TOKENS",
        help="crash: size of the evidence in tokens (default 16000)",
    )
    parser.add_argument(
        "--no-mask", action="store_true", help="CMD: write secrets to the crash file as they are"
    )
    parser.add_argument("--ask", metavar="QUESTION", help="crash: put a question to the model behind it")
    add_model(parser)
    add_project(parser)
    add_window(parser)
    parser.set_defaults(run=_diagnose, command=None)


def _tokens(text: str) -> int:
    if not text.isdecimal() or not 100 <= int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens from 100 to 10000000")
    return int(text)


def _diagnose(options: argparse.Namespace) -> int:
    if options.command is not None:
        if options.target is not None:
            raise UsageError(f"Both {options.target} and a command were named", fix="Name one of them")
        return _command(options)
    if options.target is None:
        raise UsageError(
            "Nothing was named to diagnose", fix="iqdebug diagnose PID | FILE | -- script.py ARGS"
        )
    if options.target.isdecimal() and not Path(options.target).exists():
        if options.ask is not None:
            raise UsageError("--ask belongs to a crash", "", f"iqdebug ask {options.target} QUESTION")
        return _process(options)
    from iqdebug.crash.folder import crash_folder, find

    return _file(find(options.target, crash_folder()), options)


def _process(options: argparse.Namespace) -> int:
    from iqdebug.core import text
    from iqdebug.core.output import say
    from iqdebug.peek.preflight import require_attachable
    from iqdebug.system import signals
    from iqdebug.workflows import headless

    try:
        pid = pid_number(options.target)
    except argparse.ArgumentTypeError as error:
        raise UsageError(str(error)) from None
    if options.no_attach:
        result = headless.from_outside(pid, options.seconds)
    else:
        try:
            info = require_attachable(pid)
            if info.attach.risk:
                raise CannotAttach(f"not attached: {info.attach.risk}")
        except (CannotAttach, MissingTool) as error:
            if pid == os.getpid():
                raise
            result = headless.instead(pid, options.seconds, error)
        else:
            result = signals.run(headless.attached(info, options.seconds))
    say(*([text.json_text(result)] if options.json else result.lines()))
    return 0


def _file(path: Path, options: argparse.Namespace, here: bool = False) -> int:
    from iqdebug.core.output import say
    from iqdebug.crash import open_crash
    from iqdebug.system.readable_files import reach_of_project, standing_in
    from iqdebug.workflows.crash_report import BUDGET, report_on

    crash = open_crash(path)
    if (
        crash.missing
        and crash.snapshot.exception is None
        and not any(t.frames for t in crash.snapshot.threads)
    ):
        raise CrashFileError(
            f"Neither an exception nor a stack can be read in {path}", "; ".join(crash.missing[:3])
        )
    project = options.project if options.project is not None else standing_in()
    report = report_on(crash, options.budget or BUDGET, here, reach_of_project(project))
    if options.ask is None:
        say(*([report.json()] if options.json else report.lines()))
        return 0
    from iqdebug.workflows.ask import ask_file

    if not options.json:  # what is known stands there before the model has said a word
        say(*report.lines(), "", flush=True)
    said = ask_file(path, options.ask, options.model, project=project, context=options.ctx)
    if options.json:
        say(report.json(said.document()))
    else:
        say(f"› {options.ask}", *said.lines())
    return 0


def _command(options: argparse.Namespace) -> int:
    from iqdebug.core.output import say
    from iqdebug.crash.folder import crash_folder
    from iqdebug.workflows.run_command import command_line, watch

    command = command_line(options.command, options.python)
    done = watch(command, crash_folder(), mask=not options.no_mask, quiet_stdout=options.json)
    crash = _the_crash(done.files, done.pid)
    if crash is None:
        return _no_crash(done.code, options.json)
    if not options.json:
        say("")
    return _file(crash, options, here=True)


def _the_crash(files: tuple[Path, ...], pid: int) -> Path | None:
    """The one to speak of: what ended the program, else the last that happened in it."""
    from iqdebug.crash import open_crash

    best: tuple[tuple[bool, bool, int], Path] | None = None
    for number, path in enumerate(files):
        try:
            meta = open_crash(path).meta
        except IqdebugError:
            continue
        worth = (meta.why in ("uncaught", "native"), meta.pid == pid, number)
        if best is None or worth > best[0]:
            best = (worth, path)
    return best[1] if best is not None else None


def _no_crash(code: int, json: bool) -> int:
    from iqdebug.core.output import say, say_error

    if json:
        from iqdebug.core import text

        headline = "the program ended without a crash"
        nothing: dict[str, Any] = {"why": "ended", "exit_code": code, "exception": None, "headline": headline}
        say(text.json_text({**nothing, "confidence": "no clear suspect", "frames": [], "suspects": []}))
    if code == 0:
        say_error("The program ended well: no crash.")
        return NO_CRASH
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    say_error(
        f"iqdebug: the program ended {how}, and no crash of Python was recorded in it",
        "  Not watched: Python older than 3.8 or started with -I, -E or -S, and other languages; "
        "sys.exit() is not a crash.",
    )
    return NO_CRASH
