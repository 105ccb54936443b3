"""`iqdebug ask`: a question to a model about a process or a crash file."""

from __future__ import annotations

import argparse
from pathlib import Path

from iqdebug.cli.common import (
    add_json,
    add_model,
    add_project,
    add_window,
    pid_number,
)
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.conversation import reply_document
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say
from iqdebug.crash.folder import crash_folder, find
from iqdebug.peek.preflight import require_attachable
from iqdebug.workflows.ask import AskResult, ask_file, ask_process

__all__ = ["configure"]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        metavar=render(message("cli.metavar.pid_or_file")),
        help=render(message("cli.argument.ask.target")),
    )
    parser.add_argument("question", help=render(message("cli.argument.ask.question")))
    add_json(parser)
    add_model(parser)
    add_project(parser)
    add_window(parser)
    parser.set_defaults(run=_ask)


def _ask(options: argparse.Namespace) -> int:
    result = _result(options)
    if options.json:
        say_document(reply_document(result))
    else:
        say(*result.lines())
    return ExitCode.DONE


def _result(options: argparse.Namespace) -> AskResult:
    target: str = options.target
    if target.isdecimal() and not Path(target).exists():
        info = require_attachable(pid_number(target))
        return ask_process(info, options.question, options.model, context=options.ctx)
    path = find(target, crash_folder())
    return ask_file(path, options.question, options.model, project=options.project, context=options.ctx)
