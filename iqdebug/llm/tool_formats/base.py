"""What a format is made of, and the scanner that its readers share."""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from iqdebug.llm.messages import Schema, Tool, ToolCall
from iqdebug.llm.tool_formats.grammar import CallGrammar, GrammarWriter, Trigger
from iqdebug.llm.tool_schema import check_arguments
from iqdebug.llm.untrusted_json import sound

__all__ = [
    "Incomplete",
    "NotACall",
    "Part",
    "Scanner",
    "Spelling",
    "ToolFormat",
    "WrongCall",
    "described_tools",
    "new_call_id",
    "tool_schema",
]

Part: TypeAlias = tuple[str, bool]
"""Text, and whether the names of special tokens in it mean those tokens."""

_LETTERS = string.ascii_letters + string.digits
_SPACE = " \t\r\n"
_NEAR_THE_END = 6
"""A JSON error this near to the end of the text may be cured by what follows: ``\\u`` and its digits."""


def new_call_id() -> str:
    """Nine letters and digits, which every chat template takes."""
    return "".join(secrets.choice(_LETTERS) for _ in range(9))


_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
_NOT_SHOWN = frozenset((*_BOUNDS, "additionalProperties", "default"))
"""Bounds that the grammar keeps and every call is checked against. In the list of tools they would take a
fifth of its tokens."""


def tool_schema(tool: Tool) -> dict[str, object]:
    """A tool as chat templates and servers take it, without the bounds of its arguments."""
    function = {"name": tool.name, "description": tool.description, "parameters": _shown(tool.parameters)}
    return {"type": "function", "function": function}


def _shown(schema: Schema) -> dict[str, object]:
    shown: dict[str, object] = {}
    for key, value in schema.items():
        if key == "properties":
            shown[key] = {name: _shown(each) for name, each in value.items()}
        elif key == "items" and isinstance(value, Mapping):
            shown[key] = _shown(value)
        elif key not in _NOT_SHOWN and not (key == "required" and not value):
            shown[key] = value
    return shown


class NotACall(Exception):
    """The text is something else."""


class Incomplete(Exception):
    """The text ends before it is clear. ``certain``: that it is a call is clear already."""

    def __init__(self, certain: bool) -> None:
        super().__init__()
        self.certain = certain


class WrongCall(Exception):
    """The text is a call for certain, and cannot be run.

    :param name: of the tool, as far as it could be read.
    :param why: what is wrong, for the model; without a full stop.
    """

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name
        self.why = why


