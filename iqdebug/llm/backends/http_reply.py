"""Assembles a reply from the server's chunks: thoughts, text, calls in pieces, the end, the usage."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message
from iqdebug.llm.backends.api_keys import Key
from iqdebug.llm.backends.base import Event, Thinking, ToolCallEvent
from iqdebug.llm.backends.http_errors import server_message
from iqdebug.llm.chat_format.answer import AnswerReader
from iqdebug.llm.messages import Message, Tool, ToolCall
from iqdebug.llm.tool_formats.base import new_call_id
from iqdebug.llm.tool_schema import check_call
from iqdebug.llm.untrusted_json import sound

__all__ = ["MAX_CALLS", "Reply", "WrongCall"]

MAX_CALLS = 32
"""Of one reply. The model is told that those beyond were left out."""

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(frozen=True, slots=True)
class WrongCall:
    """:param written: the arguments as the model wrote them.
    :param why: what is wrong.
    """

    name: str
    written: str
    why: str


class Reply:
    """:param base: the server, for words.

    ``prompt``, ``cached`` and ``completion`` are the tokens of the last request, 0 where the server did
    not say. :meth:`again` resets them.
    """

    def __init__(self, tools: Sequence[Tool], base: str, key: Key | None) -> None:
        self._tools = tools
        self._base = base
        self._key = key
        self._before: list[Message] = []  # what earlier requests brought
        self._reader = self._new_reader()
        self._parts: dict[int, dict[str, str]] = {}
        self._calls: list[ToolCall] = []
        self._text_calls = 0
        self._left_out: set[object] = set()  # calls beyond the bound, or pieces of them
        self._halves: dict[str, str] = {}  # by field: a first half of a surrogate pair, whose second may come
        self.received = ""
        self.why = ""
        self.understood = False
        self.prompt = self.cached = self.completion = 0

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        return tuple(self._calls)

    def _new_reader(self) -> AnswerReader:
        return AnswerReader(("<think>", "</think>"), False, self._tools)

    def message(self) -> Message:
        """The answer so far, with the calls that are whole and valid."""
        parts = [*self._before, self._reader.message()]
        content = "\n\n".join(part.content for part in parts if part.content)
        thinking = "\n\n".join(part.thinking for part in parts if part.thinking)
        return Message("assistant", content, "chat", thinking, self.calls)

    @property
    def text(self) -> str:
        """What the last request brought, without thoughts and calls."""
        return self._reader.message().content

    def take(self, data: str) -> list[Event]:
        """:raises ModelError: the chunk is an error message."""
        try:
            chunk = self._joined(json.loads(data))
        except (ValueError, RecursionError):
            return []
        if not isinstance(chunk, dict):
            return []
        if chunk.get("error"):
            raise ModelError(
                message("llm.server.broke_off", server=self._base),
                server_message(chunk, self._key),
                message("llm.server.broke_off.fix"),
            )
        self._usage(chunk)
        events: list[Event] = []
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self.understood = True
                # A server that does not stream sends the whole message at once.
                events += self._delta(choice.get("delta") or choice.get("message") or {})
                if isinstance(why := choice.get("finish_reason"), str):
                    self.why = why
        return events

    def finish(self) -> list[Event]:
        """The events that were held back until the end."""
        text = "\ufffd" if self._halves.pop("content", "") else ""
        self._halves.clear()
        return self._valid(self._reader.feed(text) + self._reader.finish(cut_off=self.why == "length"))

    def whole_calls(self) -> tuple[list[Event], list[WrongCall]]:
        """The calls that came in pieces and are valid, and what is wrong with the others."""
        events: list[Event] = []
        wrong: list[WrongCall] = []
        for _, row in sorted(self._parts.items()):
            arguments, words = check_call(row["name"], row["arguments"], self._tools)
            if words := row.get("problem") or words:
                wrong.append(WrongCall(row["name"], row["arguments"], words))
                continue
            taken = {call.id for call in self._calls}
            name = row["id"] if row["id"] and row["id"] not in taken else new_call_id()
            call = ToolCall(name, row["name"], arguments)
            self._calls.append(call)
            events.append(ToolCallEvent(call))
        self._parts.clear()
        return events, wrong

    def left_out(self) -> str:
        """A note about calls beyond :data:`MAX_CALLS`; "" when there were none."""
        count, self._left_out = len(self._left_out), set()
        return f"{count:,} further calls were left out: a reply holds {MAX_CALLS} at most." if count else ""

    def note(self, text: str) -> list[Event]:
        """Add text of ours to the answer, so that the model sees it in later turns."""
        return self._valid(self._reader.feed(f"\n{text}") + self._reader.finish())

    def again(self) -> None:
        """Prepare for another request whose text continues the same answer."""
        self._before.append(self._reader.message())
        self._reader = self._new_reader()
        self.why, self.understood = "", False
        self.prompt = self.cached = self.completion = 0

    def _delta(self, delta: object) -> list[Event]:
        if not isinstance(delta, dict):
            return []
        events: list[Event] = []
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thought, str) and thought:
            self._reader.think(thought)
            self.received += thought
            events.append(Thinking(thought))
        text = delta.get("content")
        if isinstance(text, str) and text:
            self.received += text
            events += self._valid(self._reader.feed(text))
        parts = delta.get("tool_calls")
        for place, part in enumerate(parts if isinstance(parts, list) else ()):
            self._part(part, place)
        return events

    def _valid(self, events: list[Event]) -> list[Event]:
        """The events without calls, which are collected with the calls that come in pieces."""
        kept: list[Event] = []
        for event in events:
            if not isinstance(event, ToolCallEvent):
                kept.append(event)
                continue
            # One more piece; whole_calls() looks at it when all are there, in their order.
            place = 1_000_000_000 + self._text_calls
            self._text_calls += 1
            if self._full():
                self._left_out.add(place)
                continue
            call = event.call
            written = call.written or json.dumps(dict(call.arguments), ensure_ascii=False)
            self._parts[place] = {
                "id": call.id,
                "name": call.name,
                "arguments": written,
                "problem": call.problem,
            }
        return kept

    def _part(self, part: object, place: int) -> None:
        if not isinstance(part, dict):
            return
        index = part.get("index")
        place = index if isinstance(index, int) else place
        if place not in self._parts and self._full():
            self._left_out.add(place)
            self.received += " "  # so that it has an end
            return
        row = self._parts.setdefault(place, {"id": "", "name": "", "arguments": ""})
        function = part.get("function")
        if not isinstance(function, dict):
            return
        row["id"] = row["id"] or str(part.get("id") or "")
        name = str(function.get("name") or "")
        if name != row["name"]:  # some repeat it with each piece
            row["name"] += name
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, ensure_ascii=False)
        if isinstance(arguments, str):
            row["arguments"] += arguments
            self.received += arguments

    def _full(self) -> bool:
        return len(self._calls) + len(self._parts) >= MAX_CALLS

    def _joined(self, chunk: object) -> object:
        """The chunk with surrogate pairs joined that were split between two chunks."""
        for choice in _list(chunk.get("choices") if isinstance(chunk, dict) else None):
            delta = choice.get("delta") if isinstance(choice, dict) else None
            if not isinstance(delta, dict):
                continue
            for field in ("content", "reasoning_content", "reasoning"):
                text = delta.get(field)
                if isinstance(text, str) and text:
                    text = self._halves.pop(field, "") + text
                    if "\ud800" <= text[-1] <= "\udbff":
                        text, self._halves[field] = text[:-1], text[-1]
                    delta[field] = _PAIR.sub(_character, text)
        return sound(chunk)

    def _usage(self, chunk: dict[str, object]) -> None:
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self.prompt = _number(usage.get("prompt_tokens")) or self.prompt
            self.completion = _number(usage.get("completion_tokens")) or self.completion
            details = usage.get("prompt_tokens_details")
            if isinstance(details, dict):
                self.cached = _number(details.get("cached_tokens"))
        timings = chunk.get("timings")  # llama-server's own
        if isinstance(timings, dict) and "cache_n" in timings:
            self.cached = _number(timings.get("cache_n"))
            self.prompt = self.cached + _number(timings.get("prompt_n"))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _character(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
