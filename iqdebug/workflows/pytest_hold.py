"""Opens the screen on the process that started us, which holds an exception and lets us in itself.

Nothing is injected: the process gets the code that starts the agent through a pipe and runs it,
and once the session stands it is asked to stop at its exception. When it goes on, the screen closes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence

from iqdebug.assistant.session import DebuggeeContext
from iqdebug.core.config import use_language
from iqdebug.core.output import say
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Breakpoint, LogRecord, Phase, ProcessInfo, Snapshot
from iqdebug.core.store import ProjectStore
from iqdebug.dap.attach import AttachOptions, attach_through
from iqdebug.dap.boot_code import boot_code
from iqdebug.dap.rendezvous import Rendezvous
from iqdebug.dap.snapshot_store import connecting
from iqdebug.diagnosis.shared_diagnosis import SharedDiagnosis
from iqdebug.system.source_files import read_lines
from iqdebug.tui.app import DebugApp
from iqdebug.workflows.assemble import companion_for
from iqdebug.workflows.diagnosis_inputs import live_diagnosis

__all__ = ["WENT_ON", "main", "open_holder"]

WENT_ON = 40
"""Exit code: the person let the process go on, rather than leaving."""


def main(arguments: Sequence[str]) -> int:
    """``PIPE TITLE CWD``: a descriptor to write to, and words about the exception."""
    use_language()
    pipe, title, cwd = int(arguments[0]), arguments[1], arguments[2]
    python = ".".join(map(str, sys.version_info[:3]))
    info = ProcessInfo(os.getppid(), "", python, title, cwd, sys.executable)
    return open_holder(info, lambda order: _send(pipe, order))


def _send(pipe: int, order: str) -> None:
    os.write(pipe, (json.dumps(order) + "\n").encode())


def open_holder(info: ProcessInfo, send: Callable[[str], None]) -> int:
    """Run the screen until the person leaves or lets the process go on.

    :param send: is called with the code that the process must run, then with "stop".
    :returns: the exit code; :data:`WENT_ON` when the person let the process go on.
    """

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> DebugSession:
        rendezvous = Rendezvous(info.pid, os.geteuid())
        try:
            rendezvous.start()
            send(boot_code(rendezvous))
            options = AttachOptions(exceptions=(), wait=0.0, just_my_code=False)
            session = await attach_through(info, options, rendezvous, on_progress)
        finally:
            rendezvous.close()
        session.subscribe(watcher)
        send("stop")
        return session

    diagnose = SharedDiagnosis(live_diagnosis)
    app = DebugApp(
        connect,
        title=info.command,
        first=connecting(info),
        diagnose=diagnose,
        read_source=read_lines,
        breakpoint_store=ProjectStore(info.cwd or "/"),
        companion=companion_for(None, DebuggeeContext(project=info.cwd, diagnose=diagnose)),
    )
    watcher = _Watcher(app)
    code = int(app.run() or 0)
    if app.last_words:
        say(app.last_words)
    return WENT_ON if watcher.went_on else code


class _Watcher:
    """Closes the screen when the process goes on from its exception: what comes then is not ours."""

    def __init__(self, app: DebugApp) -> None:
        self._app = app
        self._stop: int | None = None  # its epoch
        self._leaving: asyncio.Task[None] | None = None
        self.went_on = False

    def snapshot_changed(self, snapshot: Snapshot) -> None:
        if self._stop is None and snapshot.phase.is_stopped:
            self._stop = snapshot.epoch
        elif self._stop is not None and snapshot.epoch != self._stop and self._leaving is None:
            self.went_on = snapshot.phase not in (Phase.ENDED, Phase.DETACHED)
            self._leaving = asyncio.ensure_future(self._app.action_leave())

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        pass

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        pass
