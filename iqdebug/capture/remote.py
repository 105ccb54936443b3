"""Tracebacks that came from another process as text: of pools of processes, whose workers send no frames.

``concurrent.futures`` and ``multiprocessing.pool`` raise the worker's exception anew in the process that
waits, with such a text as its cause. The text is what ``traceback.format_exception`` made there.
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
_HEAD = "Traceback (most recent call last):"
_LINKS = (
    ("The above exception was the direct cause of the following exception:", "cause"),
    ("During handling of the above exception, another exception occurred:", "context"),
)
_FRAME = re.compile(r'  File "(?P<file>[^"\n]*)", line (?P<line>\d{1,9}), in (?P<name>[^\n]*)$')
_LAST = re.compile(
    r"(?:__main__\.|__mp_main__\.)?(?P<type>[^\W\d][\w.<>]*)(?:: (?P<message>.*))?$", re.DOTALL
)


def text_of(exc: Any) -> str:
    """The text that a pool's exception carries; "" of any other."""
    cls = type(exc)
    if (values.type_module(cls), values.type_name(cls)) not in _CLASSES:
        return ""
    return values.exact((values.instance_dict(exc) or {}).get("tb"))[:MAX_TEXT]


def sections(text: str) -> List[Dict[str, Any]]:
    """The exceptions of the text, that which was raised last first: ``type``, ``message``, ``frames`` (file,
    line and function, innermost first) and ``link``, what the next one in the list is to it."""
    found: List[Dict[str, Any]] = []
    lines = text.split("\n")
    at = 0
    link = ""
    while at < len(lines):
        at, section = _section(lines, at)
        if section is None:
            break
        section["link"] = link
        found.insert(0, section)
        at, link = _joint(lines, at)
    return found


def _section(lines: List[str], at: int) -> Any:
    while at < len(lines) and lines[at] != _HEAD:
        at += 1
    frames: List[Any] = []
    at += 1
    while at < len(lines) and (lines[at].startswith(" ") or not lines[at]):
        step = _FRAME.match(lines[at])
        if step is not None:
            frames.append((step.group("file"), int(step.group("line")), step.group("name")))
        at += 1
    start = at
    while at < len(lines) and lines[at] != '"""' and not _links(lines, at):
        at += 1
    last = _LAST.match("\n".join(lines[start:at]).strip().strip('"').rstrip())
    if last is None or not frames:
        return at, None
    frames.reverse()
    words = {
        "type": last.group("type"),
        "message": last.group("message") or "",
        "frames": frames[:MAX_FRAMES],
    }
    return at, words


def _links(lines: List[str], at: int) -> str:
    return next((link for words, link in _LINKS if lines[at] == words), "")


def _joint(lines: List[str], at: int) -> Any:
    return (at + 1, _links(lines, at)) if at < len(lines) else (at, "")
