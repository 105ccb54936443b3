"""`iqdebug resume`: the conversations that are kept, and going on with one."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from iqdebug.cli import on_demand
from iqdebug.cli.common import add_json, require_terminal
from iqdebug.cli.consent import agreed_to_attach
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.conversation import Conversation, Conversations
from iqdebug.core.errors import NoSuchProcess, UsageError
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import Text, message, render
from iqdebug.core.output import say
from iqdebug.core.text import clean
from iqdebug.llm.window.saved_conversation import SavedConversation, kept_sessions
from iqdebug.peek.preflight import require_attachable
from iqdebug.peek.processes import identity
from iqdebug.workflows.assemble import shelf

__all__ = ["configure"]

MAX_WORDS = 60  # characters of a conversation's title, and of its process's command


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "which",
        metavar=render(message("cli.metavar.of_the_list")),
        nargs="?",
        type=int,
        help=render(message("cli.argument.resume.which")),
    )
    add_json(parser)
    parser.set_defaults(run=_resume)


def _resume(options: argparse.Namespace) -> int:
    conversations = kept_sessions(shelf())
    if options.which is None:
        _list(conversations, options.json)
        return ExitCode.DONE
    if options.json:
        raise UsageError(message("cli.resume.no_json"), fix=message("cli.resume.no_json.fix"))
    if not 1 <= options.which <= len(conversations):
        raise UsageError(
            message("cli.resume.no_conversation", number=options.which),
            fix=message("cli.resume.no_conversation.fix"),
        )
    chosen = conversations[options.which - 1]
    if chosen.process:
        return _resume_process(chosen)
    if not Path(chosen.target).is_file():
        raise UsageError(message("cli.resume.crash_file_gone"), chosen.target)
    require_terminal(message("cli.no_terminal.conversation", target=chosen.target))
    return on_demand.open_crash_screen(Path(chosen.target), chosen.setting, chosen)


def _resume_process(chosen: SavedConversation) -> int:
    """Attach to the process again; where it has ended, look at its last stop."""
    require_terminal(message("cli.no_terminal.conversation", target=_pid(chosen)))
    if _runs(chosen):
        with contextlib.suppress(NoSuchProcess):
            info = require_attachable(_pid(chosen))
            if not agreed_to_attach(info):
                return ExitCode.DONE
            return on_demand.open_process_screen(info, "uncaught", False, chosen.setting, chosen)
    return on_demand.open_last_stop_screen(chosen)


def _list(conversations: Sequence[SavedConversation], json: bool) -> None:
    if json:
        listed = [_document(number, each) for number, each in enumerate(conversations, 1)]
        say_document(Conversations(conversations=listed))
        return
    if not conversations:
        say(render(message("cli.resume.none")))
    for number, each in enumerate(conversations, 1):
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.saved))
        count = render(message("cli.resume.questions", count=each.questions))
        say(f"{number:>3}  {when}  {count:<13} {clean(each.title)[:MAX_WORDS]}")
        about = message("cli.resume.about", about=_about(each), setting=each.setting)
        say(f"     {clean(render(about))}")


def _document(number: int, conversation: SavedConversation) -> Conversation:
    process = bool(conversation.process)
    return Conversation(
        number=number,
        saved=conversation.saved,
        title=conversation.title,
        questions=conversation.questions,
        setting=conversation.setting,
        crash_file=None if process else conversation.target,
        pid=_pid(conversation) if process else None,
        command=conversation.words if process else "",
        runs=_runs(conversation) if process else None,
    )


def _about(conversation: SavedConversation) -> Text:
    if not conversation.process:
        return Path(conversation.target).name
    pid, command = _pid(conversation), conversation.words[:MAX_WORDS]
    if _runs(conversation):
        return message("cli.resume.runs", pid=pid, command=command)
    return message("cli.resume.ended", pid=pid, command=command)


def _pid(conversation: SavedConversation) -> int:
    number = conversation.process.partition(":")[0]
    return int(number) if number.isdecimal() else 0


def _runs(conversation: SavedConversation) -> bool:
    return identity(_pid(conversation)) == conversation.process
