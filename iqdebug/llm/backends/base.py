"""The interface of a model, wherever it runs.

A backend holds **one log**: a sequence of blocks to which blocks are added and from which they are removed
only at the end. So what a model has evaluated is always a prefix of the log and stays evaluated. The worker
process (:mod:`iqdebug.llm.backends.local`), HTTP servers (:mod:`iqdebug.llm.backends.http`) and the
scripted backend of the tests implement :class:`Backend`; callers depend only on
:class:`ModelInfo`, never on which one they have.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from iqdebug.core import messages
from iqdebug.core.messages import message
from iqdebug.llm.messages import Message, Sampling, Source, Tool, ToolCall
from iqdebug.llm.speeds import UNKNOWN, Speed

__all__ = [
    "SETS_WINDOW",
    "Backend",
    "Block",
    "Counters",
    "Event",
    "ModelInfo",
    "Prefilling",
    "Progress",
    "ReplyFinished",
    "Text",
    "Thinking",
    "ToolCallEvent",
]

SETS_WINDOW = message("llm.sets_window")
"""Advice for a person; both exist (:mod:`iqdebug.core.config`, :mod:`iqdebug.cli.ask`)."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """:param setting: the URL-like setting it was opened by, ``llama:FILE`` or ``http://host/v1``.
    :param model: the model's name for a person.
    :param where_message: "on this machine", or the host that every byte goes to; ``where`` in words.
    :param remote: bytes leave this machine (a loopback server is not remote).
    :param window: tokens that fit, prompt and reply together.
    :param thinks: thoughts are separated from the answer.
    :param exact: token counts are the model's own tokenizer's, not an upper bound.
    :param chat: False for a Base model: completion only, and ``no_chat_message`` says why;
        ``why_no_chat`` in words.
    :param parameters: of the model; 0 where unknown.
    :param speed: of this model here, as far as it was measured.
    :param patience: seconds to wait for the first token; 0 for a backend that reports its progress
        (:class:`Prefilling`) and is never given up.
    """

    setting: str
    model: str
    where_message: messages.Text
    remote: bool
    window: int
    thinks: bool = False
    exact: bool = True
    chat: bool = True
    no_chat_message: messages.Text = ""
    patience: float = 0.0
    parameters: int = 0
    speed: Speed = UNKNOWN

    @property
    def where(self) -> str:
        return messages.render(self.where_message)

    @property
    def why_no_chat(self) -> str:
        return messages.render(self.no_chat_message)


@dataclass(frozen=True, slots=True)
class Block:
    """One message in the log. ``mark`` is its number: marks increase and are never reused after a cut.

    :param tokens: exactly, or as an upper bound where :attr:`ModelInfo.exact` is false.
    :param partial: an answer that was stopped before its end.
    """

    mark: int
    source: Source
    message: Message
    tokens: int
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Counters:
    """Since the backend was opened. ``evaluated`` counts prompt tokens the model computed, ``reused``
    those it had already, ``generated`` what it answered (a generated token is never evaluated again)."""

    evaluated: int = 0
    reused: int = 0
    generated: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of loading: ``words`` say what is done. ``fraction`` is 0 to 1, None when unknown."""

    message: messages.Text
    fraction: float | None = None

    @property
    def words(self) -> str:
        return messages.render(self.message)


# Events of a reply.


@dataclass(frozen=True, slots=True)
class Prefilling:
    """The prompt is being read: ``done`` of ``total`` new tokens."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Thinking:
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallEvent:
    """A whole call; its arguments are valid against the tool's schema."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class ReplyFinished:
    """The last event. ``block`` is the answer as it now stands at the end of the log.

    :param why: "stop", "calls" (it waits for results), "length" (``max_tokens``), "window" (no room),
        or "cancelled".
    """

    block: Block
    why: str
    counters: Counters
    first_token_seconds: float = 0.0
    seconds: float = 0.0


Event: TypeAlias = Prefilling | Thinking | Text | ToolCallEvent | ReplyFinished


class Backend(Protocol):
    """One model with one log. All coroutines belong to one event loop.

    Raises :class:`~iqdebug.core.errors.ModelError` (what, why, what to do next) for expected failures: the
    worker died, out of memory, a server that is down or refuses, a window that is full. After the
    worker's death the log is still here: :meth:`start` evaluates it again.
    """

    @property
    def about(self) -> ModelInfo:
        """Complete only after :meth:`start`."""

    @property
    def blocks(self) -> tuple[Block, ...]: ...

    @property
    def used(self) -> int:
        """Tokens of the whole log."""

    @property
    def counters(self) -> Counters: ...

    async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Load the model, or reach the server. Idempotent."""

    async def open(self, system: str, tools: Sequence[Tool] = ()) -> Block:
        """Begin an empty log with the system prompt and the tools the model may call."""

    async def append(self, message: Message) -> Block:
        """Add a message at the end, unread. Stops a background prefill that is under way, at its
        next batch, and keeps what it has evaluated."""

    async def count(self, text: str) -> int:
        """The tokens of a text, as :attr:`Block.tokens` counts."""

    async def cut(self, mark: int) -> None:
        """Remove the block ``mark`` and all that follow. What is before stays evaluated."""

    def prefill(self) -> AsyncIterator[Prefilling]:
        """Evaluate the log's unread end, batch by batch, ahead of a question. Ends by itself when done or
        as soon as :meth:`append`, :meth:`cut` or :meth:`reply` is called. A server that cannot
        do it yields nothing."""

    def reply(self, sampling: Sampling, *, calls: bool = True) -> AsyncIterator[Event]:
        """Have the model answer. Ends with :class:`ReplyFinished`, also after :meth:`cancel`. The model may
        call the tools of :meth:`open`; the caller appends their results and asks for a reply again.

        :param calls: False: it may not call any.
        """

    async def complete(self, prefix: str, suffix: str = "", sampling: Sampling | None = None) -> str:
        """A plain completion outside the log, short (``max_tokens``). The log's cache survives it."""

    async def cancel(self) -> None:
        """Stop a reply or prefill within a batch. The partial answer stays as a partial block."""

    async def save(self, path: Path) -> None:
        """The log and, where the backend has it, the model's state, so that :meth:`load` needs to evaluate
        nothing again. Written atomically, mode 0600."""

    async def load(self, path: Path) -> None:
        """:raises ModelError: it is damaged, or of another model. The log is then as before."""

    async def close(self) -> None:
        """End the worker or the connection. Never raises; idempotent."""
