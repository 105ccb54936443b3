"""Opens the debugger's screen on a crash file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from iqdebug.assistant.last_stop import LastStopSession, TodaysSources, remembered
from iqdebug.assistant.session import DebuggeeContext
from iqdebug.core.messages import message, render
from iqdebug.core.readable_files import reach_of_project, standing_in
from iqdebug.core.session import DebugSession
from iqdebug.core.state import Diagnosis, Snapshot
from iqdebug.core.store import ProjectStore
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.crash.recorded_sources import RecordedSources
from iqdebug.crash.summary import AboutSection, about_sections
from iqdebug.diagnosis.shared_diagnosis import SharedDiagnosis
from iqdebug.llm.window.saved_conversation import SavedConversation
from iqdebug.system.source_files import read_lines
from iqdebug.tui.app import DebugApp
from iqdebug.tui.controllers.recording import Recording
from iqdebug.workflows.assemble import companion_for
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis, source_reader

__all__ = ["open_file", "open_remembered", "recorded_app", "remembered_app"]


def open_file(
    path: Path, model: str | None = None, kept: SavedConversation | None = None, project: str | None = None
) -> int:
    """Run the screen until the person leaves.

    :param project: the folder whose files may be read beside the recording; None for the one that the
        person stands in.
    :returns: the exit code.
    :raises CrashFileError: the file cannot be opened.
    """
    return int(recorded_app(open_crash(path), model, kept, project).run() or 0)


def open_remembered(kept: SavedConversation) -> int:
    """The screen on the last stop of a process that has ended, with the conversation about it.

    :returns: the exit code.
    :raises ModelError: the stop was not kept, or cannot be read.
    """
    return int(remembered_app(kept).run() or 0)


def remembered_app(kept: SavedConversation) -> DebugApp:
    last_stop = remembered(kept.moment())
    snapshot = last_stop.snapshot

    def diagnose(now: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        return last_stop.diagnosis

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> DebugSession:
        return LastStopSession(snapshot)

    def about() -> list[AboutSection]:
        pid = render(message("cli.about.pid", pid=snapshot.pid))
        lines = (snapshot.command, pid, f"Python {snapshot.python}")
        return [AboutSection(render(message("cli.about")), lines)]

    return DebugApp(
        connect,
        title=f"{snapshot.pid} {snapshot.command}",
        first=snapshot,
        diagnose=diagnose,
        read_source=read_lines,
        recording=Recording(sources=TodaysSources(), about=about),
        breakpoint_store=ProjectStore(snapshot.cwd or "/"),
        companion=companion_for(kept.setting, DebuggeeContext(project=snapshot.cwd, diagnose=diagnose), kept),
    )


def recorded_app(
    crash: Crash, model: str | None = None, kept: SavedConversation | None = None, project: str | None = None
) -> DebugApp:
    """The screen on a recording. Breakpoints set in it are kept for the next run in its folder.
    ``project`` as in :func:`open_file`."""
    own = project if project is not None else standing_in()
    reach = reach_of_project(own)
    read = source_reader(crash, reach)

    diagnose = SharedDiagnosis(lambda snapshot, earlier: crash_diagnosis(crash, read, reach=reach))

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> DebugSession:
        return RecordedSession(crash)

    return DebugApp(
        connect,
        title=crash.path.name,
        first=crash.snapshot,
        diagnose=diagnose,
        read_source=read,
        recording=Recording(sources=RecordedSources(crash, reach), about=lambda: about_sections(crash)),
        breakpoint_store=ProjectStore(crash.meta.cwd or str(crash.path)),
        companion=companion_for(
            model,
            DebuggeeContext(crash, own, crash.read_source, diagnose=diagnose),
            kept,
        ),
    )
