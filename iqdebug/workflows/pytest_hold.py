"""Opens the screen on the process that started us, which holds an exception and lets us in itself.

Nothing is injected: the process is told through a pipe which code starts the agent and runs it,
and when the session stands it is told to stop at its exception. Once it goes on, the screen closes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Sequence

from iqdebug.core.output import say
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Breakpoint, LogRecord, Origin, Phase, ProcessInfo, Snapshot
from iqdebug.core.store import ProjectStore
from iqdebug.diagnosis.shared_diagnosis import SharedDiagnosis
from iqdebug.system.source_files import read_lines
from iqdebug.workflows.diagnosis_inputs import live_diagnosis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from iqdebug.tui.app import DebugApp

__all__ = ["WENT_ON", "main", "open_holder"]

WENT_ON = 40
"""Exit code: the person let the process go on, rather than leaving."""


def main(arguments: Sequence[str]) -> int:
    """``PIPE TITLE CWD``: a descriptor to write to, and words about the exception."""
    pipe, title, cwd = int(arguments[0]), arguments[1], arguments[2]
    python = ".".join(map(str, sys.version_info[:3]))
    info = ProcessInfo(os.getppid(), "", python, title, cwd, sys.executable)
    return open_holder(info, lambda words: _told(pipe, words))


def _told(pipe: int, words: str) -> None:
    os.write(pipe, (json.dumps(words) + "\n").encode())


def open_holder(info: ProcessInfo, tell: Callable[[str], None]) -> int:
    """Run the screen until the person leaves or lets the process go on.

    :param tell: is called with the code that the process must run, then with "stop".
    :returns: the exit code; :data:`WENT_ON` when the process was told to go on.
    """
    from iqdebug.assistant.session import DebuggeeContext
    from iqdebug.tui.app import DebugApp
    from iqdebug.workflows.assemble import companion_for

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> DebugSession:
        from iqdebug.dap.attach import AttachOptions
        from iqdebug.dap.attach import _open as open_session
        from iqdebug.dap.inject import boot_code
        from iqdebug.dap.rendezvous import Rendezvous

        rendezvous = Rendezvous(info.pid, os.geteuid())
        try:
            rendezvous.start()
            tell(boot_code(rendezvous))
            options = AttachOptions(exceptions=(), wait=0.0, just_my_code=False)
            session = await open_session(info, options, rendezvous, on_progress)
        finally:
            rendezvous.close()
        session.subscribe(watcher)
        tell("stop")
        return session

    diagnose = SharedDiagnosis(live_diagnosis)
    app = DebugApp(
        connect,
        title=info.command,
        first=Snapshot(
            pid=info.pid,
            epoch=0,
            phase=Phase.CONNECTING,
            origin=Origin.LIVE,
            taken_at=time.time(),
            python=info.python,
            command=info.command,
            cwd=info.cwd,
        ),
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
        if self._stop is None and snapshot.phase in (Phase.PAUSED, Phase.CRASHED):
            self._stop = snapshot.epoch
        elif self._stop is not None and snapshot.epoch != self._stop and self._leaving is None:
            self.went_on = snapshot.phase not in (Phase.ENDED, Phase.DETACHED)
            self._leaving = asyncio.ensure_future(self._app.action_leave())

    def logs_arrived(self, records: Sequence[LogRecord], dropped: int) -> None:
        pass

    def breakpoints_changed(self, breakpoints: Sequence[Breakpoint]) -> None:
        pass
