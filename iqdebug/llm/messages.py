"""Messages to and from a model, tools and sampling settings, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from iqdebug.llm.untrusted_json import sound_text

__all__ = ["Message", "Role", "Sampling", "Schema", "Source", "Tool", "ToolCall"]

Schema: TypeAlias = Mapping[str, Any]
"""A JSON schema as it is decoded."""

Role = Literal["system", "user", "assistant", "tool"]

# What a block of the window is counted under in the meter.
Source = Literal["system", "evidence", "values", "logs", "chat", "tools", "ledger"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """:param id: unique within the conversation; the result names it.
    :param arguments: valid against the tool's schema when it comes from a backend, unless there is a
        ``problem``.
    :param problem: why it cannot be run, for the model; without a full stop. "" for a call that can be.
    :param written: the text of a call that could not be read.
    """

    id: str
    name: str
    arguments: Mapping[str, object]
    problem: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """:param thinking: what a thinking model thought before it; never sent again by a template that
        drops earlier thoughts.
    :param tool_call_id: of a ``tool`` message: the call that it answers.
    :param name: of a ``tool`` message: the tool.
    """

    role: Role
    content: str
    source: Source = "chat"
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        """Replace lone surrogates, which cannot be encoded as UTF-8."""
        for field_name in ("content", "thinking"):
            object.__setattr__(self, field_name, sound_text(getattr(self, field_name)))


@dataclass(frozen=True, slots=True)
class Tool:
    """:param parameters: a JSON schema of type object."""

    name: str
    description: str
    parameters: Schema = field(default_factory=lambda: {"type": "object", "properties": {}})


@dataclass(frozen=True, slots=True)
class Sampling:
    """:param max_tokens: of one reply, thinking included.
    :param seed: None for a different answer each time.
    """

    temperature: float = 0.6
    top_p: float = 0.85
    top_k: int = 20
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    max_tokens: int = 4096
    seed: int | None = None
