"""An answer read from its streamed text: thoughts, words and tool calls."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.llm.backends.base import Event, Text, Thinking, ToolCallEvent
from iqdebug.llm.chat_format.thinking import Kind, ThinkingSplitter
from iqdebug.llm.messages import Message, Tool, ToolCall
from iqdebug.llm.tool_formats.parser import CallParser

__all__ = ["AnswerReader"]


class AnswerReader:
    """:param tags: the opening and closing tag of thoughts, both "" for none.
    :param inside: the prompt ended within a thought.
    :param tools: those that may be called.
    """

    def __init__(self, tags: tuple[str, str], inside: bool, tools: Sequence[Tool]) -> None:
        self._splitter = ThinkingSplitter(*tags, inside)
        self._parser = CallParser(tools)
        self._thinking = ""
        self._text = ""
        self.calls: list[ToolCall] = []

    def feed(self, text: str) -> list[Event]:
        """The events that are certain now."""
        return self._events(self._splitter.feed(text))

    def think(self, text: str) -> None:
        """Add a thought that the server sent separately."""
        self._thinking += text

    def finish(self, cut_off: bool = False) -> list[Event]:
        """Those that were held back, when the answer has ended.

        :param cut_off: it ended before the model was done: a call that is not whole is left out.
        """
        events = self._events(self._splitter.finish())
        parts = self._parser.finish()
        return events + self._record([p for p in parts if isinstance(p, str) or not (cut_off and p.problem)])

    def message(self) -> Message:
        """The answer so far. White space at its ends is left out."""
        return Message("assistant", self._text.strip(), "chat", self._thinking.strip(), tuple(self.calls))

    def _events(self, parts: Sequence[tuple[Kind, str]]) -> list[Event]:
        events: list[Event] = []
        for kind, text in parts:
            if kind == "thinking":
                self._thinking += text
                events.append(Thinking(text))
            else:
                events += self._record(self._parser.feed(text))
        return events

    def _record(self, parts: Sequence[str | ToolCall]) -> list[Event]:
        events: list[Event] = []
        for part in parts:
            if isinstance(part, ToolCall):
                self.calls.append(part)
                events.append(ToolCallEvent(part))
            else:
                self._text += part
                events.append(Text(part))
        return events