class Scanner:
    """Reads a text that may go on. Where it ends too early, :class:`Incomplete` is raised; where it does
    not match, :class:`NotACall`, or :class:`WrongCall` once :attr:`certain` is set.

    :param whole: nothing follows the text.
    :param first: nothing but white space came before in the answer.
    """

    def __init__(
        self, text: str, place: int, tools: Mapping[str, Tool], whole: bool, first: bool = False
    ) -> None:
        self.text = text
        self.place = place
        self.tools = tools
        self.whole = whole
        self.first = first
        self.certain = False
        self.name = ""

    def fail(self, why: str) -> Exception:
        return WrongCall(self.name, why) if self.certain else NotACall()

    def more(self) -> Exception:
        """What to raise at the end of the text."""
        return self.fail("it is cut off") if self.whole else Incomplete(self.certain)

    def space(self) -> None:
        while self.place < len(self.text) and self.text[self.place] in _SPACE:
            self.place += 1

    def literal(self, *options: str) -> str:
        """The longest of the texts that stands here."""
        for option in sorted(options, key=len, reverse=True):
            if self.text.startswith(option, self.place):
                self.place += len(option)
                return option
            if len(self.text) - self.place < len(option) and option.startswith(self.text[self.place :]):
                raise self.more()
        raise self.fail(f"`{options[0]}` is missing at `{self.text[self.place : self.place + 20]}`")

    def try_literal(self, *options: str) -> str:
        """As :meth:`literal`, "" where none of them stands here."""
        left = len(self.text) - self.place
        for option in options:
            breaks_off = not self.whole and left < len(option) and option.startswith(self.text[self.place :])
            if breaks_off or self.text.startswith(option, self.place):
                return self.literal(*options)
        return ""

    def until(self, *ends: str, longest: int) -> str:
        """What stands before the nearest of these texts, which is not read."""
        last = self.place + longest
        places = [at for e in ends if (at := self.text.find(e, self.place, last + len(e))) >= 0]
        if not places:
            if len(self.text) - self.place > longest:
                raise self.fail(f"`{ends[0]}` is missing")
            raise self.more()
        before = self.text[self.place : min(places)]
        self.place = min(places)
        return before

    def text_in_quotes(self) -> str:
        """A short JSON string."""
        start = self.place
        self.literal('"')
        inside = self.until('"', "\n", longest=200)
        self.literal('"')
        if "\\" in inside:
            raise self.fail(f"`{self.text[start : self.place]}` is no name")
        return inside

    def value(self) -> object:
        """A JSON value. Texts in it may hold line ends."""
        try:
            value, end = _DECODER.raw_decode(self.text, self.place)
        except RecursionError:
            raise self.fail("it is nested too deeply") from None
        except json.JSONDecodeError as error:
            open_end = error.msg.startswith("Unterminated string") or (
                error.pos >= len(self.text.rstrip()) - _NEAR_THE_END
            )
            if open_end:
                raise self.more() from None
            raise self.fail(f"its arguments are not valid JSON ({error.msg})") from None
        if end == len(self.text) and not self.whole and not isinstance(value, (dict, list, str)):
            raise self.more()  # a number or a word may go on
        self.place = end
        try:
            return sound(value)
        except ValueError as error:
            raise self.fail(str(error)) from None

    def call(self, name: str, arguments: object) -> ToolCall:
        """A call of a tool; what is wrong with it stands in it.

        :raises NotACall: there is no such tool, and the text need not be a call.
        """
        self.name = name
        tool = self.tools.get(name)
        if tool is None:
            raise self.fail(f"there is no tool `{name[:60]}`; there are: {', '.join(self.tools)}")
        if isinstance(arguments, str):  # some write the object as a text in JSON
            try:
                arguments = sound(json.loads(arguments or "{}"))
            except (ValueError, RecursionError):
                raise self.fail("its arguments are not valid JSON") from None
        checked, problems = check_arguments(tool.parameters, arguments)
        return ToolCall(new_call_id(), name, checked, "; ".join(problems))


_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way in which calls are written.

    :param openings: the texts with one of which it begins. "{" and fences count at a line's start only.
    :param read: reads one or several calls that stand together.
    :param rule: adds the grammar of what :attr:`read` reads; returns the rule's name.
    :param trigger: a pattern that ends where a call is certain; its first group, or else the whole match,
        begins where the calls do, and must be a beginning of what ``rule`` lets through. None where
        another spelling's rule lets these calls through.
    """

    name: str
    openings: tuple[str, ...]
    read: Callable[[Scanner], list[ToolCall]]
    rule: Callable[[GrammarWriter], str]
    trigger: Callable[[Sequence[str]], str] | None
    at_line_start: bool = False


@dataclass(frozen=True, slots=True)
class ToolFormat:
    """How the models of a family call tools.

    :param spellings: the first is the one that a forced call is held to.
    :param call_parts: a call as it is written into the log.
    :param describe: the system prompt's words on the tools, for a template that lists none.
    :param marks: special tokens that are part of calls.
    """

    name: str
    spellings: tuple[Spelling, ...]
    call_parts: Callable[[ToolCall], list[Part]]
    describe: Callable[[Sequence[Tool]], str]
    marks: tuple[str, ...] = ()

    def grammar(self, tools: Sequence[Tool], most: int) -> CallGrammar:
        """Rule ``root``: one to ``most`` calls in the first spelling and nothing else. Each trigger names
        the rule that holds from its match on.

        :raises UnsupportedSchema: a tool's parameters cannot be guaranteed.
        """
        writer = GrammarWriter(tools, most)
        rules = [spelling.rule(writer) for spelling in self.spellings]
        names = [re.escape(tool.name) for tool in tools]
        triggers = tuple(
            Trigger(spelling.trigger(names), rule)
            for spelling, rule in zip(self.spellings, rules, strict=True)
            if spelling.trigger is not None
        )
        return CallGrammar(writer.text(f"root ::= {rules[0]}"), triggers)


def described_tools(tools: Sequence[Tool], how: Iterable[str]) -> str:
    """The tools, a line each, and how to call one."""
    lines = [json.dumps(tool_schema(tool)["function"], ensure_ascii=False) for tool in tools]
    about = "These functions can be called; each line is one, with the JSON schema of its arguments:"
    return "\n".join(["", "", "# Tools", "", about, *lines, "", *how])
