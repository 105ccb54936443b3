"""The assistant of one debug session: a conversation with its tools, rights and commands.

It is told of sessions and stops, and of what a person says; what comes of it is in the transcript. It
works without a model too: then questions are answered by what the evidence alone can say.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from iqdebug.assistant.actions.rerun import project_root
from iqdebug.assistant.conversation import Conversation, ToolOutcome
from iqdebug.assistant.last_stop import remembering
from iqdebug.assistant.mentions import Mentions
from iqdebug.assistant.pending_edits import PendingEdits
from iqdebug.assistant.permissions import Answer, Gate, Policy, Request
from iqdebug.assistant.prompts import follow_ups, system_prompt
from iqdebug.assistant.redaction import RULE, Redactor, wrap_untrusted
from iqdebug.assistant.tools.base import BoundTool
from iqdebug.assistant.tools.toolbox import Toolbox
from iqdebug.assistant.transcript import Entry, ModelStatus, Transcript
from iqdebug.core.errors import IqdebugError, NotAvailable
from iqdebug.core.session import Capability, DebugSession
from iqdebug.core.state import Diagnosis, Frame, LogRecord, Origin, Phase, Snapshot, Variable
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.folder import put
from iqdebug.crash.variables import children_of
from iqdebug.diagnosis.prompt.delta import packed_delta
from iqdebug.diagnosis.prompt.pack import packed
from iqdebug.llm.messages import Sampling, ToolCall
from iqdebug.llm.window.saved_conversation import PROCESS, SavedConversation, keep, taken_up
from iqdebug.llm.window.window import Window
from iqdebug.system.readable_files import below, real_path

__all__ = ["AssistantSession", "Consent", "DebuggeeContext", "UiContext"]

Consent = Literal["no", "once", "session"]
_EVIDENCE = 16_000  # tokens of the first stop's evidence at most
_SHARE = 6  # of the window that a stop's evidence takes at most: one in
_DELTA = 3_000
_CHILDREN = 200
_LINES_BEFORE = 40
_SETTLES = 0.15  # seconds
_TRY = "`iqdebug run`, `iqdebug diagnose -- COMMAND` and `python -m iqdebug.capture` catch one"
_STOPPED = (Phase.PAUSED, Phase.CRASHED)


class UiContext(Protocol):
    """What may be known of the screen, and asked of the person; see
    :class:`iqdebug.tui.controllers.chat.ScreenContext`."""

    @property
    def frame(self) -> Callable[[], Frame | None]: ...

    @property
    def variables(self) -> Callable[[], Sequence[Variable]]: ...

    @property
    def logs(self) -> Callable[[], Sequence[LogRecord]]: ...

    @property
    def consent(self) -> Callable[[str, str, str, str, bool], Awaitable[Consent]]: ...

    @property
    def put(self) -> Callable[[str], None]: ...

    @property
    def copy(self) -> Callable[[str], None]: ...


@dataclass(frozen=True, slots=True)
class DebuggeeContext:
    """What stands behind the session.

    :param crash: of a recording.
    :param project: the folder the person works in.
    :param read_source: the lines of a file that the recording holds.
    :param identity: tells a process from every other that had or will have its number; "" for one that
        is gone.
    """

    crash: Crash | None = None
    project: str = ""
    read_source: Callable[[str], Sequence[str]] = lambda path: ()
    identity: Callable[[int], str] = lambda pid: ""


@dataclass
class StopContext:
    """The stop that is spoken of."""

    snapshot: Snapshot
    diagnosis: Diagnosis


@dataclass(slots=True)
class _ActiveSession:
    session: DebugSession
    eyes: UiContext
    gate: Gate
    toolbox: Toolbox
    mentions: Mentions
    conversation: Conversation | None = None
    told: Snapshot | None = None
    told_before: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class _StopUpdate:
    moment: StopContext
    key: str
    text: str


Command = Callable[["AssistantSession", str], Awaitable[None]]


class AssistantSession:
    """Implements iqdebug.tui.controllers.chat.Companion.

    :param window: the model's window, None for no model.
    :param commands: what ``/name`` does, by name, with a line of help.
    :param extra: further tools, made for this desk.
    :param shelf: the folder in which conversations are kept; None keeps none.
    :param kept: the conversation that goes on.
    """

    def __init__(
        self,
        window: Window | None,
        known: DebuggeeContext,
        *,
        commands: dict[str, tuple[str, Command]],
        extra: Callable[[AssistantSession], Sequence[BoundTool]] = lambda desk: (),
        policy: Policy | None = None,
        sampling: Sampling | None = None,
        veil: Redactor | None = None,
        shelf: Path | None = None,
        kept: SavedConversation | None = None,
    ) -> None:
        self.window = window
        self.known = known
        self.transcript = Transcript()
        self.veil = veil if veil is not None else Redactor()
        self.moment_now: StopContext | None = None
        self.work = PendingEdits()
        self._commands = commands
        self._extra = extra
        self._policy = policy or Policy()
        self._sampling = sampling or Sampling()
        self._place: _ActiveSession | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._commanded: set[str] = set()
        self._shelf = shelf
        self._kept = kept
        self._target = kept.target if kept is not None else ""
        self._telling = asyncio.Lock()
        self._kept_crash: tuple[tuple[DebugSession, int], Crash] | None = None
        self._seen: StopContext | None = None  # the last stop, or the first look where nothing has stopped
        if kept is not None:
            with contextlib.suppress(msgspec.ValidationError):
                self.transcript.restore(msgspec.convert(list(kept.flow), list[Entry]))

    # the session

    def begin(self, session: DebugSession, screen: UiContext) -> None:
        """A session is there, or another one: its conversation begins anew, the flow stays."""
        gate = Gate(self._policy, self._ask)
        crash = self.known.crash
        if crash is not None:
            self.veil.learn_environment(crash.environ)
        toolbox = Toolbox(
            session,
            gate,
            veil=self.veil,
            read_source=self.known.read_source,
            recorded=list(crash.sources) if crash is not None else None,
            project=Path(self.known.project) if self.known.project else None,
            diagnose=self._diagnosis_of,
            extra=self._extra(self),
        )
        read = toolbox.world.read_source
        mentions = Mentions(lambda: session.snapshot, screen.frame, screen.variables, screen.logs, read)
        if self._place is not None:
            self._place.toolbox.close()
        self._place = _ActiveSession(session, screen, gate, toolbox, mentions)
        self._seen = None
        if crash is not None:
            self._target = str(crash.path.resolve())
        elif session.snapshot.origin is not Origin.RECORDED:
            identity = self.known.identity(session.snapshot.pid)
            self._target = f"{PROCESS}{identity}" if identity else ""
        if self.window is None:
            self.transcript.stand(ModelStatus(words="no model: /help lists what works without one"))
            return
        self._place.conversation = Conversation(
            self.window,
            self.transcript,
            system=system_prompt(session.snapshot, RULE),
            tools=toolbox.ever,
            run_call=self._run,
            sampling=self._sampling,
        )
        place = self._place
        self._place.conversation.untold = lambda: self._before_a_question(place)
        if self._kept is not None:
            window, kept, self._kept = self.window, self._kept, None
            self._place.conversation.take_up = lambda: taken_up(window, kept)
            if session.snapshot.origin is Origin.RECORDED:
                self._place.told = session.snapshot  # it was told of it then
        self._later(self._start(self._place.conversation))

    async def _start(self, conversation: Conversation) -> None:
        await conversation.start()
        self._suggest()

    def _diagnosis_of(self, snapshot: Snapshot) -> Diagnosis:
        now = self.moment_now
        if now is not None and now.snapshot.epoch == snapshot.epoch:
            return now.diagnosis
        return Diagnosis("not examined yet", "no clear suspect")

    @property
    def conversation(self) -> Conversation | None:
        return self._place.conversation if self._place is not None else None

    @property
    def gate(self) -> Gate | None:
        return self._place.gate if self._place is not None else None

    @property
    def eyes(self) -> UiContext | None:
        return self._place.eyes if self._place is not None else None

    @property
    def session(self) -> DebugSession | None:
        return self._place.session if self._place is not None else None

    @property
    def root(self) -> str:
        """The folder of the project whose code is spoken of; "" where it is not on this machine."""
        if self._place is None:
            return ""
        roots = self._place.toolbox.world.files.reach.roots
        if self.known.crash is not None:
            real = real_path(project_root(self.known.crash))
            return real if any(below(real, r) for r in roots) else next(iter(roots), "")
        own = [real_path(path) for path in self.own_files]
        return next((r for path in own for r in roots if below(path, r)), next(iter(roots), ""))

    @property
    def read_source(self) -> Callable[[str], Sequence[str]]:
        """A file's lines, of those that a model may read."""
        return self._place.toolbox.world.read_source if self._place is not None else self.known.read_source

    def why_not_read(self, path: str) -> str:
        """Why a model may not read the file; "" when it may."""
        return self._place.toolbox.world.files.why_not(path) if self._place is not None else ""

    def root_to_run(self, crash: Crash) -> str:
        """The folder of the project that is copied to run the recorded command in it.

        :raises NotAvailable: the recorded program is not of the project that the person works in.
        """
        own = project_root(crash)
        roots = self._place.toolbox.world.files.reach.roots if self._place is not None else ()
        if own and any(below(own, root) for root in roots):
            return own
        raise NotAvailable(
            "The recorded program is not of the project that you work in",
            f"It lies in {own}" if own else "Its files are not on this machine",
            "Stand in its folder, or name it: --project DIR",
        )

    @property
    def own_files(self) -> list[str]:
        """The person's own files on the stack that is spoken of, innermost first."""
        thread = self.moment_now.snapshot.focused if self.moment_now is not None else None
        frames = thread.frames if thread is not None else ()
        return list(dict.fromkeys(f.path for f in frames if f.kind == "user"))

    async def crash(self, what: str) -> Crash:
        """The crash that is spoken of: the recording, or a file of the exception at which the process
        stands, which is written for it.

        :param what: is said to need it.
        :raises NotAvailable: it stands at none.
        :raises IqdebugError: it cannot be written.
        """
        if self.known.crash is not None:
            return self.known.crash
        session = self.session
        why = session.why_not(Capability.RECORD) if session is not None else "not attached"
        if session is None or why or session.snapshot.exception is None:
            why = why or "the process stands at no exception"
            raise NotAvailable(f"{what} needs a crash that can be repeated", why, _TRY)
        key = (session, session.snapshot.epoch)
        if self._kept_crash is None or self._kept_crash[0] != key:
            self._kept_crash = key, open_crash(await self.keep_stop(session))
        return self._kept_crash[1]

    async def keep_stop(self, session: DebugSession) -> Path:
        """Write a crash file of the stop, and say where it lies.

        :raises IqdebugError: that cannot be done.
        """
        path = await asyncio.to_thread(put, *await session.record())
        self.note(f"kept as a crash file; iqdebug open {path}")
        return path

    def moment(self, snapshot: Snapshot, diagnosis: Diagnosis) -> None:
        """A stop and what the evidence says of it, or more of what is known of it; it is read in the
        background."""
        place = self._place
        self.moment_now = StopContext(snapshot, diagnosis)
        if snapshot.phase in _STOPPED or (self._seen is None and snapshot.threads):
            self._seen = self.moment_now
        if place is None:
            return
        self._suggest()
        if place.conversation is not None:
            self._later(self._tell(place, place.conversation, _SETTLES))

    def _suggest(self) -> None:
        """Offer, behind everything, what may be said next; not while an answer still grows."""
        now = self.moment_now
        if now is None or (self.conversation is not None and self.conversation.busy):
            return
        self._withdraw()
        said = {e.text for e in self.transcript.entries if e.kind == "question"}
        offers = follow_ups(now.snapshot, now.diagnosis, said | self._commanded)
        if offers:
            self.transcript.add("note", "to ask", offers=tuple(self.veil.scrub(o) for o in offers))

    def _withdraw(self) -> None:
        last = self.transcript.entries[-1:]
        if last and last[0].offers:
            self.transcript.cut(last[0].id - 1)

    async def _tell(self, place: _ActiveSession, conversation: Conversation, wait: float = 0.0) -> None:
        """Tell the model of the present stop what it does not know yet. What is known of a stop comes in
        pieces: ``wait`` seconds are given to them."""
        if not await conversation.loaded():
            return
        await asyncio.sleep(wait)
        async with self._telling:
            if conversation.busy:
                return  # it is told before the next question
            news = await self._news(place, conversation.drop_unread)
            if news is None or self.moment_now is not news.moment:
                return  # more has come: that is told
            if await conversation.tell(news.key, news.text):
                _told(place, news)

    async def _before_a_question(self, place: _ActiveSession) -> tuple[str, str] | None:
        """What must stand before the question that is about to be put."""
        assert self.window is not None
        news = await self._news(place, self.window.drop_unread)
        if news is None:
            return None
        _told(place, news)
        return news.key, news.text

    async def _news(self, place: _ActiveSession, drop: Callable[[], Awaitable[bool]]) -> _StopUpdate | None:
        """The evidence of the present stop, or what changed since the model was told, where there is
        something. Evidence that nobody has begun to read gives way to it."""
        now = self.moment_now
        if now is None or self._place is not place:
            return None
        if place.told is not None and not _says_more(now.snapshot, place.told):
            return None
        running = now.snapshot.phase in (Phase.RUNNING, Phase.CONNECTING)
        if place.told is not None and running and now.diagnosis.confidence == "no clear suspect":
            return None  # that it runs on is no news
        if await drop():
            place.told = place.told_before
        text = await asyncio.to_thread(self.evidence, now.snapshot, now.diagnosis, place.told)
        return _StopUpdate(now, f"stop {now.snapshot.epoch}", text)

    def evidence(self, snapshot: Snapshot, diagnosis: Diagnosis, earlier: Snapshot | None = None) -> str:
        """What a model is told of a stop: masked, fenced, within a share of the window."""
        self.veil.learn_snapshot(snapshot)
        about = self.window.about if self.window is not None else None
        room = min(_EVIDENCE, about.window // _SHARE) if about is not None and about.window else _EVIDENCE
        read, crash = self.read_source, self.known.crash
        if earlier is not None and _goes_on_from(snapshot, earlier):
            found = packed_delta(snapshot, earlier, diagnosis, read_source=read, budget=min(_DELTA, room))
        else:
            place = self._place

            def children(reference: int) -> Sequence[Variable]:
                return list(itertools.islice(children_of(crash, reference), _CHILDREN)) if crash else ()

            found = packed(
                snapshot,
                diagnosis,
                read_source=read,
                budget=room,
                children=children,
                logs=place.eyes.logs() if place is not None else (),
                diff=(crash.git.diff, crash.git.root) if crash is not None and crash.git else ("", ""),
            )
        return wrap_untrusted(self.veil.scrub(found.text), f"evidence of stop {snapshot.epoch}")

    # what the person says

    async def said(self, text: str) -> None:
        """A question, or a command that begins with ``/``. What may be said next is offered behind it."""
        self._withdraw()
        await self._said(text)
        self._suggest()

    async def _said(self, text: str) -> None:
        if text.startswith("/") and not text.startswith("//"):
            name, _, rest = text[1:].partition(" ")
            found = self._commands.get(name)
            if found is None:
                self.note(f"there is no /{name}; /help lists what there is")
                return
            self._commanded.add(f"/{name}")
            try:
                await found[1](self, rest.strip())
            except IqdebugError as error:
                self.transcript.add("error", "\n".join(error.lines()))
            return
        await self.question(text)

    async def question(self, text: str, shown: str = "") -> None:
        place = self._place
        if place is None:
            self.note("there is no process yet to speak of")
            return
        conversation = place.conversation
        if conversation is None:
            self.transcript.add("question", shown or text)
            self.note(
                "no model was chosen: `iqdebug models` says how. By itself iqdebug answers /why, /explain, "
                "/fix, /test, /verify, /watch and /scan"
            )
            return
        if conversation.busy:
            self.note("the model is still answering; Esc stops it")
            return
        mentioned = place.mentions.expand(text)
        for unknown in mentioned.unknown:
            self.note(f"{unknown} is not known here")
        besides = (
            wrap_untrusted(self.veil.scrub(mentioned.text), "what the question names")
            if mentioned.text
            else ""
        )
        conversation.ask(self.veil.scrub(text), besides, shown)
        await conversation.finished()
        await self._tell(place, conversation)
        conversation.read_ahead()

    def completions(self, text: str) -> Sequence[str]:
        word = text.rpartition(" ")[2]
        if word.startswith("/") and word == text:
            return [f"/{name}" for name in self._commands if f"/{name}".startswith(word)]
        return self._place.mentions.completions(text) if self._place is not None else ()

    async def completed(self, before: str, after: str) -> str:
        """How the model would go on with an expression in the selected frame; "" while it is not there
        or has other things to do."""
        place, conversation = self._place, self.conversation
        if self.window is None or place is None or conversation is None:
            return ""
        if conversation.busy or not conversation.started:
            return ""
        frame = place.eyes.frame()
        lines: list[str] = []
        if frame is not None and frame.path:
            with contextlib.suppress(OSError, ValueError):
                source = self.read_source(frame.path)
                lines = [str(t).rstrip() for t in source[max(frame.line - _LINES_BEFORE, 0) : frame.line]]
        seen = [v for v in place.eyes.variables()[:20] if v.kind != "group"]
        self.veil.learn(seen)
        values = [f"# {v.name} = {self.veil.value_of(v)[:80]}" for v in seen]
        prefix = self.veil.scrub("\n".join([*lines, *values, before]))
        found = await self.window.complete(prefix, after)
        return found.splitlines()[0].rstrip() if found.strip() else ""

    async def taking_back(self, work: Awaitable[object]) -> None:
        """What cuts the end of the conversation. Evidence that went with it is told again."""
        before = self._evidence()
        await work
        if self._evidence() < before and self._place is not None:
            self._place.told = self._place.told_before = None

    def _evidence(self) -> int:
        return (
            sum(i.message.source == "evidence" for i in self.window.items) if self.window is not None else 0
        )

    def help_lines(self) -> list[str]:
        return [f"/{name:<10} {words}" for name, (words, _) in self._commands.items()]

    def note(self, text: str, detail: str = "") -> None:
        self.transcript.add("note", text, detail=detail)

    async def stop(self) -> None:
        if self.conversation is not None:
            await self.conversation.stop()

    async def settled(self) -> None:
        """When the model is there and has been told of the stop, or has failed."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._place is not None:
            self._place.toolbox.close()
        if self.conversation is not None:
            await self.conversation.rest()
            await self._keep(self.conversation)
            await self.conversation.close()
        elif self.window is not None:
            await self.window.close()

    async def _keep(self, conversation: Conversation) -> None:
        """A conversation with questions in it can go on another day."""
        if self._shelf is None or not self._target or self.window is None or not conversation.started:
            return
        asked = [e for e in self.transcript.entries if e.kind == "question"]
        if not asked:
            return
        flow = [
            msgspec.to_builtins(replace(e, running=False)) for e in self.transcript.entries if not e.offers
        ]
        with contextlib.suppress(OSError, IqdebugError):
            words, moment = "", b""
            if self.known.crash is None and self._seen is not None:
                words = self._seen.snapshot.command
                moment = remembering(self._seen.snapshot, self._seen.diagnosis)
            title = asked[0].text[:80]
            await keep(self.window, self._target, title, flow, self._shelf, len(asked), words, moment)

    # what the model does

    async def _run(self, call: ToolCall) -> ToolOutcome:
        assert self._place is not None
        result = await self._place.toolbox.run(call)
        by = ", ".join(dict.fromkeys(d.by for d in result.decisions)) or "rule"
        return ToolOutcome(
            text=result.text,
            summary=result.summary,
            source=result.source,
            by=by,
            failed=result.failed,
            undo=result.undo.words if result.undo is not None else "",
            run_undo=result.undo.run if result.undo is not None else None,
        )

    async def _ask(self, request: Request) -> Answer:
        eyes = self.eyes
        if eyes is None:
            return Answer.NO
        standing = self.transcript.standing
        self.transcript.stand(
            ModelStatus(
                "asking",
                "waiting for your consent",
                standing.model,
                standing.where,
                standing.remote,
                standing.used,
                standing.window,
            )
        )
        try:
            given = await eyes.consent(
                request.action, request.right.value, request.detail, request.why, request.may_hold
            )
        finally:
            self.transcript.stand(standing)
        return Answer(given)

    async def agreed(self, action: str, right: str, detail: str, why: str = "") -> bool:
        """Ask the person about something that a command of theirs is about to do."""
        eyes = self.eyes
        return eyes is not None and await eyes.consent(action, right, detail, why, False) != "no"

    def _later(self, work: Awaitable[object]) -> None:
        task: asyncio.Task[object] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _told(place: _ActiveSession, news: _StopUpdate) -> None:
    place.told_before, place.told = place.told, news.moment.snapshot
    place.toolbox.moment_shown()


def _says_more(snapshot: Snapshot, told: Snapshot) -> bool:
    """Whether it is another stop, or the same one of which more is known."""
    if (snapshot.pid, snapshot.epoch, snapshot.phase) != (told.pid, told.epoch, told.phase):
        return True
    if (snapshot.exception is None) != (told.exception is None):
        return True
    return _known_frames(snapshot) > _known_frames(told)


def _known_frames(snapshot: Snapshot) -> int:
    thread = snapshot.focused
    return sum(f.locals is not None for f in thread.frames) if thread is not None else 0


def _goes_on_from(snapshot: Snapshot, told: Snapshot) -> bool:
    """Whether what changed is enough to say: not after a look at a running process, and not of the stop
    at which an exception comes up."""
    if told.pid != snapshot.pid or told.phase not in _STOPPED:
        return False
    return snapshot.exception is None or told.exception is not None
