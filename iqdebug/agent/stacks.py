"""Stacks of threads and asyncio tasks, as plain dictionaries for the client."""

from __future__ import annotations

import os
import sys
import threading

from ..capture import stored_attributes, values
from ..capture import tasks as tasks_of
from ..capture.original_functions import system
from . import listing
from .greenlets import Greenlets, hub_of, wake_hubs

TYPE_CHECKING = False
if TYPE_CHECKING:
    import types
    from typing import Any, Dict, Iterable, List, Optional, Tuple

FRAMES_FOCUSED = 1_000
FRAMES_OTHER = 100
LOCALS_READ = 20
"""Innermost frames of a running thread whose locals are read: a look must stay cheap."""

TASKS_READ = 200

GREENLETS_READ = 300
GREENLETS_WITH_LOCALS = 30
FRAMES_GREENLET = 50


class Stacks:
    """Reads stacks; while the target is paused, remembers the frames it named.

    :param hidden: folders whose frames are the debugger's own.
    """

    def __init__(self, hidden: Iterable[str]) -> None:
        self._hidden = tuple(os.path.join(folder, "") for folder in hidden)
        self._frames: Dict[int, types.FrameType] = {}
        self.references = listing.References()
        self._greenlets = Greenlets()
        self.held: Dict[int, Any] = {}  # of threads held without pydevd: their tracebacks' frames

    def clear(self) -> None:
        """Forget every frame and value: the target goes on."""
        self._frames.clear()
        self.references.clear()

    def frame(self, number: int) -> Optional[types.FrameType]:
        return self._frames.get(number)

    def threads(self, pydb: Any, focus: Optional[int], with_locals: bool) -> List[Dict[str, Any]]:
        """Every thread but the debugger's own, then every greenlet that is suspended (the one that
        runs is its thread's stack); frames from innermost to outermost.

        ``focus`` is the DAP id of the thread whose stack is wanted whole. ``with_locals`` adds
        each frame's locals as text (for a look at a running target: they cannot be asked later).
        """
        current = sys._current_frames()
        known = stored_attributes.threads_by_ident()
        mine = threading.get_ident()
        rows = []
        for ident, frame in current.items():
            thread = known.get(ident)
            if ident == mine or stored_attributes.is_debuggers(thread):
                continue
            if thread is None and self._is_ours(frame):
                continue  # pydevd takes its threads off threading's list
            rows.append(self._thread(pydb, ident, thread, frame, focus, with_locals))
        rows.sort(key=lambda row: (not row["main"], row["id"]))
        return rows + self._suspended(focus, with_locals)

    def _suspended(self, focus: Optional[int], with_locals: bool) -> List[Dict[str, Any]]:
        rows = []
        found = self._greenlets.suspended(live=with_locals)
        for i, each in enumerate(found[:GREENLETS_READ]):
            limit = FRAMES_FOCUSED if each.number == focus else FRAMES_GREENLET
            frames, total = self._walk(each.frame, limit)
            row = _plain(each.number, each.name, total)
            row.update(wait=each.wait)
            row["frames"] = [
                self._live(f, k < LOCALS_READ and i < GREENLETS_WITH_LOCALS)
                if with_locals
                else self.row(f, f.f_lineno)
                for k, f in enumerate(frames)
            ]
            rows.append(row)
        if len(found) > GREENLETS_READ:
            rows.append(_plain(0, "%d more greenlets" % (len(found) - GREENLETS_READ), 0))
        return rows

    def _thread(
        self, pydb: Any, ident: int, thread: Any, frame: Any, focus: Optional[int], with_locals: bool
    ) -> Dict[str, Any]:
        number = ident
        tracked = None
        if thread is not None and pydb is not None:
            from _pydevd_bundle._debug_adapter.pydevd_base_schema import BaseSchema  # type: ignore[import-not-found]

            name = _pydevd_name(thread)
            number = BaseSchema._translate_id_to_dap(name)
            tracked = pydb.suspended_frames_manager.get_frames_list(name)
        limit = FRAMES_FOCUSED if number == focus else FRAMES_OTHER
        is_dummy = stored_attributes.is_a(thread, threading._DummyThread)  # made by pydevd, in another thread
        row: Dict[str, Any] = {
            "id": number,
            "ident": ident,
            "name": stored_attributes.thread_name(thread, ident),
            "os": None if is_dummy else stored_attributes.native_id(thread),
            "wait": _wait(frame),
            "main": thread is threading.main_thread(),
            "stopped": tracked is not None,
        }
        if tracked is not None:
            row["wait"] = row["wait"] and "paused while " + row["wait"]
            row["frames"] = self._tracked(tracked, limit)
            row["total"] = len(tracked)
            if tracked.exc_type is not None:
                row["exception"] = values.qualified(tracked.exc_type)
        elif ident in self.held and not with_locals:
            held = self.held[ident]
            row.update(stopped=True, total=len(held))
            row["frames"] = [self.row(frame, line) for frame, line in held[:limit]]
        else:
            frames, row["total"] = self._walk(frame, limit)
            row["frames"] = [
                self._live(f, i < LOCALS_READ) if with_locals else self.row(f, f.f_lineno)
                for i, f in enumerate(frames)
            ]
        return row

    def _is_ours(self, frame: Any) -> bool:
        while frame is not None:
            if stored_attributes.file_of(frame.f_code).startswith(self._hidden):
                return True
            frame = frame.f_back
        return False

    def _walk(self, frame: Any, limit: int) -> Any:
        frames: List[Any] = []
        total = 0
        while frame is not None:
            hidden = stored_attributes.file_of(frame.f_code).startswith(self._hidden)
            if not hidden:
                total += 1
                if len(frames) < limit:
                    frames.append(frame)
            frame = frame.f_back
        return frames, total

    def _tracked(self, frames_list: Any, limit: int) -> List[Dict[str, Any]]:
        rows = [
            self.row(frame, frames_list.frame_id_to_lineno.get(id(frame), frame.f_lineno))
            for frame in list(frames_list)[:limit]
            if stored_attributes.file_of(frame.f_code) != WAKE_FILE
        ]
        chained = frames_list.chained_frames_list
        while chained is not None and len(chained):
            label = values.qualified(chained.exc_type) if chained.exc_type is not None else "exception"
            said = (chained.exc_context_msg or "caused by").strip().rstrip(":")
            rows.append({"id": 0, "name": "%s: %s" % (said, label), "path": "", "line": 0, "label": True})
            rows += [
                self.row(frame, chained.frame_id_to_lineno.get(id(frame), frame.f_lineno))
                for frame in list(chained)[:limit]
            ]
            chained = chained.chained_frames_list
        return rows

    def row(self, frame: Any, line: int) -> Dict[str, Any]:
        """A frame that may be asked about later: of a stop."""
        row = _described(frame, line)
        row["id"] = number = self._number(frame)
        self._frames[number] = frame
        return row

    @staticmethod
    def _live(frame: Any, with_locals: bool) -> Dict[str, Any]:
        """A frame that runs on: nothing of it is kept."""
        row = _described(frame, frame.f_lineno)
        if with_locals:
            row["locals"] = listing.locals_page(frame, None, 50)
        return row

    @staticmethod
    def _number(frame: Any) -> int:
        """pydevd's DAP id for the frame, so that `evaluate` and the agent mean the same one; where
        pydevd is not there, one that it would not give."""
        schema: Any = sys.modules.get("_pydevd_bundle._debug_adapter.pydevd_base_schema")
        return id(frame) if schema is None else int(schema.BaseSchema._translate_id_to_dap(id(frame)))

    @staticmethod
    def standing(pydb: Any, number: int) -> Tuple[Optional[int], Any]:
        """Python's identifier of the thread of that DAP id, and the frame in which pydevd stopped it;
        None where there is no such thing."""
        if pydb is None:
            return number, None
        from _pydevd_bundle._debug_adapter.pydevd_base_schema import BaseSchema

        name = BaseSchema._translate_id_from_dap(number)
        tracked = pydb.suspended_frames_manager.get_frames_list(name)
        threads = stored_attributes.threads_by_ident()
        idents = [ident for ident, thread in threads.items() if _pydevd_name(thread) == name]
        return (idents[0] if idents else None), (next(iter(tracked), None) if tracked else None)

    @staticmethod
    def exception(pydb: Any, number: int) -> Any:
        """The exception at which the thread of that DAP id is stopped, and its traceback; or None."""
        if pydb is None:
            return None
        from _pydevd_bundle._debug_adapter.pydevd_base_schema import BaseSchema

        found = pydb.suspended_frames_manager.get_frames_list(BaseSchema._translate_id_from_dap(number))
        value = getattr(found, "exc_desc", None)
        return (value, found.trace_obj) if stored_attributes.is_a(value, BaseException) else None


