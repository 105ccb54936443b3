"""Takes tool calls out of streamed text, in whatever form the model writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iqdebug.llm.messages import Tool, ToolCall
from iqdebug.llm.tool_formats.base import Incomplete, NotACall, Scanner, Spelling, WrongCall, new_call_id
from iqdebug.llm.tool_formats.choice import FORMATS

__all__ = ["CallParser"]

_SPELLINGS: tuple[Spelling, ...] = tuple(
    {spelling.name: spelling for form in FORMATS.values() for spelling in form.spellings}.values()
)
"""All of them: models write calls as they were trained, whatever their template says, and servers hand
on what they do not know."""

_BY_OPENING = {
    opening: [spelling for spelling in _SPELLINGS if opening in spelling.openings]
    for opening in sorted({opening for spelling in _SPELLINGS for opening in spelling.openings})
}
_OPENING = re.compile("|".join(map(re.escape, _BY_OPENING)))
_LONGEST_OPENING = max(map(len, _BY_OPENING))

_LEFTOVERS = ("</tool_call>", "<|call|>", ";")
"""What may stand behind a call that was whole without it: an end without a beginning, a separator."""

_MAY_END_A_CALL = frozenset("}>]`")


class CallParser:
    """What may be the beginning of a call is held back until that is clear.

    A text is a call once it names a tool that exists and the key of its arguments, or stands in the tags
    of a format; until then it may turn out to be text. A call that is certain and cannot be run comes as
    a :class:`ToolCall` whose ``problem`` says why.

    :param tools: those that may be called. Without any, all is text.
    """

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._held = ""
        self._line_begins = True  # what was taken so far ends with a line's end, or there is nothing
        self._after_call = False
        self._said_something = False
        self._certain_from = -1  # where in what is held a call begins for certain

    def feed(self, text: str) -> list[str | ToolCall]:
        """The text and the calls that are now certain, in order; no text is empty."""
        self._held += text
        if self._certain_from >= 0 and not _MAY_END_A_CALL.intersection(text):
            return []  # a long call is not read anew for each of its tokens
        return self._take(whole=False)

    def finish(self) -> list[str | ToolCall]:
        """What was held back, when the answer has ended."""
        parts = self._take(whole=True)
        rest, self._held = self._held, ""
        if rest.strip():
            parts.append(rest)
        return parts

    def _take(self, whole: bool) -> list[str | ToolCall]:
        parts: list[str | ToolCall] = []
        self._certain_from = -1
        searched = 0
        while self._held:
            if self._after_call and not self._skip_leftovers(whole):
                break
            if not self._tools:
                self._append_text(len(self._held), parts)
                break
            place, spellings = self._next_opening(searched, whole)
            if place < 0:
                # White space before a call belongs to the call.
                self._append_text(len(self._held.rstrip()) if not whole else len(self._held), parts)
                break
            try:
                calls, end = self._read(place, spellings, whole)
            except NotACall:
                searched = place + 1
                continue
            except Incomplete as so_far:
                self._append_text(len(self._held[:place].rstrip()), parts)
                self._certain_from = len(self._held) - len(self._held.lstrip()) if so_far.certain else -1
                break
            whole_text = self._held
            self._append_text(len(self._held[:place].rstrip()), parts)
            parts += calls
            self._held = whole_text[end:]
            self._after_call = bool(calls) or self._after_call
            self._said_something = bool(calls) or self._said_something
            self._line_begins = True
            searched = 0
        return parts

    def _skip_leftovers(self, whole: bool) -> bool:
        """Remove what stands between calls; False where that is not clear yet."""
        while True:
            self._held = self._held.lstrip()
            leftover = next((each for each in _LEFTOVERS if self._held.startswith(each)), "")
            if not leftover:
                return whole or not any(each.startswith(self._held) for each in _LEFTOVERS)
            self._held = self._held[len(leftover) :]

    def _next_opening(self, start: int, whole: bool) -> tuple[int, list[Spelling]]:
        """The first place where a call may begin, or where the text breaks off in the middle of an opening,
        and the spellings that begin so; -1 for none."""
        held = self._held
        while (match := _OPENING.search(held, start)) is not None:
            spellings = [
                s for s in _BY_OPENING[match[0]] if not s.at_line_start or self._begins_line(match.start())
            ]
            if spellings:
                return match.start(), spellings
            start = match.start() + 1
        for length in range(min(_LONGEST_OPENING - 1, len(held) - start), 0, -1) if not whole else ():
            place = len(held) - length
            spellings = [
                s
                for s in _SPELLINGS
                if any(opening.startswith(held[place:]) for opening in s.openings)
                and (not s.at_line_start or self._begins_line(place))
            ]
            if spellings:
                return place, spellings
        return -1, []

    def _begins_line(self, place: int) -> bool:
        before = place - 1
        while before >= 0 and self._held[before] in " \t":
            before -= 1
        return self._held[before] == "\n" if before >= 0 else self._line_begins

    def _read(self, place: int, spellings: Sequence[Spelling], whole: bool) -> tuple[list[ToolCall], int]:
        """The calls at a place, and where they end.

        :raises NotACall: in none of the spellings.
        :raises Incomplete: it may be one.
        """
        incomplete: Incomplete | None = None
        wrong: WrongCall | None = None
        for spelling in spellings:
            first = not self._said_something and not self._held[:place].strip()
            scanner = Scanner(self._held, place, self._tools, whole, first)
            try:
                return spelling.read(scanner), scanner.place
            except NotACall:
                continue
            except Incomplete as so_far:
                if incomplete is None or so_far.certain:
                    incomplete = so_far
            except WrongCall as error:
                wrong = wrong or error
        if incomplete is not None:
            raise incomplete
        if wrong is None:
            raise NotACall
        if not whole:
            raise Incomplete(True)  # where it ends is not known; what follows may be part of it
        return [ToolCall(new_call_id(), wrong.name, {}, wrong.why, self._held[place:])], len(self._held)

    def _append_text(self, end: int, parts: list[str | ToolCall]) -> None:
        text, self._held = self._held[:end], self._held[end:]
        if self._after_call:
            text = text.lstrip()
        if text:
            self._after_call = False
            self._said_something = self._said_something or bool(text.strip())
            self._line_begins = text.rstrip(" \t").endswith("\n")
            if parts and isinstance(parts[-1], str):
                parts[-1] += text
            else:
                parts.append(text)
