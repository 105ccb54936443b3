"""Would `attach` work, and what would it cost? Asked before anything is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iqdebug.core.errors import CannotAttach, IqdebugError
from iqdebug.core.messages import Text, message
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
        what = message("attach.refused", pid=pid, why=refused.why)
        raise refused.error(what, refused.detail, refused.fix)
    risk = _filtered(pid, host)
    info = describe(pid, interpreter, host, table)
    if risk:
        warnings = (risk, *info.attach.warning_messages)
        info = replace(info, attach=replace(info.attach, risk_message=risk, warning_messages=warnings))
    return info if info.attach.supervisor is not None else _with_supervisor(info, host, table)


def _filtered(pid: int, host: Host) -> Text:
    """A warning if its seccomp filters could not be read; "" when they allow all that attaching does.

    :raises CannotAttach: they do not.
    """
    if not is_filtered(pid, host):
        return ""
    what, which = verdict(pid)
    if what == "unknown":
        return message("warning.unreadable_filter", why=which or message("peek.no_answer"))
    if what:
        why = message("filter.refuses", call=which)
        if what == "kills":
            why = message("filter.kills", call=which)
        refused = message("refusal.filtered")
        raise CannotAttach(message("attach.refused", pid=pid, why=refused), why, message("fix.peek", pid=pid))
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
    warnings = (supervisor.why_message, *info.attach.warning_messages)
    return replace(info, attach=replace(info.attach, warning_messages=warnings, supervisor=supervisor))
