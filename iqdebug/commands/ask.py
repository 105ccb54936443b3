"""Commands on the model without a screen: ask."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iqdebug.commands import add_model, ended_by_signals, pid_number

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
