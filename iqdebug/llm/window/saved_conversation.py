"""Conversations on disk: the window, the model's state, and the transcript.

Each conversation is a folder. Files are written atomically with mode 0600, ``meta.json`` last: a folder
without it is not a saved conversation.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from iqdebug.core.json_text import json_bytes
from iqdebug.llm.window.window import Window
from iqdebug.system.atomic_write import atomic_write

__all__ = ["PROCESS", "SavedConversation", "keep", "kept_sessions", "taken_up"]

_VERSION = 1
_MAX_SAVED = 20
_META, _WINDOW, _STATE, _MOMENT = "meta.json", "window.json", "state", "moment.json"
PROCESS = "process:"
"""What the target of a conversation about a process begins with."""


class _Meta(msgspec.Struct):
    version: int
    saved: float
    target: str
    setting: str
    title: str
    questions: int
    flow: list[object]
    words: str = ""


@dataclass(frozen=True, slots=True)
class SavedConversation:
    """:param name: of its folder.
    :param target: a crash file's path, or :data:`PROCESS` and which process it was.
    :param flow: rows of the transcript.
    :param words: what the target is, for a person.
    """

    name: str
    folder: Path
    saved: float
    target: str
    setting: str
    title: str
    questions: int
    flow: tuple[object, ...]
    words: str = ""

    @property
    def process(self) -> str:
        """Which process it is about; "" for a crash file."""
        return self.target.removeprefix(PROCESS) if self.target.startswith(PROCESS) else ""

    def moment(self) -> bytes:
        """The last stop of that process, as it was handed to :func:`keep`; b"" when there is none."""
        try:
            return (self.folder / _MOMENT).read_bytes()
        except OSError:
            return b""


async def keep(
    window: Window,
    target: str,
    title: str,
    flow: Sequence[object],
    folder: Path,
    questions: int,
    words: str = "",
    moment: bytes = b"",
) -> Path:
    """Save a conversation about ``target``; one about the same target with the same model is replaced.

    :param moment: the last stop of a process, to look at when it has ended.
    :raises OSError: there is no room, or no right to write.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{int(time.time() * 1000):x}"
    place = Path(tempfile.mkdtemp(dir=folder, prefix=".new-"))
    try:
        await window.save(place / _STATE, place / _WINDOW)
        if moment:
            atomic_write(place / _MOMENT, moment)
        meta = _Meta(_VERSION, time.time(), target, window.about.setting, title, questions, list(flow), words)
        atomic_write(place / _META, json_bytes(meta))
        for old in kept_sessions(folder):
            if (old.target, old.setting) == (target, window.about.setting):
                shutil.rmtree(old.folder, ignore_errors=True)
        final = folder / name
        os.replace(place, final)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    for old in kept_sessions(folder)[_MAX_SAVED:]:
        shutil.rmtree(old.folder, ignore_errors=True)
    return final


def kept_sessions(folder: Path) -> list[SavedConversation]:
    """All that can be read, newest first."""
    conversations = []
    for path in folder.glob("*/" + _META):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            meta = msgspec.json.decode(path.read_bytes(), type=_Meta)
            if meta.version == _VERSION and not path.parent.name.startswith("."):
                conversations.append(
                    SavedConversation(
                        path.parent.name,
                        path.parent,
                        meta.saved,
                        meta.target,
                        meta.setting,
                        meta.title,
                        meta.questions,
                        tuple(meta.flow),
                        meta.words,
                    )
                )
    return sorted(conversations, key=lambda k: -k.saved)


async def taken_up(window: Window, kept: SavedConversation) -> bool:
    """Load the conversation into the window. True when the model's state was usable too, so that nothing
    is evaluated again.

    :raises ModelError: it is damaged.
    """
    return await window.load(kept.folder / _STATE, kept.folder / _WINDOW)
