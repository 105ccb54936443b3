"""`ask` and `resume`: a model's answer, and the conversations that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iqdebug.cli.documents.base import Document, Part

if TYPE_CHECKING:
    from iqdebug.workflows.ask import AskResult

__all__ = ["Call", "Conversation", "Conversations", "Mark", "Proposal", "Reply", "Tokens", "reply_document"]


class Call(Part, frozen=True):
    """A tool that the model used: what it asked for, who ``allowed`` it, and the result."""

    call: str
    allowed: str
    result: str


class Proposal(Part, frozen=True):
    """A change of a file that the model proposed. Nothing was changed."""

    title: str
    diff: str


class Tokens(Part, frozen=True):
    """Of the model's window; 0 where unknown."""

    used: int
    context: int


class Mark(Part, frozen=True):
    """A statement of the answer that contradicts what is known of the stop: the ``claim`` as it stands in the
    answer, without emphasis, what is so instead in ``words``, and the offset ``at`` of the end of its
    sentence, in characters of ``answer``."""

    claim: str
    words: str
    at: int


class Reply(Document, frozen=True, tag="iqdebug/reply/1"):
    """A model's ``answer`` to a question, in Markdown. ``marks`` are what of it is known not to be so; that
    there are none does not say that it is right. ``where`` names the host that every byte went to;
    ``remote`` says that it is another machine."""

    question: str
    answer: str
    marks: list[Mark]
    thinking: str
    calls: list[Call]
    proposals: list[Proposal]
    notes: list[str]
    model: str
    where: str
    remote: bool
    tokens: Tokens


class Conversation(Part, frozen=True):
    """``number`` is what `iqdebug resume NUMBER` takes. It is about a crash file, or about the process
    ``pid``, of which ``runs`` says whether it still does; what does not apply is null. ``saved`` counts
    seconds since the Unix epoch."""

    number: int
    saved: float
    title: str
    questions: int
    setting: str
    crash_file: str | None
    pid: int | None
    command: str
    runs: bool | None


class Conversations(Document, frozen=True, tag="iqdebug/conversations/1"):
    """The conversations that can be resumed, the newest first."""

    conversations: list[Conversation]


def reply_document(result: AskResult) -> Reply:
    return Reply(
        question=result.question,
        answer=result.answer,
        marks=[Mark(claim=m.claim, words=m.words, at=m.at) for m in result.marks],
        thinking=result.thinking,
        calls=[Call(call=call.text, allowed=call.words, result=call.detail) for call in result.calls],
        proposals=[Proposal(title=diff.text, diff=diff.detail) for diff in result.diffs],
        notes=list(result.notes),
        model=result.standing.model,
        where=result.standing.where,
        remote=result.standing.remote,
        tokens=Tokens(used=result.standing.used, context=result.standing.window),
    )
