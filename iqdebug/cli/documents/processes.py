"""`ps`: the processes of this machine."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.cli.documents.base import Document, Part
from iqdebug.core import state

__all__ = ["Processes", "processes_document"]


class Supervisor(Part, frozen=True):
    """Who ends the process when it is silent for ``timeout_s`` seconds, null where that cannot be told.
    ``why`` is a sentence about it."""

    name: str
    pid: int
    timeout_s: float | None
    worker_class: str
    why: str


class Attachability(Part, frozen=True):
    """Whether attaching would work: if not, ``why`` and what to do about it (``fix``). ``cost`` says what
    attaching does to the process, ``risk`` what might end it."""

    ok: bool
    why: str
    fix: str
    cost: str
    risk: str
    warnings: list[str]
    supervisor: Supervisor | None


class Process(Part, frozen=True):
    """``age`` is in seconds, ``cpu`` in percent of one core, ``rss`` in bytes. ``python`` is "" where the
    version cannot be told."""

    pid: int
    user: str
    python: str
    command: str
    cwd: str
    executable: str
    age: float
    cpu: float
    rss: int
    thread_count: int
    attach: Attachability


class Processes(Document, frozen=True, tag="iqdebug/processes/1"):
    """The Python processes that can be seen."""

    processes: list[Process]


def processes_document(processes: Sequence[state.ProcessInfo]) -> Processes:
    return Processes(processes=[_process(process) for process in processes])


def _process(process: state.ProcessInfo) -> Process:
    attach, supervisor = process.attach, process.attach.supervisor
    return Process(
        pid=process.pid,
        user=process.user,
        python=process.python,
        command=process.command,
        cwd=process.cwd,
        executable=process.exe,
        age=process.age,
        cpu=process.cpu,
        rss=process.rss,
        thread_count=process.threads,
        attach=Attachability(
            ok=attach.ok,
            why=attach.why_not,
            fix=attach.fix,
            cost=attach.cost,
            risk=attach.risk,
            warnings=list(attach.warnings),
            supervisor=None
            if supervisor is None
            else Supervisor(
                name=supervisor.name,
                pid=supervisor.pid,
                timeout_s=supervisor.timeout_s,
                worker_class=supervisor.worker_class,
                why=supervisor.why,
            ),
        ),
    )
