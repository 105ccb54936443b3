"""The commands; the only place that wires packages together.

Each command imports what it needs when it runs: ``--help`` stays instant and imports neither
textual, debugpy nor llama_cpp.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from iqdebug import __version__
from iqdebug.errors import IqdebugError, TargetError, UsageError

if TYPE_CHECKING:
    from iqdebug.state import ProcessInfo

__all__ = ["main"]

EXIT_CODES = """\
exit codes:
  0  done                             6  looking works, attaching does not
  1  another error                    7  a step of attaching passed its deadline
  2  wrong use                        8  the process ended meanwhile
  3  no such process                  9  the debug connection broke
  4  not a Python process            10  a program or package is missing
  5  not permitted                  130  interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code. Foreseeable failures are printed to stderr as one
    to three lines."""
    _tolerate_any_locale()
    parser = _parser()
    options = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except IqdebugError as error:
        _complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing more can be said to it.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _tolerate_any_locale() -> None:
    """In the C locale what cannot be encoded is escaped instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _complain(error: IqdebugError) -> None:
    from iqdebug.text import clean

    first, *rest = error.lines()
    print(f"iqdebug: {clean(first)}", file=sys.stderr)
    for line in rest:
        print(f"  {clean(line)}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="iqdebug",
        description="A terminal debugger for live Python processes. Without a command: pick one from a list.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"iqdebug {__version__}")
    parser.set_defaults(run=_pick)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    ps = commands.add_parser("ps", help="list the Python processes that can be debugged, and why not")
    ps.add_argument("--json", action="store_true", help="print JSON")
    ps.set_defaults(run=_ps)

    peek = commands.add_parser("peek", help="every thread's stack and locals, without touching the process")
    _add_pid(peek)
    peek.add_argument("--json", action="store_true", help="print JSON")
    peek.add_argument("--no-locals", action="store_true", help="leave out local variables")
    peek.set_defaults(run=_peek)

    attach = commands.add_parser("attach", help="open a live process in the debugger")
    _add_pid(attach)
    attach.add_argument("--yes", "-y", action="store_true", help="do not ask before attaching")
    attach.add_argument("--pause", action="store_true", help="pause as soon as attached")
    _add_exceptions(attach)
    attach.set_defaults(run=_attach)

    diagnose = commands.add_parser("diagnose", help="print what is likely wrong with a process, and leave it")
    _add_pid(diagnose)
    diagnose.add_argument("--json", action="store_true", help="print JSON")
    diagnose.add_argument(
        "--seconds",
        type=_seconds,
        default=0.4,
        metavar="N",
        help="observe for N seconds (default %(default)s)",
    )
    diagnose.add_argument("--no-attach", action="store_true", help="only look from outside")
    diagnose.add_argument(
        "--yes", "-y", action="store_true", help="accepted for symmetry; diagnose never asks"
    )
    diagnose.set_defaults(run=_diagnose)

    doctor = commands.add_parser("doctor", help="what this machine can do, and how to mend what it cannot")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=_doctor)
    return parser


def _add_pid(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pid", type=_pid, metavar="PID", help="process id (see `iqdebug ps`)")


def _add_exceptions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on-exception",
        choices=("uncaught", "raised", "user", "never"),
        default="uncaught",
        help="stop at exceptions: uncaught ones, all when raised, or those that leave your code "
        "(default %(default)s)",
    )


def _pid(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a process id; `iqdebug ps` lists them")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return value


def _ps(options: argparse.Namespace) -> int:
    from iqdebug import text
    from iqdebug.peek.processes import list_processes

    processes = list_processes()
    if options.json:
        print(text.json_text(processes))
    elif processes:
        width = None if sys.stdout.isatty() else 10_000
        print("\n".join(text.process_table(processes, width)))
    else:
        print("No Python process is running that you can see.")
    return 0


def _peek(options: argparse.Namespace) -> int:
    from iqdebug import text
    from iqdebug.peek.look import peek

    snapshot = peek(options.pid, locals=not options.no_locals)
    if options.json:
        print(text.json_text(snapshot))
    else:
        print("\n".join(text.snapshot_lines(snapshot)))
    return 0


def _diagnose(options: argparse.Namespace) -> int:
    import asyncio

    from iqdebug import headless, text
    from iqdebug.peek.preflight import require_attachable

    if options.no_attach:
        result = headless.from_outside(options.pid, options.seconds)
    else:
        info = require_attachable(options.pid)
        with _ended_by_signals():
            result = asyncio.run(headless.attached(info, options.seconds))
    if options.json:
        print(text.json_text(result))
    else:
        print("\n".join(result.lines()))
    return 0


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command the way Ctrl-C does: through its clean-up."""
    import signal

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    saved = {s: signal.signal(s, interrupt) for s in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)


def _attach(options: argparse.Namespace) -> int:
    from iqdebug.peek.preflight import require_attachable

    _require_terminal(f"`iqdebug diagnose {options.pid}` and `iqdebug peek {options.pid}` need none.")
    info = require_attachable(options.pid)
    if not options.yes and not _consent(info):
        return 0
    return _open(info, options.on_exception, options.pause)


def _consent(info: ProcessInfo) -> bool:
    """The preflight's line, and the question."""
    from iqdebug.text import clean

    print(f"process {info.pid}, Python {info.python or '?'}: {clean(info.command)[:100]}")
    print(info.attach.cost)
    for warning in info.attach.warnings:
        print(clean(warning))
    try:
        answer = input("Attach? [Y/n] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("", "y", "yes")


def _open(info: ProcessInfo, on_exception: str, pause: bool) -> int:
    from iqdebug.live import open_debugger

    return open_debugger(info, on_exception, pause)


def _require_terminal(instead: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("This command draws on a terminal, and there is none here", fix=instead)


def _pick(options: argparse.Namespace) -> int:
    _require_terminal("`iqdebug ps`, `iqdebug diagnose PID` and `iqdebug peek PID` need none.")
    from iqdebug.peek.preflight import require_attachable
    from iqdebug.peek.processes import list_processes
    from iqdebug.tui.picker import PickerApp

    pid = PickerApp(list_processes).run()
    if pid is None:
        return 0
    try:
        info = require_attachable(pid)
    except TargetError as error:
        _complain(error)
        print(f"  Looking works without attaching: iqdebug peek {pid}", file=sys.stderr)
        return error.exit_code
    if not _consent(info):
        return 0
    return _open(info, "uncaught", False)


def _doctor(options: argparse.Namespace) -> int:
    from iqdebug import text
    from iqdebug.peek.doctor import checks

    found = checks()
    if options.json:
        print(text.json_text(found))
    else:
        for check in found:
            mark = "ok" if check.ok else {"error": "NO", "warning": "warn", "info": "note"}[check.severity]
            print(f"{mark:5} {check.name}: {text.clean(check.detail)}")
            if check.fix and not check.ok:
                print(f"      mend: {text.clean(check.fix)}")
    return 1 if any(not c.ok and c.severity == "error" for c in found) else 0
