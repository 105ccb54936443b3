"""Frozen values that cross package borders. Standard library only.

Everything a screen, a ranking, a prompt or a JSON document shows about a target is a function
of these values, so two views of one moment cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from iqdebug.core.attachability import Attachability
from iqdebug.core.evidence import AnomalyKind, Confidence, HopKind, Replacement
from iqdebug.core.messages import Message, Text, confidence_message, hop_message, render

__all__ = [
    "Anomaly",
    "Breakpoint",
    "Call",
    "CodePlace",
    "Completion",
    "Diagnosis",
    "EvaluateResult",
    "ExceptionInfo",
    "Frame",
    "FrameKind",
    "Gil",
    "LogRecord",
    "Origin",
    "Phase",
    "ProcessInfo",
    "Snapshot",
    "Step",
    "StopCause",
    "Suspect",
    "Task",
    "Thread",
    "ThreadState",
    "Variable",
    "VariableState",
]


class Phase(str, Enum):
    """Where a session stands. Exactly one holds at any time; the Session alone changes it."""

    CONNECTING = "connecting"
    RUNNING = "running"
    PAUSED = "paused"
    CRASHED = "crashed"  # paused on an uncaught exception, or read from a crash file
    DETACHED = "detached"
    ENDED = "ended"

    @property
    def is_stopped(self) -> bool:
        """Whether the target stands still, so that its frames can be looked into."""
        return self in (Phase.PAUSED, Phase.CRASHED)


class StopCause(str, Enum):
    """Why a target stands still, for code; a snapshot's ``reason`` says it to people."""

    UNKNOWN = ""
    PAUSE = "pause"  # somebody asked it to stop
    STEP = "step"
    BREAKPOINT = "breakpoint"
    EXCEPTION = "exception"
    JUMP = "jump"
    ENTRY = "entry"  # at the program's first line


class Origin(str, Enum):
    """How a snapshot was taken."""

    PEEK = "peek"  # read from outside: nothing stopped, nothing injected
    LIVE = "live"  # read inside the running target by the attached agent
    DAP = "dap"  # read from a paused target
    RECORDED = "recorded"  # read from a crash file


class ThreadState(str, Enum):
    RUNNING = "running"  # on a CPU, or ready to be
    WAITING = "waiting"  # blocked in a system call, a lock, a selector or a sleep
    PAUSED = "paused"  # held by the debugger
    UNKNOWN = "unknown"


class Gil(str, Enum):
    """A thread's relation to the global interpreter lock at the moment of the look."""

    HOLDS = "holds"
    WAITS = "waits"
    NONE = "none"
    UNKNOWN = "unknown"


FrameKind = Literal["user", "library", "stdlib", "label"]
"""``user``: the person's own code; ``library``: installed packages; ``stdlib``: the standard
library and frozen modules; ``label``: not a frame at all but a heading in the stack, such as
the one debugpy puts before the frames of a chained exception."""

VariableState = Literal["ok", "cut", "slow", "raised", "lazy"]
"""``cut``: the text is a prefix of the value; ``slow``: reading it passed its deadline;
``raised``: reading it raised, ``value`` says what; ``lazy``: not read, because reading it would
run code of the target (a property)."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One named value as text.

    ``reference`` > 0 means that it has children, to be had from the session for as long as the
    snapshot's epoch is current. ``size`` is the number of elements, where the value has that.
    ``evaluate_name`` is an expression that yields the value in the frame it was listed for.
    """

    name: str
    value: str
    type: str = ""
    reference: int = 0
    size: int | None = None
    state: VariableState = "ok"
    kind: Literal["local", "argument", "global", "item", "attribute", "property", "group"] = "local"
    evaluate_name: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function that an expression of a frame's code stands for, as the objects in the frame
    decided it: ``shape.area`` → ``Circle.area``, whose code starts at ``line`` of ``path``."""

    expression: str
    path: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a stack. ``line`` counts from 1 (0: unknown).

    ``id`` is valid only together with the epoch of the snapshot that holds it: debugpy reuses
    frame ids. ``locals`` is None when they have not been read (yet), () when there are none.
    ``span`` is what the interpreter was evaluating, where it can tell (3.11 and later): first and
    last line from 1, start and end column as byte offsets from 0. ``first_line`` is where the
    function's code starts (0: unknown). ``calls`` is what it may call, where that was recorded.
    """

    name: str
    path: str
    line: int
    id: int | None = None
    kind: FrameKind = "user"
    module: str = ""
    locals: tuple[Variable, ...] | None = None
    span: tuple[int, int, int, int] | None = None
    first_line: int = 0
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """``id`` identifies the thread within its origin (DAP thread id, or OS thread id for a
    peek); ``os_id`` is the kernel's id, ``ident`` what ``threading.get_ident`` gives in it.
    ``frames`` run from innermost to outermost; ``frames_total`` says how many there are when only
    the first were read."""

    id: int
    name: str
    os_id: int | None = None
    state: ThreadState = ThreadState.UNKNOWN
    gil: Gil = Gil.UNKNOWN
    frames: tuple[Frame, ...] = ()
    frames_total: int | None = None
    is_main: bool = False
    wait_message: Text = ""  # what it waits for, where that can be told
    is_greenlet: bool = False  # suspended: the one that runs is its thread's stack
    ident: int | None = None

    @property
    def wait(self) -> str:
        return render(self.wait_message)

    @property
    def wait_names_gil(self) -> bool:
        """Whether what it waits for already says how it stands with the interpreter lock."""
        message = self.wait_message
        return isinstance(message, Message) and message.id in ("wait.for_gil", "wait.holding_gil")


