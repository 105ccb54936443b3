"""A GGUF's own chat template, used only for the text that it puts between two messages.

The template is rendered with placeholders instead of contents. Its own text may name special tokens;
contents may not, so a value of the debuggee that reads ``<|im_end|>`` ends no message. A *joint* is the
template's text between the content of one message and the content of the next. Since only joints and
contents are appended, the log only grows, even if a template would rewrite earlier messages (drop thoughts,
move the system prompt).
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from iqdebug.core.messages import message
from iqdebug.llm.chat_format.template_process import Renderer, TemplateError
from iqdebug.llm.messages import Message, Tool
from iqdebug.llm.tool_formats.base import Part, ToolFormat, tool_schema
from iqdebug.llm.tool_formats.choice import DEFAULT_FORMAT, format_of_template

__all__ = ["CHATML", "ChatTemplate", "Part", "TemplateError"]

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""For models that know the tokens of ChatML but bring no template."""


@dataclass(frozen=True, slots=True)
class _TemplateMessage:
    """A message as the template gets it: its role, and what its placeholder stands for."""

    role: str
    mark: str
    parts: tuple[Part, ...]
    name: str = ""
    call: str = ""


class ChatTemplate:
    """Each method blocks for as long as the template takes, which is bounded.

    :param source: Jinja, as chat templates are written for Hugging Face's tokenizers.
    :param bos: the text of the begin-of-text token; ``eos`` that of the end.
    :param renderer: a process for it that has been started; else one is started here.
    :param tool_format: how the model calls tools; else what the template says of it.

    :raises TemplateError: it does not parse, or does not come to an end.
    :raises MissingTool: Jinja is not installed.
    """

    def __init__(
        self,
        source: str,
        bos: str = "",
        eos: str = "",
        renderer: Renderer | None = None,
        tool_format: ToolFormat | None = None,
    ) -> None:
        self._source = source
        self._special = {"bos_token": bos, "eos_token": eos}
        self.renderer = renderer or Renderer()
        self.renderer.compile(source)
        self._nonce = secrets.token_hex(8)
        self.lists_tools = self._lists_tools()
        """The template itself tells the model which tools there are and how to call them."""
        self.tool_format: ToolFormat = tool_format or format_of_template(source) or DEFAULT_FORMAT
        self._system_role = self._takes_system()
        if self.renderer.given_up:
            raise TemplateError(self.renderer.given_up)

    def joint(
        self,
        history: Sequence[Message],
        new: Message,
        tools: Sequence[Tool] = (),
        emitted: str = "",
    ) -> list[Part]:
        """What to append to the log for a message after a history: the joint, then the content.

        :param emitted: the beginning of the joint that the log already contains.
        :raises TemplateError: the template refuses the message in every form.
        """
        entries = self._template_messages([*history, new], tools)
        refusal: TemplateError | None = None
        for attempt in self._attempts(entries):
            try:
                text = self._render(attempt, tools)
                return self._cut_out(text, attempt, len(attempt) > 1, emitted)
            except TemplateError as error:
                refusal = error
        if len(entries) == 1:
            # Some templates print nothing before there is a question.
            question = _TemplateMessage("user", f"m{self._nonce}pe", ())
            text = self._render([*entries, question], tools)
            return self._cut_out(text[: _behind(text, entries[0].mark)], entries, False, emitted)
        raise refusal or TemplateError(message("llm.template.empty_conversation"))

    def generation(self, history: Sequence[Message], tools: Sequence[Tool] = (), emitted: str = "") -> str:
        """The template's text between the history's last content and the model's answer."""
        refusal: TemplateError | None = None
        for attempt in self._attempts(self._template_messages(history, tools)):
            try:
                text = self._render(attempt, tools, answer=True)
                place = _behind(text, attempt[-1].mark)
                return _without(text[place:], emitted)
            except TemplateError as error:
                refusal = error
        raise refusal or TemplateError(message("llm.template.empty_conversation"))

    def closing(self, history: Sequence[Message], tools: Sequence[Tool] = ()) -> str:
        """The template's text after the history's last content; "" if the template refuses the history."""
        for attempt in self._attempts(self._template_messages(history, tools)):
            try:
                text = self._render(attempt, tools)
                return text[_behind(text, attempt[-1].mark) :]
            except TemplateError:
                continue
        return ""

    def prefix_stable(self) -> bool:
        """Whether a longer conversation's text begins with the shorter one's, thoughts included."""
        talk = [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "<think>\nhm\n</think>\n\ntwo", "reasoning_content": "hm"},
            {"role": "user", "content": "three"},
            {"role": "assistant", "content": "four"},
        ]
        try:
            texts = [self._jinja(talk[:count], (), False) for count in range(1, len(talk) + 1)]
        except TemplateError:
            return False
        return all(longer.startswith(shorter) for shorter, longer in itertools.pairwise(texts))

    def mentions(self, text: str) -> bool:
        """The template's source holds this text."""
        return text in self._source

    # From messages to what the template is given.

    def _template_messages(
        self, messages: Sequence[Message], tools: Sequence[Tool]
    ) -> list[_TemplateMessage]:
        entries = []
        for place, each in enumerate(messages):
            mark = f"m{self._nonce}n{place}e"
            parts: list[Part] = [(each.content, False)]
            role: str = each.role
            if role == "system" and place == 0 and tools and not self.lists_tools:
                parts.append((self.tool_format.describe(tools), True))
            if each.tool_calls:
                for number, call in enumerate(each.tool_calls):
                    if number or each.content:
                        parts.append(("\n", False))
                    parts += self.tool_format.call_parts(call)
            if role == "tool" and not self.lists_tools:
                content = (each.content, False)
                role, parts = "user", [("<tool_response>\n", True), content, ("\n</tool_response>", True)]
            entries.append(_TemplateMessage(role, mark, tuple(parts), each.name, each.tool_call_id))
        return entries

    def _attempts(self, entries: list[_TemplateMessage]) -> list[list[_TemplateMessage]]:
        """Forms of a conversation to try, the exact one first, for templates that refuse some."""
        if not entries:
            return []
        last, forms = entries[-1], [entries]
        if len(entries) > 1:
            # A template that refuses the whole history may accept its last message after a plain one.
            before = replace(entries[-2], role="assistant" if last.role in ("user", "tool") else "user")
            opening = _TemplateMessage("user", f"m{self._nonce}pe", (("", False),))
            forms.append([opening, before, last] if before.role == "assistant" else [before, last])
        if last.role in ("tool", "system") and len(entries) > 1:
            forms += [[*form[:-1], replace(last, role="user")] for form in list(forms)]
        return forms

    def _render(
        self, entries: Sequence[_TemplateMessage], tools: Sequence[Tool], answer: bool = False
    ) -> str:
        """Render the messages as they are, else with neighbours of the same role joined, for templates that
        require alternating roles."""
        given = tools if self.lists_tools else ()
        try:
            if self._system_role or entries[0].role != "system":
                return self._jinja([_given(one, one.mark) for one in entries], given, answer)
        except TemplateError:
            pass
        joined: list[tuple[_TemplateMessage, str]] = []
        for one in entries:
            role = "user" if one.role == "system" and not self._system_role else one.role
            one = replace(one, role=role)
            if joined and joined[-1][0].role == role:
                joined[-1] = (joined[-1][0], joined[-1][1] + "\n\n" + one.mark)
            else:
                joined.append((one, one.mark))
        return self._jinja([_given(one, content) for one, content in joined], given, answer)

    def _cut_out(
        self, text: str, entries: Sequence[_TemplateMessage], follows: bool, emitted: str
    ) -> list[Part]:
        start = _behind(text, entries[-2].mark) if follows else 0
        end = _behind(text, entries[-1].mark)
        if end - len(entries[-1].mark) < start:
            raise TemplateError(message("llm.template.changes_order"))
        joint = text[start : end - len(entries[-1].mark)]
        if self._nonce in joint:
            raise TemplateError(message("llm.template.repeats"))
        parts = [(_without(joint, emitted), True), *entries[-1].parts]
        return [part for part in parts if part[0]]

    def _jinja(self, messages: Sequence[Mapping[str, object]], tools: Sequence[Tool], answer: bool) -> str:
        listed = [tool_schema(tool) for tool in tools] or None
        return self.renderer.render(
            messages=list(messages), tools=listed, add_generation_prompt=answer, **self._special
        )

    # What the template can do.

    def _lists_tools(self) -> bool:
        if "tools" not in self._source:
            return False
        name = f"f{self._nonce}"
        talk = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
        try:
            return name in self._jinja(talk, [Tool(name, "")], False)
        except TemplateError:
            return False

    def _takes_system(self) -> bool:
        mark = f"s{self._nonce}"
        talk = [{"role": "system", "content": mark}, {"role": "user", "content": "u"}]
        try:
            return mark in self._jinja(talk, (), False)
        except TemplateError:
            return False


def _given(one: _TemplateMessage, content: str) -> dict[str, object]:
    given: dict[str, object] = {"role": one.role, "content": content}
    if one.role == "tool":
        given |= {"name": one.name, "tool_call_id": one.call}
    return given


def _behind(text: str, mark: str) -> int:
    place = text.rfind(mark)
    if place < 0:
        raise TemplateError(message("llm.template.leaves_out"))
    return place + len(mark)


def _without(text: str, emitted: str) -> str:
    return text[len(emitted) :] if emitted and text.startswith(emitted) else text
