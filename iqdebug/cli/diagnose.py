"""`iqdebug diagnose`: what is likely wrong, without a screen: with a process, a crash file, or a
command that is run to its end."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from iqdebug.cli import on_demand
from iqdebug.cli.common import add_json, add_model, add_project, add_window, pid_number, seconds
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.conversation import reply_document
from iqdebug.cli.documents.diagnosis import crash_document, no_crash_document, process_document
from iqdebug.core.errors import CannotAttach, CrashFileError, IqdebugError, MissingTool, UsageError
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say, say_error
from iqdebug.core.readable_files import reach_of_project, standing_in
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.folder import crash_folder, find
from iqdebug.peek.preflight import require_attachable
from iqdebug.system import signals
from iqdebug.workflows.crash_report import BUDGET, report_on
from iqdebug.workflows.headless import Result, from_outside, instead
from iqdebug.workflows.run_command import Watched, command_line, watch

__all__ = ["configure"]

MAX_MISSING = 3  # sentences about what is damaged in a file of which nothing is left


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = render(message("cli.command.diagnose.usage"))
    parser.epilog = render(message("cli.command.diagnose.epilog"))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "target",
        nargs="?",
        metavar=render(message("cli.metavar.pid_or_file")),
        help=render(message("cli.argument.diagnose.target")),
    )
    add_json(parser)
    parser.add_argument(
        "--seconds",
        type=seconds,
        default=0.4,
        metavar=render(message("cli.metavar.number")),
        help=render(message("cli.argument.diagnose.seconds")),
    )
    parser.add_argument(
        "--no-attach", action="store_true", help=render(message("cli.argument.diagnose.no_attach"))
    )
    parser.add_argument("--yes", "-y", action="store_true", help=render(message("cli.argument.diagnose.yes")))
    parser.add_argument(
        "--python",
        metavar=render(message("cli.metavar.interpreter")),
        help=render(message("cli.argument.diagnose.python")),
    )
    parser.add_argument(
        "--budget",
        type=_tokens,
        metavar=render(message("cli.metavar.tokens")),
        help=render(message("cli.argument.diagnose.budget")),
    )
    parser.add_argument(
        "--no-mask", action="store_true", help=render(message("cli.argument.diagnose.no_mask"))
    )
    parser.add_argument(
        "--ask",
        metavar=render(message("cli.metavar.question")),
        help=render(message("cli.argument.diagnose.ask")),
    )
    add_model(parser)
    add_project(parser)
    add_window(parser)
    parser.set_defaults(run=_diagnose, command=None)


def _tokens(text: str) -> int:
    if not text.isdecimal() or not 100 <= int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(
            render(message("cli.argument.no_tokens", argument=repr(text), least=100, most=10_000_000))
        )
    return int(text)


def _diagnose(options: argparse.Namespace) -> int:
    if options.command is not None:
        if options.target is not None:
            raise UsageError(
                message("cli.diagnose.both", target=options.target), fix=message("cli.diagnose.both.fix")
            )
        return _command(options)
    if options.target is None:
        raise UsageError(message("cli.diagnose.nothing_named"), fix=message("cli.diagnose.nothing_named.fix"))
    if options.target.isdecimal() and not Path(options.target).exists():
        if options.ask is not None:
            raise UsageError(
                message("cli.diagnose.ask_process"),
                fix=message("cli.diagnose.ask_process.fix", pid=options.target),
            )
        return _process(options)
    return _file(find(options.target, crash_folder()), options)


def _process(options: argparse.Namespace) -> int:
    try:
        pid = pid_number(options.target)
    except argparse.ArgumentTypeError as error:
        raise UsageError(str(error)) from None
    result = _look(pid, options.seconds, attach=not options.no_attach)
    if options.json:
        say_document(process_document(result))
    else:
        say(*result.lines())
    return ExitCode.DONE


def _look(pid: int, duration: float, attach: bool) -> Result:
    if not attach:
        return from_outside(pid, duration)
    try:
        info = require_attachable(pid)
        if info.attach.risk:
            raise CannotAttach(message("cli.diagnose.not_attached", risk=info.attach.risk))
    except (CannotAttach, MissingTool) as error:
        if pid == os.getpid():
            raise
        return instead(pid, duration, error)
    return signals.run(on_demand.attached_diagnosis(info, duration))


def _file(path: Path, options: argparse.Namespace, here: bool = False) -> int:
    crash = open_crash(path)
    if _nothing_is_left(crash):
        raise CrashFileError(
            message("cli.diagnose.nothing_left", path=str(path)), "; ".join(crash.missing[:MAX_MISSING])
        )
    project = options.project if options.project is not None else standing_in()
    report = report_on(crash, options.budget or BUDGET, here, reach_of_project(project))
    if options.ask is None:
        if options.json:
            say_document(crash_document(report))
        else:
            say(*report.lines())
        return ExitCode.DONE
    if not options.json:  # what is known stands there before the model has written a word
        say(*report.lines(), "", flush=True)
    result = on_demand.ask_file(path, options.ask, options.model, project=project, context=options.ctx)
    if options.json:
        say_document(crash_document(report, reply_document(result)))
    else:
        say(f"› {options.ask}", *result.lines())
    return ExitCode.DONE


def _nothing_is_left(crash: Crash) -> bool:
    snapshot = crash.snapshot
    return bool(crash.missing) and snapshot.exception is None and not any(t.frames for t in snapshot.threads)


def _command(options: argparse.Namespace) -> int:
    command = command_line(options.command, options.python)
    done = watch(command, crash_folder(), mask=not options.no_mask, quiet_stdout=options.json)
    crash = _main_crash(done)
    if crash is None:
        if options.json:
            say_document(no_crash_document(done.pid, shlex.join(command), done.code))
        return _no_crash(done.code)
    if not options.json:
        say("")
    return _file(crash, options, here=True)


def _main_crash(done: Watched) -> Path | None:
    """The one to speak of: what ended the program, else the last that happened in it."""
    best: tuple[tuple[bool, bool, int], Path] | None = None
    for number, path in enumerate(done.files):
        try:
            meta = open_crash(path).meta
        except IqdebugError:
            continue
        worth = (meta.why in ("uncaught", "native"), meta.pid == done.pid, number)
        if best is None or worth > best[0]:
            best = (worth, path)
    return best[1] if best is not None else None


def _no_crash(code: int) -> int:
    if code == 0:
        say_error(render(message("cli.diagnose.ended_well")))
        return ExitCode.NOTHING_THERE
    if code < 0:
        ended = message("cli.diagnose.by_signal", number=-code)
    else:
        ended = message("cli.diagnose.with_code", code=code)
    say_error(f"iqdebug: {render(ended)}", f"  {render(message('cli.diagnose.not_watched'))}")
    return ExitCode.NOTHING_THERE
