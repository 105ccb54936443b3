"""Where a suspect, a hop or an anomaly can be looked at: in a frame that still stands, in an
exception's traceback, or only in the source because the function has returned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from iqdebug.state import Anomaly, ExceptionInfo, Frame, Snapshot, Step, Suspect
from iqdebug.text import clean
from iqdebug.tui.exceptions import walked

__all__ = ["Place", "Whereabouts", "whereabouts"]

Place = Suspect | Step | Anomaly


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """``index`` is the frame's in the thread, or in ``raised``'s traceback where that is set; None:
    no frame is left to be shown. ``words`` say what a person has to know about it; "" for nothing.
    ``gone``: the function has returned."""

    thread_id: int | None = None
    index: int | None = None
    raised: ExceptionInfo | None = None
    words: str = ""
    gone: bool = False


def whereabouts(snapshot: Snapshot | None, place: Place) -> Whereabouts:
    """What is left of a place. An index that the evidence gave is believed only where the frame is
    of that function: it may count in another exception's traceback, or the thread may have gone on
    since."""
    if snapshot is None:
        return Whereabouts(words="nothing is known of the process yet")
    name = clean(place.function)
    thread = _thread_of(snapshot, place)
    frames: Sequence[Frame] = thread.frames if thread is not None else ()
    exact = _find(frames, place, exact=True)
    if thread is not None and exact is not None:
        return Whereabouts(thread.id, exact)
    for error in walked(snapshot.exception) if snapshot.exception is not None else ():
        at = _find(error[1].frames, place, exact=True)
        if at is not None:
            return _in_traceback(snapshot, error[1], at)
    near = _find(frames, place, exact=False)
    if thread is not None and near is not None:
        return Whereabouts(thread.id, near, words=f"{name} is still running: it stands at line {frames[near].line}")
    for error in walked(snapshot.exception) if snapshot.exception is not None else ():
        at = _find(error[1].frames, place, exact=False)
        if at is not None:
            return _in_traceback(snapshot, error[1], at)
    task = next((t for t in snapshot.tasks if _find(t.frames, place, exact=False) is not None), None)
    if task is not None:
        return Whereabouts(words=f"task {clean(task.name)} is suspended in {name}; its variables were not read")
    if thread is not None and (thread.frames_total or 0) > len(frames):
        return Whereabouts(words=f"{name} is not among the frames that were read")
    if name == "<module>":
        return Whereabouts(words="the module's own code has run already: no frame is left", gone=True)
    return Whereabouts(words=f"{name} has returned: its variables are gone", gone=True)


def _thread_of(snapshot: Snapshot, place: Place) -> Thread | None:
    """The thread that the place is about: the one named, the one in focus, or, for a suspect of no
    named thread, the first that runs the function."""
    if not isinstance(place, Suspect):
        return snapshot.focused
    if place.thread_id is not None:
        return snapshot.thread(place.thread_id)
    ordered = sorted(snapshot.threads, key=lambda t: t.id != snapshot.focus)
    running = (t for t in ordered if _find(t.frames, place, exact=False) is not None)
    return next(running, snapshot.focused)


def _in_traceback(snapshot: Snapshot, error: ExceptionInfo, at: int) -> Whereabouts:
    if error is snapshot.exception:
        focused = snapshot.focused
        frame = error.frames[at]
        for index, other in enumerate(focused.frames if focused is not None else ()):
            if (other.path, other.name, other.line) == (frame.path, frame.name, frame.line):
                return Whereabouts(focused.id if focused is not None else None, index)
    kind = clean(error.type).rpartition(".")[2]
    focused = snapshot.focused
    return Whereabouts(
        focused.id if focused is not None else 1, at, error, words=f"in the traceback of {kind}"
    )