def _pydevd_name(thread: Any) -> Any:
    """pydevd's id for the thread, which it asks of the thread itself when it first meets it."""
    from _pydevd_bundle.pydevd_constants import get_thread_id  # type: ignore[import-not-found]

    return stored_attributes.of_thread(thread, "__pydevd_id__") or get_thread_id(thread)


def _plain(number: int, name: str, total: int) -> Dict[str, Any]:
    """A row without frames, of something that is not a thread."""
    return {
        "id": number,
        "ident": number,
        "name": name,
        "os": None,
        "main": False,
        "waiting": True,
        "total": total,
        "frames": [],
    }


def _wait(frame: Any) -> str:
    """What a thread waits for, if it stands in the event loop of greenlets."""
    while frame.f_back is not None:
        frame = frame.f_back
    hub = hub_of(frame)
    return "waiting for events: the %s hub" % hub if hub else ""


def _described(frame: Any, line: Optional[int]) -> Dict[str, Any]:
    code = frame.f_code
    path = stored_attributes.file_of(code)
    if path and not path.startswith("<") and not os.path.isabs(path):
        path = system.absolute(path)
    return {
        "id": 0,
        "name": stored_attributes.name_of(code),
        "path": path,
        "line": line or 0,
        "mod": stored_attributes.module_of(frame),
    }


