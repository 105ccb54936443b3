"""Commands on conversations: ask, resume."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iqdebug.commands import add_model, ended_by_signals, pid_number, require_terminal

if TYPE_CHECKING:
    from iqdebug.asking import Said

__all__ = ["add", "ask"]


def add(commands: Any) -> None:
    parser = commands.add_parser("ask", help="ask a model about a process or a crash file")
    parser.add_argument("target", metavar="PID|FILE", help="a process id, a crash file, or: latest")
    parser.add_argument("question", help='such as "why does it fail?"')
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_model(parser)
    parser.set_defaults(run=_ask)

    going_on = commands.add_parser("resume", help="go on with a conversation about a crash")
    going_on.add_argument(
        "which", metavar="NUMBER", nargs="?", type=int, help="of the list, 1 the newest; without it: the list"
    )
    going_on.set_defaults(run=_resume)


def _resume(options: argparse.Namespace) -> int:
    import time

    from iqdebug.companion import shelf
    from iqdebug.errors import UsageError
    from iqdebug.llm.session_file import kept_sessions
    from iqdebug.text import clean

    found = kept_sessions(shelf())
    if options.which is None:
        if not found:
            print("No conversation is kept. One about a crash file is, when its screen is left.")
        for number, one in enumerate(found, 1):
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.saved))
            count = f"{one.questions} question{'' if one.questions == 1 else 's'}"
            print(f"{number:>3}  {when}  {count:<13} {clean(one.title)[:60]}")
            print(f"     {clean(Path(one.target).name)}  with {clean(one.setting)}")
        return 0
    if not 1 <= options.which <= len(found):
        raise UsageError(f"There is no conversation {options.which}", "", "iqdebug resume lists them")
    chosen = found[options.which - 1]
    if not Path(chosen.target).is_file():
        raise UsageError("The crash file of that conversation is gone", chosen.target)
    require_terminal(f"`iqdebug ask {chosen.target} QUESTION` needs none.")
    from iqdebug.opened import open_file

    return open_file(Path(chosen.target), chosen.setting, chosen)


def _ask(options: argparse.Namespace) -> int:
    said = ask(options.target, options.question, options.model)
    print(said.json() if options.json else "\n".join(said.lines()))
    return 0


def ask(target: str, question: str, model: str | None) -> Said:
    from iqdebug.asking import ask_file, ask_process
    from iqdebug.crash.shelf import crash_folder, find

    if target.isdecimal() and not Path(target).exists():
        from iqdebug.peek.preflight import require_attachable

        info = require_attachable(pid_number(target))
        with ended_by_signals():
            return ask_process(info, question, model)
    return ask_file(find(target, crash_folder()), question, model)
