"""Parses tracebacks that the workers of process pools send as text, without frames.

``concurrent.futures`` and ``multiprocessing.pool`` raise the worker's exception again in the waiting process,
with such a text, made by ``traceback.format_exception``, as its cause.
"""

from __future__ import annotations

import re

from . import values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

NOTE = "raised in another process, which sent its traceback as text: there are no values"
_CLASSES = (
    ("concurrent.futures.process", "_RemoteTraceback"),
    ("multiprocessing.pool", "RemoteTraceback"),
)
MAX_TEXT = 200_000  # characters
MAX_FRAMES = 250
_TRACEBACK_START = "Traceback (most recent call last):"
_LINKS = (
    ("The above exception was the direct cause of the following exception:", "cause"),
    ("During handling of the above exception, another exception occurred:", "context"),
)
_FRAME = re.compile(r'  File "(?P<file>[^"\n]*)", line (?P<line>\d{1,9}), in (?P<name>[^\n]*)$')
_EXCEPTION_LINE = re.compile(
    r"(?:__main__\.|__mp_main__\.)?(?P<type>[^\W\d][\w.<>]*)(?:: (?P<message>.*))?$", re.DOTALL
)


def text_of(exc: Any) -> str:
    """The traceback text in a pool's exception; "" for any other."""
    cls = type(exc)
    if (values.type_module(cls), values.type_name(cls)) not in _CLASSES:
        return ""
    return values.exact((values.instance_dict(exc) or {}).get("tb"))[:MAX_TEXT]


def sections(text: str) -> List[Dict[str, Any]]:
    """The exceptions in the text, the last raised first: ``type``, ``message``, ``frames`` (file, line and
    function, innermost first) and ``link``: how the next one in the list relates to it."""
    parsed: List[Dict[str, Any]] = []
    lines = text.split("\n")
    at = 0
    link = ""
    while at < len(lines):
        at, section = _section(lines, at)
        if section is None:
            break
        section["link"] = link
        parsed.insert(0, section)
        at, link = _skip_link(lines, at)
    return parsed


def _section(lines: List[str], at: int) -> Any:
    while at < len(lines) and lines[at] != _TRACEBACK_START:
        at += 1
    frames: List[Any] = []
    at += 1
    while at < len(lines) and (lines[at].startswith(" ") or not lines[at]):
        step = _FRAME.match(lines[at])
        if step is not None:
            frames.append((step.group("file"), int(step.group("line")), step.group("name")))
        at += 1
    start = at
    while at < len(lines) and lines[at] != '"""' and not _link_at(lines, at):
        at += 1
    last = _EXCEPTION_LINE.match("\n".join(lines[start:at]).strip().strip('"').rstrip())
    if last is None or not frames:
        return at, None
    frames.reverse()
    words = {
        "type": last.group("type"),
        "message": last.group("message") or "",
        "frames": frames[:MAX_FRAMES],
    }
    return at, words


def _link_at(lines: List[str], at: int) -> str:
    return next((link for words, link in _LINKS if lines[at] == words), "")


def _skip_link(lines: List[str], at: int) -> Any:
    return (at + 1, _link_at(lines, at)) if at < len(lines) else (at, "")