def tasks() -> List[Dict[str, Any]]:
    """Every unfinished asyncio task of every loop, if asyncio is in use."""
    rows = []
    for task in tasks_of.all_tasks()[:TASKS_READ]:
        found, awaiting = tasks_of.awaited(tasks_of.coroutine_of(task), 50)
        frames = [
            {
                "id": 0,
                "name": stored_attributes.name_of(frame.f_code),
                "path": stored_attributes.file_of(frame.f_code),
                "line": frame.f_lineno or 0,
                "mod": "",
                "locals": listing.locals_page(frame, None, 30) if at < 5 else [],
            }
            for at, frame in enumerate(found)
        ]
        frames.reverse()
        rows.append(
            {
                "name": tasks_of.name_of(task) or "task",
                "coro": tasks_of.function_of(task),
                "running": bool(frames) and not tasks_of.is_waiting(task) and not awaiting,
                "awaiting": awaiting,
                "frames": frames,
            }
        )
    return rows


def wake_loops() -> int:
    """Make idle event loops take one turn, so that a pause request is noticed."""
    loops = tasks_of.running_loops()
    for loop in loops:
        try:
            tasks_of.turn(loop, _nothing)
        except (RuntimeError, OSError):
            continue
    return len(loops) + wake_hubs(_nothing)


# What wakes a loop must be code that pydevd traces (it leaves the agent's files and the event
# loop's own alone): up to 3.11 the pause is noticed when this is called.
WAKE_FILE = "<iqdebug wake>"
_nothing = eval(compile("lambda: None", WAKE_FILE, "eval"))
