"""What only some ways of a command need, loaded when they are taken.

All imports of the command line that do not stand at the top of a module stand here. In CPU time, on Python
3.11, the screens take 0.6 s to import, the conversation with a model 0.6 s and the debugger 0.15 s; a bare
interpreter takes 0.03 s and all of `iqdebug --help` 0.05 s.
"""

from __future__ import annotations

import os
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iqdebug.core.config_path import config_path
from iqdebug.core.errors import IqdebugError
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.output import visible

if TYPE_CHECKING:
    from iqdebug.core.state import ProcessInfo
    from iqdebug.dap.launch_plan import LaunchPlan
    from iqdebug.diagnosis.named_places import Asked
    from iqdebug.llm.backends.local_servers import LocalServer
    from iqdebug.llm.window.saved_conversation import SavedConversation
    from iqdebug.workflows.ask import AskResult
    from iqdebug.workflows.headless import Result

__all__ = [
    "ask_file",
    "ask_process",
    "attached_diagnosis",
    "first_local_server",
    "open_crash_screen",
    "open_last_stop_screen",
    "open_process_screen",
    "pick_process",
    "run_program",
    "say_failure",
    "show_warnings_safely",
    "use_language",
]


def open_process_screen(
    info: ProcessInfo,
    on_exception: str,
    pause: bool,
    model: str | None,
    kept: SavedConversation | None = None,
    *,
    asked: Sequence[Asked] = (),
    no_hold: bool = False,
) -> int:
    """As :func:`iqdebug.workflows.attach.open_debugger`."""
    from iqdebug.workflows.attach import open_debugger

    return open_debugger(info, on_exception, pause, model, kept, asked=asked, no_hold=no_hold)


def open_crash_screen(
    path: Path, model: str | None, kept: SavedConversation | None = None, project: str | None = None
) -> int:
    """As :func:`iqdebug.workflows.open_crash.open_file`."""
    from iqdebug.workflows.open_crash import open_file

    return open_file(path, model, kept, project)


def open_last_stop_screen(kept: SavedConversation) -> int:
    """As :func:`iqdebug.workflows.open_crash.open_remembered`."""
    from iqdebug.workflows.open_crash import open_remembered

    return open_remembered(kept)


def run_program(plan: LaunchPlan, on_exception: str, pause: bool, model: str | None) -> int:
    """As :func:`iqdebug.workflows.run.run_program`."""
    from iqdebug.workflows import run

    return run.run_program(plan, on_exception, pause, model)


def pick_process() -> int | None:
    """The process that the person picks on the screen; None for none."""
    from iqdebug.peek.processes import list_processes
    from iqdebug.tui.screens.picker import PickerApp

    return PickerApp(list_processes).run()


def attached_diagnosis(info: ProcessInfo, seconds: float) -> Coroutine[None, None, Result]:
    """As :func:`iqdebug.workflows.attached_diagnosis.attached`."""
    from iqdebug.workflows.attached_diagnosis import attached

    return attached(info, seconds)


def ask_file(
    path: Path, question: str, model: str | None, project: str | None = None, context: int = 0
) -> AskResult:
    """As :func:`iqdebug.workflows.ask.ask_file`."""
    from iqdebug.workflows import ask

    return ask.ask_file(path, question, model, project=project, context=context)


def ask_process(info: ProcessInfo, question: str, model: str | None, context: int = 0) -> AskResult:
    """As :func:`iqdebug.workflows.ask.ask_process`."""
    from iqdebug.workflows import ask

    return ask.ask_process(info, question, model, context=context)


def first_local_server() -> LocalServer:
    """As :func:`iqdebug.llm.backends.local_servers.first_server`.

    :raises ModelError: none answers.
    """
    import asyncio

    from iqdebug.core.errors import ModelError
    from iqdebug.core.messages import message
    from iqdebug.llm.backends.local_servers import PORTS, first_server

    found = asyncio.run(first_server(PORTS))
    if found is None:
        raise ModelError(
            message("cli.models.no_server"),
            message("cli.models.no_server.why", ports=[str(port) for port in PORTS]),
            message("cli.models.no_server.fix"),
        )
    return found


def say_failure(error: IqdebugError, code: ExitCode) -> None:
    """Print the error as a document, to standard output."""
    from iqdebug.cli.documents.base import Error, Failure, say_document

    say_document(Failure(error=Error(message=error.what, why=error.why, fix=error.fix, exit_code=code)))


def show_warnings_safely() -> None:
    """What is logged and nobody handles goes to standard error: it may hold text of others."""
    import logging

    class Visible(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return visible(super().format(record))

    if logging.lastResort is not None:
        logging.lastResort.setFormatter(Visible())


def use_language() -> None:
    """Messages are rendered in the language of the settings, where there are settings."""
    if os.path.isfile(config_path()):  # False also for what cannot be looked at
        from iqdebug.core import config

        config.use_language()
