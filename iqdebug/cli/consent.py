"""Asks the person before a process is attached to."""

from __future__ import annotations

import shutil

from iqdebug.core.output import say
from iqdebug.core.state import ProcessInfo
from iqdebug.core.text import clean, fitted, folded

__all__ = ["agreed_to_attach"]

MAX_COMMAND = 200  # characters of a command line that are shown


def agreed_to_attach(info: ProcessInfo) -> bool:
    """Show what attaching does to the process, and ask the person."""
    command = fitted(clean(info.command), MAX_COMMAND)
    texts = [f"process {info.pid}, Python {clean(info.python) or '?'}: {command}"]
    texts += [clean(info.attach.cost), *(clean(warning) for warning in info.attach.warnings)]
    if info.attach.supervisor is not None:
        texts.append("The screen counts down while it is paused; with --no-hold no stop holds it.")
    width = shutil.get_terminal_size((100, 24)).columns
    say(*(line for text in texts for line in folded(text, width)))
    try:
        answer = input("Attach? [Y/n] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("", "y", "yes")
