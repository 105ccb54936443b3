"""Headless output: plain text for people and screen readers, JSON for programs.

No colour, no cursor movement. What comes from a target is cleaned of control characters, so
that no value can steer the terminal.
"""

from __future__ import annotations

import json
import shutil
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from iqdebug.core.state import (
    Anomaly,
    Diagnosis,
    Frame,
    Gil,
    LogRecord,
    ProcessInfo,
    Snapshot,
    Step,
    Task,
    Thread,
    ThreadState,
)

__all__ = [
    "clean",
    "diagnosis_lines",
    "fitted",
    "folded",
    "is_invisible",
    "json_bytes",
    "json_text",
    "json_value",
    "process_table",
    "shortened",
    "snapshot_lines",
]

_LOCALS_SHOWN = 6
_FRAMES_SHOWN = 30
_ENDS_SHOWN = 10
_ANOMALIES_SHOWN = 3
_HOPS_SHOWN = 6
_HOP_VALUE = 60


_INVISIBLE = ("Cc", "Cs", "Cf", "Zl", "Zp")  # categories of Unicode


def is_invisible(character: str) -> bool:
    """Whether it could steer a terminal, turn the direction of writing, or is not seen."""
    return unicodedata.category(character) in _INVISIBLE


def clean(value: str) -> str:
    """The text on one line, with control characters and lone surrogates made visible."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(_shown(c) for c in value)


def _shown(character: str) -> str:
    if character in "\n\t":
        return "\\n" if character == "\n" else "\\t"
    if not is_invisible(character):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and its end where it is longer."""
    if len(text) <= most:
        return text
    kept = max(most // 2, 1)
    return f"{text[:kept]}… ({len(text):,} characters) …{text[-kept:]}"


def json_text(value: Any) -> str:
    """Indented JSON of frozen values; every field by its name in :mod:`iqdebug.core.state`. What
    could steer a terminal stands as an escape of JSON."""
    found = msgspec.json.format(msgspec.json.encode(_plain(value)), indent=2).decode()
    return "".join(map(_escaped, found)) if not found.isascii() or "\x7f" in found else found


def _escaped(character: str) -> str:
    if character == "\n" or not is_invisible(character):
        return character
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _plain(value: Any) -> Any:
    """Lone surrogates have no UTF-8 form; they become their escapes."""
    built = msgspec.to_builtins(value)
    return _encodable(built)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(k): _encodable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(v) for v in value]
    return value


def json_bytes(value: Any) -> bytes:
    """JSON on one line. Lone surrogates, which UTF-8 does not have, stand as their escapes."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_plain(value))


def json_value(data: bytes, shape: Any = Any) -> Any:
    """What the JSON says; lone surrogates, which JSON can spell, as their escapes.

    :raises msgspec.DecodeError: it is no JSON, of another shape, or nested too deeply.
    """
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError) as error:
        try:
            return msgspec.json.decode(json_bytes(_encodable(json.loads(data))), type=shape)
        except msgspec.DecodeError:
            raise
        except (ValueError, RecursionError):
            raise msgspec.DecodeError(str(error)) from None


def age(seconds: float) -> str:
    """ "42s", "12m", "3h12", "5d"."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}"
    return f"{whole // 86400}d"


def size(count: int) -> str:
    """Bytes as "512K", "38M", "1.2G"."""
    if count < 1 << 20:
        return f"{count >> 10}K"
    if count < 1 << 30:
        return f"{count >> 20}M"
    return f"{count / (1 << 30):.1f}G"


