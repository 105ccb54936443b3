"""Commands on conversations: ask, resume."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iqdebug.cli.common import add_model, add_project, add_window, pid_number, require_terminal

if TYPE_CHECKING:
    from iqdebug.llm.window.saved_conversation import SavedConversation
    from iqdebug.workflows.ask import Said

__all__ = ["add", "ask"]


def add(commands: Any) -> None:
    parser = commands.add_parser("ask", help="ask a model about a process or a crash file")
    parser.add_argument("target", metavar="PID|FILE", help="a process id, a crash file, or: latest")
    parser.add_argument("question", help='such as "why does it fail?"')
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_model(parser)
    add_project(parser)
    add_window(parser)
    parser.set_defaults(run=_ask)

    going_on = commands.add_parser("resume", help="go on with a conversation")
    going_on.add_argument(
        "which", metavar="NUMBER", nargs="?", type=int, help="of the list, 1 the newest; without it: the list"
    )
    going_on.set_defaults(run=_resume)


def _resume(options: argparse.Namespace) -> int:
    import time

    from iqdebug.core.errors import UsageError
    from iqdebug.core.output import say
    from iqdebug.core.text import clean
    from iqdebug.llm.window.saved_conversation import kept_sessions
    from iqdebug.workflows.assemble import shelf

    found = kept_sessions(shelf())
    if options.which is None:
        if not found:
            say("No conversation is kept. One with a question in it is, when its screen is left.")
        for number, one in enumerate(found, 1):
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.saved))
            count = f"{one.questions} question{'' if one.questions == 1 else 's'}"
            say(f"{number:>3}  {when}  {count:<13} {clean(one.title)[:60]}")
            say(f"     {clean(_about(one))}  with {clean(one.setting)}")
        return 0
    if not 1 <= options.which <= len(found):
        raise UsageError(f"There is no conversation {options.which}", "", "iqdebug resume lists them")
    chosen = found[options.which - 1]
    if chosen.process:
        return _resume_process(chosen)
    if not Path(chosen.target).is_file():
        raise UsageError("The crash file of that conversation is gone", chosen.target)
    require_terminal(f"`iqdebug ask {chosen.target} QUESTION` needs none.")
    from iqdebug.workflows.open_crash import open_file

    return open_file(Path(chosen.target), chosen.setting, chosen)


def _about(one: SavedConversation) -> str:
    if not one.process:
        return Path(one.target).name
    state = "which runs" if _runs(one) else "which has ended"
    return f"process {_pid(one)} {one.words[:60]}, {state}"


def _pid(one: SavedConversation) -> int:
    number = one.process.partition(":")[0]
    return int(number) if number.isdecimal() else 0


def _runs(one: SavedConversation) -> bool:
    from iqdebug.peek.processes import identity

    return identity(_pid(one)) == one.process


def _resume_process(chosen: SavedConversation) -> int:
    """Attach to the process again; to look at its last stop where it has ended."""
    from iqdebug.cli.processes import agreed_to_attach
    from iqdebug.core.errors import NoSuchProcess
    from iqdebug.workflows.open_crash import open_remembered

    require_terminal(f"`iqdebug ask {_pid(chosen)} QUESTION` needs none.")
    if _runs(chosen):
        from iqdebug.peek.preflight import require_attachable
        from iqdebug.workflows.attach import open_debugger

        with contextlib.suppress(NoSuchProcess):
            info = require_attachable(_pid(chosen))
            if not agreed_to_attach(info):
                return 0
            return open_debugger(info, "uncaught", False, chosen.setting, chosen)
    return open_remembered(chosen)


def _ask(options: argparse.Namespace) -> int:
    from iqdebug.core.output import say

    said = ask(options.target, options.question, options.model, options.project, options.ctx)
    say(*([said.json()] if options.json else said.lines()))
    return 0


def ask(target: str, question: str, model: str | None, project: str | None = None, context: int = 0) -> Said:
    from iqdebug.crash.folder import crash_folder, find
    from iqdebug.workflows.ask import ask_file, ask_process

    if target.isdecimal() and not Path(target).exists():
        from iqdebug.peek.preflight import require_attachable

        info = require_attachable(pid_number(target))
        return ask_process(info, question, model, context=context)
    return ask_file(find(target, crash_folder()), question, model, project=project, context=context)
