"""What a tool is, what it is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from iqdebug.assistant.permissioned_session import PermissionedSession
from iqdebug.assistant.permissions import Decision, Right
from iqdebug.assistant.redaction import Redactor, wrap_untrusted
from iqdebug.assistant.tools.events import Events
from iqdebug.assistant.tools.files import Files
from iqdebug.assistant.tools.workbench import Workbench
from iqdebug.core.messages import DEFAULT_LANGUAGE, Text, message, render
from iqdebug.core.session import Capability, capability_message
from iqdebug.core.state import Diagnosis, Frame, Snapshot, Thread
from iqdebug.llm.messages import Source, Tool

__all__ = [
    "MAX_RESULT",
    "BoundTool",
    "Result",
    "ToolContext",
    "ToolInvocation",
    "ToolUsageError",
    "Undo",
    "cut",
    "for_model",
    "numbered_frames",
]

MAX_FRAMES = 1_500
MAX_RESULT = 12_000
"""Characters of one result; what is more comes in pages."""
TOOL_TIMEOUT = 30.0
"""Seconds that a call may take, unless its tool says otherwise."""


def for_model(text: Text) -> str:
    """The words as the model reads them: English, whatever language the person reads."""
    return render(text, DEFAULT_LANGUAGE)


class ToolUsageError(Exception):
    """The call cannot be done as it was made; says in words what would.

    :param words: for the model, and for the person as the call's summary.
    :param data: what the debuggee has to do with it, for the model; it is fenced.
    """

    def __init__(self, words: Text, data: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.data = data


@dataclass(frozen=True, slots=True)
class Undo:
    """How a person can take back what a tool did.

    :param words: what undoing does, one line.
    :param run: does it; returns what came of it, in words.
    """

    words: str
    run: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave.

    :param text: for the model: masked, what the debuggee wrote in it fenced.
    :param source: what the text is counted under.
    :param summary_message: for the person, one line.
    :param decisions: which rights above READ it used, and who gave them.
    """

    text: str
    source: Source = "tools"
    summary_message: Text = ""
    undo: Undo | None = None
    failed: bool = False
    decisions: tuple[Decision, ...] = ()

    @property
    def summary(self) -> str:
        return render(self.summary_message)


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What tools look at besides the session.

    :param diagnose: what the evidence says about a snapshot.
    """

    files: Files
    events: Events
    redactor: Redactor
    diagnose: Callable[[Snapshot], Diagnosis]
    read_source: Callable[[str], Sequence[str]]


@dataclass(slots=True)
class ToolInvocation:
    """One call under way."""

    session: PermissionedSession
    context: ToolContext
    tool: str
    _workbench: Workbench | None = None

    @property
    def workbench(self) -> Workbench:
        """Of a tool that declares that it needs one."""
        if self._workbench is None:
            raise RuntimeError(f"{self.tool} does not declare that it needs a workbench")
        return self._workbench

    def data(self, label: str, text: str, limit: int = MAX_RESULT) -> str:
        """Text of the debuggee's, masked, bounded, fenced and labelled."""
        return wrap_untrusted(cut(self.context.redactor.scrub(text), limit), label)

    def thread(self, wanted: str | int | None = None) -> Thread:
        """By id or name; the one in focus by default.

        :raises ToolUsageError: there is none.
        """
        snapshot = self.session.snapshot
        if wanted is None or wanted == "":
            thread = snapshot.focused
        else:
            thread = next((t for t in snapshot.threads if str(t.id) == str(wanted) or t.name == wanted), None)
            if thread is None and str(wanted).lower() in ("main", "mainthread"):
                thread = next((t for t in snapshot.threads if t.is_main), None)
        if thread is None:
            names = ", ".join(f"{t.id} ({t.name})" for t in snapshot.threads[:20]) or "none"
            no_thread = message("assistant.refusal.no_thread", thread=str(wanted or "")[:60])
            raise ToolUsageError(no_thread, f"threads: {names}")
        return thread

    def frames(self, thread: Thread) -> tuple[Frame, ...]:
        """:func:`numbered_frames` of the current stop."""
        return numbered_frames(self.session.snapshot, thread)

    def frame(self, index: int, thread: str | int | None = None) -> Frame:
        """By its number in the stack, 0 the innermost.

        :raises ToolUsageError: there is none.
        """
        of = self.thread(thread)
        frames = self.frames(of)
        if not 0 <= index < len(frames):
            last = len(frames) - 1
            raise ToolUsageError(message("assistant.refusal.no_frame", number=index, thread=of.id, last=last))
        frame = frames[index]
        if frame.kind == "label":
            raise ToolUsageError(message("assistant.refusal.heading", number=index))
        return frame

    async def obtain(self, right: Right, action: Text, detail: str = "", why: Text = "") -> None:
        """Ask for a right at this moment of the process.

        :raises Refused: it was not given.
        :raises ToolUsageError: the process has moved on while the person thought about it.
        """
        epoch = self.session.snapshot.epoch
        await self.session.obtain(right, action, detail, why)
        if epoch != self.session.snapshot.epoch:
            raise ToolUsageError(message("assistant.refusal.moved_on"))

    def require(self, capability: Capability) -> None:
        """:raises ToolUsageError: the session cannot do it now."""
        reason = self.session.why_not(capability)
        if reason:
            action = capability_message(capability)
            raise ToolUsageError(message("assistant.refusal.cannot_now", action=action, reason=reason))


