"""Start a program under iqdebug: the interpreter itself on the script itself, at full speed.

``PY script.py args`` runs as it would without us; the agent comes in through a ``sitecustomize``
on ``PYTHONPATH`` (see ``agent/boot``), and pydevd only when it is needed
(:mod:`.launched_session`).
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Mapping
from pathlib import Path

import debugpy

from iqdebug.core.errors import UsageError
from iqdebug.core.messages import message
from iqdebug.core.state import ProcessInfo
from iqdebug.core.store import state_folder
from iqdebug.dap.launch_plan import LaunchPlan
from iqdebug.dap.launched_session import LaunchedSession, LaunchOptions
from iqdebug.dap.program import Program
from iqdebug.dap.rendezvous import Rendezvous

__all__ = ["LaunchPlan", "launch"]


async def launch(
    plan: LaunchPlan,
    options: LaunchOptions,
    progress: Callable[[str], None] = lambda words: None,
    on_output: Callable[[bytes], None] = lambda data: None,
    size: tuple[int, int] = (80, 24),
) -> LaunchedSession:
    """A session on a fresh process of the plan, which runs.

    :param on_output: called with what the program writes to its terminal, from the first byte.
    :param size: columns and lines of that terminal.
    :raises UsageError: the interpreter or the folder cannot be used.
    """
    rendezvous = Rendezvous(0, os.geteuid())
    try:
        log = state_folder() / "runs" / f"{rendezvous.token[:12]}.log"
        program = Program(
            [plan.python, *plan.arguments],
            plan.cwd,
            _environment(plan.environment, rendezvous),
            terminal=plan.terminal,
            log=log,
            size=size,
        )
    except OSError as error:
        rendezvous.close()
        what = message("dap.launch_failed", program=plan.python)
        raise UsageError(what, error.strerror or str(error)) from None
    except BaseException:
        rendezvous.close()
        raise
    program.on_output = on_output
    rendezvous.pid = program.pid
    rendezvous.start()
    info = ProcessInfo(program.pid, _user(), plan.version, plan.command, plan.cwd, exe=plan.python)
    session = LaunchedSession(info, program, rendezvous, options)
    try:
        await session.begin(progress)
    except BaseException:
        await session.detach()
        await program.end()
        raise
    return session


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _environment(base: Mapping[str, str], rendezvous: Rendezvous) -> dict[str, str]:
    """The program's, with what brings the agent in; which takes it out again."""
    inside = Path(__file__).resolve().parent.parent
    setup = {
        "socket": str(rendezvous.path),
        "token": rendezvous.token,
        "debugpy": str(Path(debugpy.__file__).resolve().parent.parent),
        "inside": str(inside),
    }
    path = str(inside / "agent" / "boot")
    if "PYTHONPATH" in base:
        setup["pythonpath"] = base["PYTHONPATH"]
        if base["PYTHONPATH"]:
            path += os.pathsep + base["PYTHONPATH"]
    lines = "".join(f"{name}={value}\n" for name, value in setup.items())
    file = rendezvous.write_file("run", os.fsencode(lines))
    return {**base, "PYTHONPATH": path, "IQDEBUG_RUN": str(file)}