def process_table(processes: Sequence[ProcessInfo], width: int | None = None) -> list[str]:
    """A header, a row a process, and under a row that cannot be attached why not."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    users = max([len(p.user) for p in processes] + [4])
    head = f"{'PID':>7} {'AGE':>5} {'CPU%':>5} {'MEM':>5} {'PYTHON':7} {'USER':{users}} ATTACH  COMMAND"
    lines = [head]
    for p in processes:
        ok = "yes" if p.attach.ok else "no"
        row = (
            f"{p.pid:>7} {age(p.age):>5} {p.cpu:>5.1f} {size(p.rss):>5} {clean(p.python) or '?':7} "
            f"{clean(p.user):{users}} {ok:7} {clean(p.command)}  [{clean(p.cwd) or '?'}]"
        )
        lines.append(fitted(row, width))
        notes = [p.attach.why_not, p.attach.fix] if not p.attach.ok else list(p.attach.warnings)
        lines += [line for note in notes if note for line in folded(clean(note), width, " " * 8)]
    return lines


def fitted(line: str, width: int) -> str:
    """The line, or its beginning and "…" where it is longer."""
    return line if len(line) <= width else line[: max(width - 1, 1)] + "…"


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of at most ``width`` columns, cut between words."""
    room = max(width, len(indent) + 20)
    return textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def snapshot_lines(snapshot: Snapshot, *, with_locals: bool = True) -> list[str]:
    """The whole snapshot, focus first."""
    head = f"process {snapshot.pid}"
    if snapshot.python:
        head += f", Python {clean(snapshot.python)}"
    head += f": {snapshot.phase.value}" + (f" ({clean(snapshot.reason)})" if snapshot.reason else "")
    lines = [head]
    if snapshot.command:
        lines.append(f"  {clean(snapshot.command)}")
    if snapshot.detail:
        lines.append(f"  {clean(snapshot.detail)}")
    if snapshot.exception is not None:
        lines.append(f"  {clean(snapshot.exception.type)}: {clean(snapshot.exception.message)}")
    ordered = sorted(snapshot.threads, key=lambda t: t.id != snapshot.focus)
    for thread in ordered:
        lines += ["", *_thread_lines(thread, with_locals)]
    for task in snapshot.tasks:
        lines += ["", *_task_lines(task)]
    return lines


def _thread_lines(thread: Thread, with_locals: bool) -> list[str]:
    said = [clean(thread.wait) or (thread.state.value if thread.state is not ThreadState.UNKNOWN else "")]
    if thread.gil is Gil.HOLDS and "GIL" not in thread.wait:
        said.append("holds the GIL")
    if thread.gil is Gil.WAITS and "GIL" not in thread.wait:
        said.append("waits for the GIL")
    told = ", ".join(word for word in said if word)
    kind = "" if thread.is_greenlet else "thread "  # a greenlet's name says what it is
    lines = [f"{kind}{clean(thread.name)} ({thread.os_id or thread.id})" + (f": {told}" if told else "")]
    return lines + _frames(thread.frames, thread.frames_total, with_locals)


def _task_lines(task: Task) -> list[str]:
    awaiting = f", awaiting {clean(task.awaiting)}" if task.awaiting else ""
    head = f"task {clean(task.name)} ({clean(task.coroutine)}): {clean(task.state)}{awaiting}"
    return [head, *_frames(task.frames, None, True)]


def _frames(frames: tuple[Frame, ...], total: int | None, with_locals: bool) -> list[str]:
    lines = []
    shown, outermost = _without_bootstrap(list(frames))
    frames = tuple(shown)
    total = total - outermost if total is not None else None
    left_out = (total or len(frames)) - len(frames)
    if len(frames) > _FRAMES_SHOWN:
        shown = [*frames[: _FRAMES_SHOWN - _ENDS_SHOWN], *frames[-_ENDS_SHOWN:]]
        left_out += len(frames) - len(shown)
    for index, frame in enumerate(shown):
        if left_out and index == len(shown) - min(_ENDS_SHOWN, len(shown)):
            lines.append(f"  … {left_out:,} frames left out …")
        lines.append(f"  {clean(frame.name)}  {clean(frame.path)}:{frame.line}")
        if with_locals and frame.locals and frame.kind == "user":
            listed = [v for v in frame.locals if v.kind != "group"]
            lines += [f"      {clean(v.name)} = {clean(v.value)}" for v in listed[:_LOCALS_SHOWN]]
            if len(listed) > _LOCALS_SHOWN:
                lines.append(f"      … {len(listed) - _LOCALS_SHOWN} more")
    return lines