@dataclass(frozen=True, slots=True)
class Task:
    """An asyncio task. ``frames`` run from innermost to outermost of its suspended coroutine."""

    name: str
    coroutine: str
    state: Literal["pending", "running", "done", "cancelled"]
    frames: tuple[Frame, ...] = ()
    awaiting: str = ""
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExceptionInfo:
    """``type`` is the qualified name without builtins; ``uncaught`` says whether any code would
    have handled it. ``chain`` holds the causes, nearest first, as Python prints them (a context
    that was suppressed by ``from`` is not among them); ``traceback`` is text as Python prints it.

    ``link`` says how this one hangs on the one that holds it: ``cause`` (``raise … from``),
    ``context`` (raised while handling), ``member`` of an exception group; "" for the root.
    ``members`` are a group's own. ``frames`` is the exception's traceback, innermost first, where
    it was read; ``notes`` are those of ``add_note``."""

    type: str
    message: str
    uncaught: bool = True
    traceback: str = ""
    chain: tuple[ExceptionInfo, ...] = ()
    link: Literal["", "cause", "context", "member"] = ""
    notes: tuple[str, ...] = ()
    members: tuple[ExceptionInfo, ...] = ()
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A line the target wrote or logged. ``time`` is seconds since the epoch; ``level`` is
    logging's number, 0 for plain output."""

    time: float
    stream: Literal["stdout", "stderr", "logging", "iqdebug"]
    text: str
    level: int = 0
    logger: str = ""
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A line breakpoint as asked for, and what the server made of it.

    ``hit_condition`` is debugpy's: a number, or an expression such as ``>= 3`` or ``% 10``.
    With ``log_message`` the target does not stop but reports; ``{expr}`` is interpolated.
    ``remark`` is why it is not verified, or that it was moved; ``message`` is the same in words.
    ``in_memory``: its text is in no file but in this one target's memory, so that it means nothing
    to another.
    """

    path: str
    line: int
    condition: str = ""
    hit_condition: str = ""
    log_message: str = ""
    enabled: bool = True
    verified: bool = False
    remark: Text = ""
    in_memory: bool = False

    @property
    def message(self) -> str:
        return render(self.remark)


@dataclass(frozen=True, slots=True)
class CodePlace:
    """Something of the target that can have a breakpoint: a function, by its full name with the first
    line of its body that has code; or a file, by its module's name ("" for none) with line 1.
    ``in_memory``: the text is in no file but in the target's memory."""

    name: str
    path: str
    line: int
    in_memory: bool = False


