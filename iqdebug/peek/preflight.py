"""Would `attach` work, and what would it cost? Asked before anything is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iqdebug.core.errors import CannotAttach, IqdebugError
from iqdebug.core.state import ProcessInfo, Thread
from iqdebug.peek.attachability import is_filtered, require_python
from iqdebug.peek.host import Host
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.processes import describe
from iqdebug.peek.pyspy import read_threads
from iqdebug.peek.refusals import refusal
from iqdebug.peek.seccomp import verdict
from iqdebug.peek.supervisors import supervisor_by_stack

__all__ = ["require_attachable"]


def require_attachable(pid: int, *, host: Host | None = None) -> ProcessInfo:
    """The process, when attaching to it would work.

    Raises NoSuchProcess, NotPython, NotPermitted, CannotAttach, or MissingTool when gdb, which
    Python before 3.14 needs for it, is not installed. The message names the command that fixes it.
    """
    host = host or Host()
    table = ProcessTable(host.proc)
    interpreter = require_python(pid, host, table)
    refused = refusal(pid, interpreter, host, table)
    if refused:
        raise refused.error(f"cannot attach: process {pid} {refused.why}", refused.detail, refused.fix)
    risk = _filtered(pid, host)
    info = describe(pid, interpreter, host, table)
    if risk:
        info = replace(info, attach=replace(info.attach, risk=risk, warnings=(risk, *info.attach.warnings)))
    return info if info.attach.supervisor is not None else _with_supervisor(info, host, table)


def _filtered(pid: int, host: Host) -> str:
    """A warning if its seccomp filters could not be read; "" when they allow all that attaching does.

    :raises CannotAttach: they do not.
    """
    if not is_filtered(pid, host):
        return ""
    what, which = verdict(pid)
    if what == "unknown":
        return f"it is under a seccomp filter that could not be read ({which}): attaching may end it"
    if what:
        becomes = "kills it" if what == "kills" else "refuses"
        raise CannotAttach(
            f"cannot attach: process {pid} is under a seccomp filter",
            f"the filter {becomes} when it calls {which}, as iqdebug's agent in it would",
            f"look from outside: iqdebug peek {pid}",
        )
    return ""


def _with_supervisor(info: ProcessInfo, host: Host, table: ProcessTable) -> ProcessInfo:
    """Adds a supervisor that only the process's stack shows. Comes last, because reading the stack takes
    the most time."""

    def look() -> Sequence[Thread]:
        try:
            return read_threads(info.pid, host, deadline=1.0, locals=False)
        except IqdebugError:
            return ()

    supervisor = supervisor_by_stack(info.pid, table, look)
    if supervisor is None:
        return info
    warnings = (supervisor.why, *info.attach.warnings)
    return replace(info, attach=replace(info.attach, warnings=warnings, supervisor=supervisor))