def numbered_frames(snapshot: Snapshot, thread: Thread) -> tuple[Frame, ...]:
    """The thread's frames by the numbers that tools take; of the one in focus also those of the exceptions
    that led to the one that is shown, each under a heading."""
    frames = list(thread.frames)
    focused = snapshot.focused
    if focused is None or focused.id != thread.id or snapshot.exception is None:
        return tuple(frames)
    known = {f.id for f in frames}
    waiting = [snapshot.exception]
    while waiting and len(frames) < MAX_FRAMES:
        error = waiting.pop(0)
        new = [f for f in error.frames if f.id is not None and f.id not in known and f.kind != "label"]
        if new:
            frames.append(Frame(f"{error.link or 'raised'}: {error.type}", "", 0, kind="label"))
            frames += new
            known.update(f.id for f in new)
        waiting += [*error.chain, *error.members]
    return tuple(frames)


@dataclass(frozen=True, slots=True)
class BoundTool:
    """A tool as a model is shown it, bound to the function that runs it. Made by :func:`~.decorator.tool`.

    :param arguments: what the function takes besides the call, as a type to check against.
    :param right: the highest right that it may use.
    :param asks_itself: it obtains its rights itself, with the exact text, when it comes to it. Else the
        toolbox asks for ``right`` before the call, showing the arguments.
    :param capability: without it the tool is not offered, nor run.
    :param by_frame: the names of its arguments that mean a frame of the stack as it was last shown.
    :param timeout: seconds that a call may take; of one that asks itself, its own affair.
    :param workbench: what a tool that acts works on; None of the others.
    """

    spec: Tool
    arguments: type[msgspec.Struct]
    function: Callable[..., Awaitable[Result]]
    right: Right
    asks_itself: bool = False
    needs_workbench: bool = False
    capability: Capability | None = None
    by_frame: tuple[str, ...] = ()
    timeout: float = TOOL_TIMEOUT
    workbench: Workbench | None = None

    def typed(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The function's arguments by name, with defaults.

        :raises ToolUsageError: they are not of the types that it takes.
        """
        try:
            converted = msgspec.convert(arguments, self.arguments)
        except msgspec.ValidationError as error:
            words = message("assistant.refusal.not_run", tool=self.spec.name, problems=[str(error)])
            raise ToolUsageError(words) from None
        return {name: getattr(converted, name) for name in self.arguments.__struct_fields__}

    def run(self, call: ToolInvocation, arguments: Mapping[str, Any]) -> Awaitable[Result]:
        """:param arguments: as :meth:`typed` gives them."""
        return self.function(call, **arguments)


def cut(text: str, limit: int = MAX_RESULT) -> str:
    """The beginning of a longer text, and how much more there was."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n… {len(text) - limit:,} more characters; ask for less at a time"
