"""Commands on live processes: ps, peek, attach, doctor, and the picker."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from iqdebug.cli.common import add_exceptions, add_model, add_pid, complain, require_terminal
from iqdebug.core.errors import TargetError

if TYPE_CHECKING:
    from iqdebug.core.state import ProcessInfo
    from iqdebug.diagnosis.named_places import Asked

__all__ = ["add", "agreed_to_attach", "pick"]

_MAX_COMMAND = 200  # characters of a command line that are shown before attaching


def add(commands: Any) -> None:
    ps = commands.add_parser("ps", help="list the Python processes that can be debugged, and why not")
    ps.add_argument("--json", action="store_true", help="print JSON")
    ps.set_defaults(run=_ps)

    peek = commands.add_parser("peek", help="every thread's stack and locals, without touching the process")
    add_pid(peek)
    peek.add_argument("--json", action="store_true", help="print JSON")
    peek.add_argument("--no-locals", action="store_true", help="leave out local variables")
    peek.set_defaults(run=_peek)

    attach = commands.add_parser("attach", help="open a live process in the debugger")
    add_pid(attach)
    attach.add_argument("--yes", "-y", action="store_true", help="do not ask before attaching")
    attach.add_argument("--pause", action="store_true", help="pause as soon as attached")
    attach.add_argument(
        "--no-hold",
        action="store_true",
        help="no stop holds the process: each is recorded, the process goes on at once, and the "
        "recording is shown",
    )
    attach.add_argument(
        "--break",
        action="append",
        default=[],
        dest="breaks",
        metavar="PLACE",
        help="a breakpoint at FILE:LINE or in a function (accept, OrderService.accept, "
        "shop.orders.accept); may be given several times",
    )
    add_model(attach)
    add_exceptions(attach)
    attach.set_defaults(run=_attach)

    doctor = commands.add_parser("doctor", help="what this machine can do, and how to mend what it cannot")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=_doctor)


def _ps(options: argparse.Namespace) -> int:
    from iqdebug.core import text
    from iqdebug.core.output import say
    from iqdebug.peek.processes import list_processes

    processes = list_processes()
    if options.json:
        say(text.json_text(processes))
    elif processes:
        width = None if sys.stdout.isatty() else 10_000
        say(*text.process_table(processes, width))
    else:
        say("No Python process is running that you can see.")
    return 0


def _peek(options: argparse.Namespace) -> int:
    from iqdebug.core import text
    from iqdebug.core.output import say
    from iqdebug.peek.first_look import peek

    snapshot = peek(options.pid, locals=not options.no_locals)
    if options.json:
        say(text.json_text(snapshot))
    else:
        say(*text.snapshot_lines(snapshot))
        _warn_of_supervisor(options.pid)
    return 0


def _warn_of_supervisor(pid: int) -> None:
    from iqdebug.core import text
    from iqdebug.core.output import say
    from iqdebug.peek.process_table import ProcessTable
    from iqdebug.peek.procfs import ProcFS
    from iqdebug.peek.supervisors import supervisor_of

    supervisor = supervisor_of(pid, ProcessTable(ProcFS()))
    if supervisor is not None:
        say("", f"note: {text.clean(supervisor.why)}")


def _attach(options: argparse.Namespace) -> int:
    from iqdebug.diagnosis.named_places import on_disk, parse
    from iqdebug.peek.preflight import require_attachable

    asked = [parse(text) for text in options.breaks]
    require_terminal(f"`iqdebug diagnose {options.pid}` and `iqdebug peek {options.pid}` need none.")
    info = require_attachable(options.pid)
    for each in asked:
        on_disk(each, info.cwd)  # what is wrong with it is said before anybody is asked
    if not options.yes and not agreed_to_attach(info):
        return 0
    return _open(info, options.on_exception, options.pause, options.model, asked, options.no_hold)


def agreed_to_attach(info: ProcessInfo) -> bool:
    """Show what attaching does to the process, and ask the person."""
    from iqdebug.core.output import say
    from iqdebug.core.text import clean, fitted, folded

    command = fitted(clean(info.command), _MAX_COMMAND)
    told = [f"process {info.pid}, Python {clean(info.python) or '?'}: {command}"]
    told += [clean(info.attach.cost), *(clean(warning) for warning in info.attach.warnings)]
    if info.attach.supervisor is not None:
        told.append("The screen counts down while it is paused; with --no-hold no stop holds it.")
    width = shutil.get_terminal_size((100, 24)).columns
    say(*(line for text in told for line in folded(text, width)))
    try:
        answer = input("Attach? [Y/n] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("", "y", "yes")


def _open(
    info: ProcessInfo,
    on_exception: str,
    pause: bool,
    model: str | None = None,
    asked: Sequence[Asked] = (),
    no_hold: bool = False,
) -> int:
    from iqdebug.workflows.attach import open_debugger

    return open_debugger(info, on_exception, pause, model, asked=asked, no_hold=no_hold)


def pick(options: argparse.Namespace) -> int:
    from iqdebug.core.output import say_error

    require_terminal("`iqdebug ps`, `iqdebug diagnose PID` and `iqdebug peek PID` need none.")
    from iqdebug.peek.preflight import require_attachable
    from iqdebug.peek.processes import list_processes
    from iqdebug.tui.screens.picker import PickerApp

    pid = PickerApp(list_processes).run()
    if pid is None:
        return 0
    try:
        info = require_attachable(pid)
    except TargetError as error:
        complain(error)
        say_error(f"  Looking works without attaching: iqdebug peek {pid}")
        return error.exit_code
    if not agreed_to_attach(info):
        return 0
    return _open(info, "uncaught", False)


def _doctor(options: argparse.Namespace) -> int:
    from iqdebug.core import text
    from iqdebug.core.output import say
    from iqdebug.peek.doctor import checks

    found = checks()
    if options.json:
        say(text.json_text(found))
    else:
        for check in found:
            mark = "ok" if check.ok else {"error": "NO", "warning": "warn", "info": "note"}[check.severity]
            say(f"{mark:5} {check.name}: {text.clean(check.detail)}")
            if check.fix and not check.ok:
                say(f"      mend: {text.clean(check.fix)}")
    return 1 if any(not c.ok and c.severity == "error" for c in found) else 0
