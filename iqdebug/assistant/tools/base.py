"""What a tool is, what it is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from iqdebug.assistant.permissioned_session import PermissionedSession
from iqdebug.assistant.permissions import Decision, Right
from iqdebug.assistant.redaction import Redactor, wrap_untrusted
from iqdebug.assistant.tools.events import Events
from iqdebug.assistant.tools.files import Files
from iqdebug.core.session import Capability
from iqdebug.core.state import Diagnosis, Frame, Snapshot, Thread
from iqdebug.llm.messages import Source, Tool

__all__ = ["LIMIT", "BoundTool", "Result", "ToolContext", "ToolInvocation", "ToolUsageError", "Undo", "cut"]

_MAX_FRAMES = 1_500
LIMIT = 12_000
"""Characters of one result; what is more comes in pages."""


class ToolUsageError(Exception):
    """The call cannot be done as it was made; says in words what would.

    :param data: what the debuggee has to do with it; it is fenced.
    """

    def __init__(self, words: str, data: str = "") -> None:
        super().__init__(words)
        self.data = data


@dataclass(frozen=True, slots=True)
class Undo:
    """:param words: what undoing does, one line.
    :param run: does it, because a person asked; returns what came of it, in words.
    """

    words: str
    run: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """:param text: for the model: masked, what the debuggee wrote in it fenced.
    :param source: what the text is counted under.
    :param summary: for the person, one line.
    :param decisions: which rights above READ it used, and who gave them.
    """

    text: str
    source: Source = "tools"
    summary: str = ""
    undo: Undo | None = None
    failed: bool = False
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What tools look at besides the session.

    :param diagnose: what the evidence says about a snapshot.
    """

    files: Files
    events: Events
    veil: Redactor
    diagnose: Callable[[Snapshot], Diagnosis]
    read_source: Callable[[str], Sequence[str]]


@dataclass(slots=True)
class ToolInvocation:
    """One call under way."""

    session: PermissionedSession
    world: ToolContext
    tool: str

    def data(self, label: str, text: str, limit: int = LIMIT) -> str:
        """Text of the debuggee's, masked, bounded, fenced and labelled."""
        return wrap_untrusted(cut(self.world.veil.scrub(text), limit), label)

    def thread(self, wanted: object = None) -> Thread:
        """By id or name; the one in focus by default.

        :raises Mend: there is none.
        """
        snapshot = self.session.snapshot
        if wanted is None or wanted == "":
            found = snapshot.focused
        else:
            found = next((t for t in snapshot.threads if str(t.id) == str(wanted) or t.name == wanted), None)
        if found is None:
            names = ", ".join(f"{t.id} ({t.name})" for t in snapshot.threads[:20]) or "none"
            raise ToolUsageError(f"there is no thread {str(wanted or '')[:60]}", f"threads: {names}")
        return found

    def frames(self, thread: Thread) -> tuple[Frame, ...]:
        """The thread's frames; of the one in focus also those of the exceptions that led to the one
        that is shown, each under a heading."""
        snapshot = self.session.snapshot
        found = list(thread.frames)
        focused = snapshot.focused
        if focused is None or focused.id != thread.id or snapshot.exception is None:
            return tuple(found)
        known = {f.id for f in found}
        waiting = [snapshot.exception]
        while waiting and len(found) < _MAX_FRAMES:
            error = waiting.pop(0)
            new = [f for f in error.frames if f.id is not None and f.id not in known and f.kind != "label"]
            if new:
                found.append(Frame(f"{error.link or 'raised'}: {error.type}", "", 0, kind="label"))
                found += new
                known.update(f.id for f in new)
            waiting += [*error.chain, *error.members]
        return tuple(found)

    def frame(self, index: int, thread: object = None) -> Frame:
        """By its number in the stack, 0 the innermost.

        :raises Mend: there is none.
        """
        found = self.thread(thread)
        frames = self.frames(found)
        if not 0 <= index < len(frames):
            raise ToolUsageError(
                f"there is no frame {index}: thread {found.id} has frames 0 to {len(frames) - 1}"
            )
        frame = frames[index]
        if frame.kind == "label":
            raise ToolUsageError(
                f"{index} is a heading between the frames of two exceptions; take one beside it"
            )
        return frame

    async def obtain(self, right: Right, action: str, detail: str = "", why: str = "") -> None:
        """Ask for a right at this moment of the process.

        :raises Refused: it was not given.
        :raises Mend: the process has moved on while the person thought about it.
        """
        epoch = self.session.snapshot.epoch
        await self.session.obtain(right, action, detail, why)
        if epoch != self.session.snapshot.epoch:
            raise ToolUsageError(
                "allowed, but the process has moved on meanwhile; nothing was done. Look again first"
            )

    def need(self, capability: Capability) -> None:
        """:raises Mend: the session cannot do it now."""
        reason = self.session.why_not(capability)
        if reason:
            raise ToolUsageError(f"cannot {capability.value} now: {reason}")


Run = Callable[[ToolInvocation, Mapping[str, Any]], Awaitable[Result]]


def _nothing() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class BoundTool:
    """:param right: the highest right that it may use.
    :param asks_itself: it obtains its rights with the exact text, when it comes to it. Else the
        toolbox asks for ``right`` before the call, showing the arguments.
    :param capability: without it the tool is not offered, nor run.
    :param why_not: "" when it is possible now.
    :param by_frame: the names of its arguments that mean a frame of the stack as it was last shown.
    :param seconds: how long a call may take, without the person's time.
    """

    tool: Tool
    right: Right
    run: Run
    asks_itself: bool = False
    capability: Capability | None = None
    why_not: Callable[[], str] = field(default=_nothing)
    by_frame: tuple[str, ...] = ()
    seconds: float = 30.0


def cut(text: str, limit: int = LIMIT) -> str:
    """The beginning of a longer text, and how much more there was."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n… {len(text) - limit:,} more characters; ask for less at a time"