@dataclass(frozen=True, slots=True)
class EvaluateResult:
    value: str
    type: str = ""
    reference: int = 0
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """``start`` and ``length`` say which part of the text the completion replaces."""

    text: str
    type: str = ""
    start: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of a target. Two snapshots of one epoch describe the same stop; the later one
    (greater ``revision``) knows more."""

    pid: int
    epoch: int
    phase: Phase
    origin: Origin
    taken_at: float  # seconds since the Unix epoch
    revision: int = 0
    reason: Text = ""  # why it paused or ended
    detail: Text = ""  # what is going on besides: "main thread is in a C call"
    python: str = ""  # "3.12.1"
    command: str = ""
    cwd: str = ""
    threads: tuple[Thread, ...] = ()
    tasks: tuple[Task, ...] = ()
    focus: int | None = None  # id of the thread that stopped, or is worth looking at first
    exception: ExceptionInfo | None = None
    exit_code: int | None = None
    cause: StopCause = StopCause.UNKNOWN  # of a stop

    def thread(self, thread_id: int | None) -> Thread | None:
        """The thread with that id, or None."""
        return next((t for t in self.threads if t.id == thread_id), None)

    @property
    def focused(self) -> Thread | None:
        """The thread in focus; the first one if none is."""
        return self.thread(self.focus) or (self.threads[0] if self.threads else None)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A place where the cause may lie. ``score`` is in 0..1; ``reasons`` are sentences,
    strongest first; ``proof`` holds the values that support them."""

    path: str
    line: int
    function: str
    score: float
    reason_messages: tuple[Text, ...] = ()
    proof: tuple[Variable, ...] = ()
    thread_id: int | None = None
    frame_index: int | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(render(reason) for reason in self.reason_messages)


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of a value's way: how ``expression`` got its value at a place. ``detail`` is what some
    kinds name besides: a statement, a parameter. ``how`` is both in words (``is assigned here``).
    ``value`` is what it is now, where a frame still holds it. ``before`` are the hops that led to this
    one, nearest first."""

    expression: str
    kind: HopKind
    path: str
    line: int
    function: str
    value: Variable | None = None
    frame_index: int | None = None
    before: tuple[Step, ...] = ()
    detail: str = ""

    @property
    def how(self) -> str:
        return render(hop_message(self.kind, self.detail))


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something unusual about a value or a place that may have to do with the failure.

    ``text`` is ``message`` in words, a sentence; ``weight`` in 0..1 says how much it accuses the
    place; ``edit`` is what mends it, where that follows from the evidence alone."""

    kind: AnomalyKind
    message: Text
    path: str
    line: int
    function: str
    weight: float
    variable: Variable | None = None
    frame_index: int | None = None
    edit: Replacement | None = None

    @property
    def text(self) -> str:
        return render(self.message)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the evidence says about a snapshot. ``headline`` says what is wrong, or that nothing
    stands out; ``confidence`` is how much it proves, ``confidence_name`` the same in words.

    ``provenance`` are the failing values, each with the hops it came by. ``meaning`` says what an
    exception of this type means and what to look at; "" where nothing is known."""

    headline_message: Text
    confidence: Confidence
    suspects: tuple[Suspect, ...] = ()
    note_messages: tuple[Text, ...] = ()
    provenance: tuple[Step, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    meaning_message: Text = ""

    @property
    def headline(self) -> str:
        return render(self.headline_message)

    @property
    def confidence_name(self) -> str:
        return render(confidence_message(self.confidence))

    @property
    def short_headline(self) -> str:
        """The headline without the first suspect's place, for where that stands beside it."""
        headline = self.headline_message
        for suspect in self.suspects[:1]:
            file = suspect.path.replace("\\", "/").rpartition("/")[2]
            headline = _without_place(headline, file, suspect.line)
        return render(headline)

    @property
    def headline_names_no_suspect(self) -> bool:
        """Whether the headline itself says that nothing stands out."""
        headline = self.headline_message
        return isinstance(headline, Message) and headline.id.startswith("live.nothing.")

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(render(note) for note in self.note_messages)

    @property
    def meaning(self) -> str:
        return render(self.meaning_message)


def _without_place(text: Text, file: str, line: int) -> Text:
    """The sentence without the first mention of that place."""
    if isinstance(text, str):
        return text
    place = text.value("place")
    if isinstance(place, Message) and (place.value("file"), place.value("line")) == (file, line):
        return text.with_values(place=None)
    for name, value in text.values:
        if isinstance(value, Message):
            shorter = _without_place(value, file, line)
            if isinstance(shorter, Message) and shorter != value:
                return text.with_values(**{name: shorter})
    return text


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A Python process as seen from outside.

    ``age`` is in seconds, ``cpu`` in percent of one core since the last look (since the start
    when there was none), ``rss`` in bytes. ``python`` is "" when the version cannot be told.
    ``exe`` is the interpreter's path as the kernel names it.
    """

    pid: int
    user: str
    python: str
    command: str
    cwd: str
    exe: str = ""
    age: float = 0.0
    cpu: float = 0.0
    rss: int = 0
    threads: int = 0
    attach: Attachability = field(default_factory=lambda: Attachability(ok=True))
