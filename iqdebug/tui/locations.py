"""Where a suspect, a hop or an anomaly can be looked at: in a frame that still stands, in an
exception's traceback, or only in the source because the function has returned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iqdebug.core import text
from iqdebug.core.messages import Text, message
from iqdebug.core.state import Anomaly, ExceptionInfo, Frame, Snapshot, Step, Suspect, Thread
from iqdebug.core.text import clean
from iqdebug.tui.screens.exceptions import walked

__all__ = ["Place", "Whereabouts", "file_line", "whereabouts"]

Place = Suspect | Step | Anomaly


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """``index`` is the frame's in the thread, or in ``raised``'s traceback where that is set; None:
    there is no frame to be shown. ``words`` say what a person has to know about it, "" for
    nothing. ``gone``: the function has returned."""

    thread_id: int | None = None
    index: int | None = None
    raised: ExceptionInfo | None = None
    words: Text = ""
    gone: bool = False


def whereabouts(snapshot: Snapshot | None, place: Place) -> Whereabouts:
    """What there is of a place. An index that the evidence gave is believed only where the frame is
    of that function: it may count in another exception's traceback, and a running thread goes on."""
    if snapshot is None or not place.path:
        return Whereabouts()
    name = clean(place.function)
    thread = _thread_of(snapshot, place)
    for exact in (True, False):
        for raised, frames in _stacks(snapshot, thread):
            at = _find(frames, place, exact)
            if at is not None and thread is not None:
                remarks = [] if raised is None else [message("tui.where.traceback", type=_last_name(raised))]
                if not exact:
                    remarks.append(message("tui.where.line", function=name, line=frames[at].line))
                words = message("tui.where.remarks", remarks=remarks) if remarks else ""
                return Whereabouts(thread.id, at, raised, words)
    task = next((t for t in snapshot.tasks if _find(t.frames, place, False) is not None), None)
    if task is not None:
        return Whereabouts(words=message("tui.where.task", task=clean(task.name)))
    if thread is not None and (thread.frames_total or 0) > len(thread.frames):
        return Whereabouts(words=message("tui.where.not_read", function=name))
    if name == "<module>":
        return Whereabouts(words=message("tui.where.module"), gone=True)
    return Whereabouts(words=message("tui.where.returned", function=name), gone=True)


def file_line(place: Place) -> str:
    """``store.py:31``; "" where it is no place in a file."""
    return text.file_line(place.path, place.line)


def _stacks(
    snapshot: Snapshot, thread: Thread | None
) -> Iterator[tuple[ExceptionInfo | None, Sequence[Frame]]]:
    """The thread's own stack, then, of the thread that stopped, the tracebacks of what led there."""
    if thread is None:
        return
    yield None, thread.frames
    if snapshot.exception is not None and snapshot.focused is thread:
        for _, error in walked(snapshot.exception):
            if error is not snapshot.exception and error.frames:
                yield error, error.frames


def _thread_of(snapshot: Snapshot, place: Place) -> Thread | None:
    """The thread named; else the one in focus; of a suspect of no named thread the first that runs
    the function."""
    if not isinstance(place, Suspect):
        return snapshot.focused
    if place.thread_id is not None:
        return snapshot.thread(place.thread_id)
    ordered = sorted(snapshot.threads, key=lambda t: t.id != snapshot.focus)
    return next((t for t in ordered if _find(t.frames, place, False) is not None), snapshot.focused)


def _find(frames: Sequence[Frame], place: Place, exact: bool) -> int | None:
    """The index of the place's frame; ``exact``: it must stand at the very line."""
    hint = place.frame_index
    if hint is not None and 0 <= hint < len(frames) and _fits(frames[hint], place, exact):
        return hint
    return next((i for i, frame in enumerate(frames) if _fits(frame, place, exact)), None)


def _fits(frame: Frame, place: Place, exact: bool) -> bool:
    if frame.path != place.path or frame.kind == "label" or not _same_function(frame.name, place.function):
        return False
    return frame.line == place.line if exact else frame.first_line <= place.line


def _same_function(one: str, other: str) -> bool:
    """Whether both name one function; either may be qualified."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _last_name(error: ExceptionInfo) -> str:
    return clean(error.type).rpartition(".")[2]
