"""What a conversation shows: entries that grow, and where the model stands, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from iqdebug.core.messages import Text, message, render

__all__ = ["Entry", "Kind", "Mark", "ModelState", "ModelStatus", "Reader", "Transcript", "marked_blocks"]

Kind = Literal["question", "answer", "thinking", "call", "note", "error", "diff"]
_BEGINS_BLOCK = re.compile(r"[-*+#>|`~]|\d+\.")
ModelState = Literal[
    "none", "fetching", "loading", "ready", "ahead", "reading", "answering", "asking", "failed"
]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something in an answer that is not so.

    :param at: the offset behind the sentence, in characters of the answer.
    :param claim: the words of the sentence that it is about, without emphasis.
    :param words: what is so instead.
    """

    at: int
    claim: str
    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the flow.

    :param id: grows; an entry that changes keeps it.
    :param text: Markdown of an answer, else plain; of a call what was asked, one line.
    :param detail: what opens below it: a call's result, a note's particulars.
    :param words: beside it: who allowed a call, why an answer ended.
    :param running: it still grows.
    :param undo: what undoing it does, "" where it cannot be undone.
    :param offers: what the person may say next, to be taken over as it is.
    :param marks: of an answer, what in it contradicts what is known, in order.
    """

    id: int
    kind: Kind
    text: str
    detail: str = ""
    words: str = ""
    running: bool = False
    undo: str = ""
    offers: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Where the model stands.

    :param state: "none", "fetching" (its file), "loading", "ready", "ahead" (evidence is read while nothing
        is asked), "reading" (a question is), "answering", "asking" (it waits for the person's consent) or
        "failed".
    :param words: for the person, whole: "reading 812 of 2,304 tokens".
    :param model: the model's name, "" when there is none.
    :param where: "on this machine", or the host that every byte goes to.
    :param remote: bytes leave this machine.
    :param used, window: tokens; 0 where unknown.
    """

    state: ModelState = "none"
    words: str = field(default_factory=lambda: render(message("assistant.status.no_model")))
    model: str = ""
    where: str = ""
    remote: bool = False
    used: int = 0
    window: int = 0


class Reader(Protocol):
    """Told of changes on the event loop's thread, in order. Must not block."""

    def entry_changed(self, entry: Entry) -> None:
        """New, or as it now is."""

    def entries_removed(self, after: int) -> None:
        """All entries with a greater id are gone (a question was edited or taken back)."""

    def standing_changed(self, standing: ModelStatus) -> None: ...


def marked_blocks(text: str, marks: tuple[Mark, ...]) -> list[tuple[str, tuple[Mark, ...]]]:
    """The answer in pieces, each with the marks that belong below it. A piece ends with a paragraph, or with
    an item of a list; together they are the answer."""
    pieces: list[tuple[str, tuple[Mark, ...]]] = []
    start = 0
    for mark in marks:
        if pieces and mark.at <= start:
            pieces[-1] = (pieces[-1][0], (*pieces[-1][1], mark))
            continue
        end = _block_end(text, mark.at)
        pieces.append((text[start:end], (mark,)))
        start = end
    if text[start:].strip() or not pieces:
        pieces.append((text[start:], ()))
    return pieces


def _block_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    while end >= 0:
        following = text[end + 1 :].partition("\n")[0]
        if not following.strip() or _BEGINS_BLOCK.match(following):
            return end + 1
        end = text.find("\n", end + 1)
    return len(text)


class Transcript:
    """The flow, in order, and who reads it. The one place that changes entries."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._last = 0
        self._readers: list[Reader] = []
        self.standing = ModelStatus()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    def subscribe(self, reader: Reader) -> Callable[[], None]:
        """Tell ``reader`` of what is there and of what comes; the returned callable stops it."""
        self._readers.append(reader)
        for entry in self._entries.values():
            reader.entry_changed(entry)
        reader.standing_changed(self.standing)
        return lambda: self._readers.remove(reader) if reader in self._readers else None

    def add(
        self,
        kind: Kind,
        text: Text,
        *,
        detail: Text = "",
        words: Text = "",
        running: bool = False,
        offers: tuple[str, ...] = (),
    ) -> Entry:
        self._last += 1
        entry = Entry(self._last, kind, render(text), render(detail), render(words), running, offers=offers)
        return self.put(entry)

    def put(self, entry: Entry) -> Entry:
        """As it now is."""
        self._entries[entry.id] = entry
        for reader in tuple(self._readers):
            reader.entry_changed(entry)
        return entry

    def restore(self, entries: Iterable[Entry]) -> None:
        """What an earlier conversation showed, before anything else."""
        for entry in entries:
            self._last = max(self._last, entry.id)
            self.put(replace(entry, running=False, undo=""))

    def cut(self, after: int) -> None:
        """Take back everything behind the entry ``after``."""
        for number in [n for n in self._entries if n > after]:
            del self._entries[number]
        for reader in tuple(self._readers):
            reader.entries_removed(after)

    def stand(self, standing: ModelStatus) -> None:
        if standing != self.standing:
            self.standing = standing
            for reader in tuple(self._readers):
                reader.standing_changed(standing)
