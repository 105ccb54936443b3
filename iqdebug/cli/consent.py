"""Asks the person before a process is attached to."""

from __future__ import annotations

import shutil

from iqdebug.core.messages import message, render
from iqdebug.core.output import say
from iqdebug.core.state import ProcessInfo
from iqdebug.core.text import clean, fitted, folded

__all__ = ["agreed_to_attach"]

MAX_COMMAND = 200  # characters of a command line that are shown


def agreed_to_attach(info: ProcessInfo) -> bool:
    """Show what attaching does to the process, and ask the person. Whatever the language of the question
    is, it names the letters Y and n."""
    command = fitted(clean(info.command), MAX_COMMAND)
    process = message("cli.consent.process", pid=info.pid, version=clean(info.python) or "?", command=command)
    texts = [render(process)]
    texts += [clean(info.attach.cost), *(clean(warning) for warning in info.attach.warnings)]
    if info.attach.supervisor is not None:
        texts.append(render(message("cli.consent.supervised")))
    width = shutil.get_terminal_size((100, 24)).columns
    say(*(line for text in texts for line in folded(text, width)))
    try:
        answer = input(render(message("cli.consent.ask")))
    except EOFError:
        return False
    return answer.strip().lower() in ("", "y", "yes")