def _without_bootstrap(frames: list[Frame]) -> tuple[list[Frame], int]:
    """The frames without the standard library's own at the outer end, which only started the
    thread; and how many those were. A stack of nothing else stays whole."""
    kept = len(frames)
    while kept and frames[kept - 1].kind == "stdlib":
        kept -= 1
    return (frames[:kept], len(frames) - kept) if kept else (frames, 0)


def diagnosis_lines(diagnosis: Diagnosis) -> list[str]:
    """Headline, what the exception means, suspects with reasons and proof, the way of the failing
    value, what is unusual, notes."""
    lines = [f"{diagnosis.confidence.capitalize()}: {clean(diagnosis.headline)}"]
    if diagnosis.confidence == "no clear suspect":
        lines = [clean(diagnosis.headline)]
    lines += [f"  {clean(line)}" for line in diagnosis.meaning.splitlines()]
    for rank, suspect in enumerate(diagnosis.suspects, 1):
        where = f"{clean(suspect.path)}:{suspect.line}" if suspect.path else ""
        lines.append(f"  {rank}. {clean(suspect.function)}  {where}  (score {suspect.score:.2f})")
        lines += [f"     - {clean(reason)}" for reason in suspect.reasons]
        lines += [f"       {clean(v.name)} = {clean(v.value)}" for v in suspect.proof]
    lines += _way_lines(diagnosis.provenance)
    said = {reason for suspect in diagnosis.suspects for reason in suspect.reasons}
    unsaid = [anomaly for anomaly in diagnosis.anomalies if anomaly.text not in said]
    for anomaly in unsaid[:_ANOMALIES_SHOWN]:
        lines.append(f"  unusual: {clean(anomaly.text)}  {_place(anomaly)}".rstrip())
    left = len(unsaid) - _ANOMALIES_SHOWN
    if left > 0:
        lines.append(f"  … and {left} more that are unusual")
    lines += [f"  note: {clean(note)}" for note in diagnosis.notes]
    return lines


def _way_lines(roots: Sequence[Step]) -> list[str]:
    """The first way back that goes any further than the failure itself, the nearest hop of each."""
    root = next((r for r in roots if r.before), None)
    if root is None:
        return []
    lines = ["  where the failing value came from:"]
    step: Step | None = root
    for depth in range(_HOPS_SHOWN):
        if step is None:
            break
        arrow = f"{'  ' * depth}← " if depth else ""
        lines.append(f"    {arrow}{_step_words(step)}")
        step = step.before[0] if step.before else None
    if step is not None:
        lines.append(f"    {'  ' * _HOPS_SHOWN}…")
    return lines


def _step_words(step: Step) -> str:
    value = ""
    if step.value is not None:
        named = "" if step.value.name == step.expression else f"  where {clean(step.value.name)}"
        value = f"{named} = {fitted(clean(step.value.value), _HOP_VALUE)}"
    return f"`{clean(step.expression)}`{value}  {clean(step.how)}  {_place(step)}".rstrip()


def _place(place: Step | Anomaly) -> str:
    where = file_line(place.path, place.line)
    return f"{where} {clean(place.function)}" if where else ""


def file_line(path: str, line: int) -> str:
    """``store.py:31``; "" where it is no place in a file."""
    name = clean(path).replace("\\", "/").rpartition("/")[2]
    return f"{name}:{line}" if name else ""


def log_lines(records: Iterable[LogRecord], most: int = 10) -> list[str]:
    """The last ``most`` records, a line each."""
    kept = list(records)[-most:]
    return [f"  {clean(r.stream)}{' ' + clean(r.logger) if r.logger else ''}: {clean(r.text)}" for r in kept]
