"""Separates thoughts from the answer while both stream."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["Kind", "ThinkingSplitter"]

Kind: TypeAlias = Literal["thinking", "text"]


class ThinkingSplitter:
    """Splits streamed text at a pair of tags, which appear in neither part.

    Only what stands at the very start of an answer, after whitespace at most, is a thought: the same tag
    later on is text. Text that may be the beginning of a tag is held back until it is clear. White
    space around the tags belongs to them.

    :param inside: the prompt ended within a thought.
    """

    def __init__(self, opening: str, closing: str, inside: bool = False) -> None:
        self._opening = opening
        self._closing = closing
        self._held = ""
        self._state: Literal["start", "inside", "after", "text"]
        if not opening or not closing:
            self._state = "text"
        else:
            self._state = "inside" if inside else "start"
        self._trim = inside

    @property
    def thinking(self) -> bool:
        """Within a thought, as far as is known."""
        return self._state == "inside"

    def feed(self, text: str) -> list[tuple[Kind, str]]:
        """The parts that are now certain, in order; none of them empty."""
        self._held += text
        parts: list[tuple[Kind, str]] = []
        while True:
            before = self._state
            self._step(parts)
            if self._state == before:
                return parts

    def finish(self) -> list[tuple[Kind, str]]:
        """What was held back, when the answer has ended."""
        held, self._held = self._held, ""
        if self._state == "inside":
            return [("thinking", held)] if held.strip() else []
        return [("text", held)] if held and self._state != "after" else []

    def _step(self, parts: list[tuple[Kind, str]]) -> None:
        if self._state == "start":
            seen = self._held.lstrip()
            if seen.startswith(self._opening):
                self._state, self._held, self._trim = "inside", seen[len(self._opening) :], True
            elif seen and not self._opening.startswith(seen):
                self._state = "text"
        elif self._state == "inside":
            if self._trim:
                self._held = self._held.lstrip()
                self._trim = not self._held
            place = self._held.find(self._closing)
            if place >= 0:
                if thought := self._held[:place].rstrip():
                    parts.append(("thinking", thought))
                self._state, self._held = "after", self._held[place + len(self._closing) :]
            else:
                keep = _overlap(self._held, self._closing)
                sure = self._held[: len(self._held) - keep].rstrip()
                if sure:
                    parts.append(("thinking", sure))
                    self._held = self._held[len(sure) :]
        elif self._state == "after":
            self._held = self._held.lstrip()
            if self._held:
                self._state = "text"
        elif self._held:
            parts.append(("text", self._held))
            self._held = ""


def _overlap(text: str, tag: str) -> int:
    """How many of the last characters of the text begin the tag."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:length]):
            return length
    return 0
