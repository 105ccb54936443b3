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
from .reasons import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    import types
    from typing import Any, Dict, Iterable, List, Optional, Tuple

MAX_FRAMES_FOCUSED = 1_000  # of the thread or greenlet that the person looks at
MAX_FRAMES = 100  # of any other thread
MAX_FRAMES_WITH_LOCALS = 20
"""Innermost frames of a running thread whose locals are read: sampling must stay cheap."""

MAX_TASKS = 200

MAX_GREENLETS = 300
MAX_GREENLETS_WITH_LOCALS = 30
MAX_GREENLET_FRAMES = 50


class Stacks:
    """Reads stacks. While the target is paused, keeps the frames that the client may refer to.

    :param hidden: folders of the debugger's own code.
    """

    def __init__(self, hidden: Iterable[str]) -> None:
        self._hidden = tuple(os.path.join(folder, "") for folder in hidden)
        self._frames: Dict[int, types.FrameType] = {}
        self.references = listing.References()
        self._greenlets = Greenlets()
        self.held: Dict[int, Any] = {}  # by thread held without pydevd: the frames of its traceback

    def clear(self) -> None:
        """Drop every frame and value. Call it before the target resumes."""
        self._frames.clear()
        self.references.clear()

    def frame(self, number: int) -> Optional[types.FrameType]:
        return self._frames.get(number)

    def threads(self, pydb: Any, focus: Optional[int], with_locals: bool) -> List[Dict[str, Any]]:
        """All threads except the debugger's, then all suspended greenlets (a running one is the stack of its
        thread). Frames are innermost first.

        ``focus`` is the DAP id of the thread whose whole stack is wanted. ``with_locals`` adds each frame's
        locals as text, for a running target, whose frames cannot be read later.
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
                continue  # pydevd removes its own threads from threading's list
            rows.append(self._thread(pydb, ident, thread, frame, focus, with_locals))
        rows.sort(key=lambda row: (not row["main"], row["id"]))
        return rows + self._suspended(focus, with_locals)

    def _suspended(self, focus: Optional[int], with_locals: bool) -> List[Dict[str, Any]]:
        rows = []
        greenlets = self._greenlets.suspended(live=with_locals)
        for i, each in enumerate(greenlets[:MAX_GREENLETS]):
            limit = MAX_FRAMES_FOCUSED if each.number == focus else MAX_GREENLET_FRAMES
            frames, total = self._walk(each.frame, limit)
            row = _plain(each.number, each.name, total)
            if each.hub:
                row["wait"] = reason("agent.wait.hub_greenlet", library=each.hub)
            row["frames"] = [
                self._live(f, k < MAX_FRAMES_WITH_LOCALS and i < MAX_GREENLETS_WITH_LOCALS)
                if with_locals
                else self.row(f, f.f_lineno)
                for k, f in enumerate(frames)
            ]
            rows.append(row)
        if len(greenlets) > MAX_GREENLETS:
            rows.append(_plain(0, reason("agent.more_greenlets", count=len(greenlets) - MAX_GREENLETS), 0))
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
        limit = MAX_FRAMES_FOCUSED if number == focus else MAX_FRAMES
        is_dummy = stored_attributes.is_a(thread, threading._DummyThread)  # made by pydevd, in another thread
        row: Dict[str, Any] = {
            "id": number,
            "ident": ident,
            "name": stored_attributes.thread_name(thread, ident),
            "os": None if is_dummy else stored_attributes.native_id(thread),
            "wait": _wait(frame, tracked is not None),
            "main": thread is threading.main_thread(),
            "stopped": tracked is not None,
        }
        if tracked is not None:
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
                self._live(f, i < MAX_FRAMES_WITH_LOCALS) if with_locals else self.row(f, f.f_lineno)
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
            link, label = chained.exc_context_msg.strip().rstrip(":"), values.qualified(chained.exc_type)
            rows.append({"id": 0, "name": "%s: %s" % (link, label), "path": "", "line": 0, "label": True})
            rows += [
                self.row(frame, chained.frame_id_to_lineno.get(id(frame), frame.f_lineno))
                for frame in list(chained)[:limit]
            ]
            chained = chained.chained_frames_list
        return rows

    def row(self, frame: Any, line: int) -> Dict[str, Any]:
        """The row of a stopped frame, which is kept: the client may refer to it."""
        row = _described(frame, line)
        row["id"] = number = self._number(frame)
        self._frames[number] = frame
        return row

    @staticmethod
    def _live(frame: Any, with_locals: bool) -> Dict[str, Any]:
        """The row of a running frame, which is not kept."""
        row = _described(frame, frame.f_lineno)
        if with_locals:
            row["locals"] = listing.locals_page(frame, None, 50)
        return row

    @staticmethod
    def _number(frame: Any) -> int:
        """pydevd's DAP id of the frame, so that the DAP request ``evaluate`` and the agent mean the same one;
        without pydevd, a number that it would not assign."""
        schema: Any = sys.modules.get("_pydevd_bundle._debug_adapter.pydevd_base_schema")
        return id(frame) if schema is None else int(schema.BaseSchema._translate_id_to_dap(id(frame)))

    @staticmethod
    def standing(pydb: Any, number: int) -> Tuple[Optional[int], Any]:
        """Python's identifier of the thread with that DAP id, and the frame in which pydevd stopped it;
        None for what does not exist."""
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
        """The exception at which the thread with that DAP id is stopped, and its traceback; or None."""
        if pydb is None:
            return None
        from _pydevd_bundle._debug_adapter.pydevd_base_schema import BaseSchema

        tracked = pydb.suspended_frames_manager.get_frames_list(BaseSchema._translate_id_from_dap(number))
        value = getattr(tracked, "exc_desc", None)
        return (value, tracked.trace_obj) if stored_attributes.is_a(value, BaseException) else None


def _pydevd_name(thread: Any) -> Any:
    """pydevd's id of the thread, stored in the thread; assigned now if it has none yet."""
    from _pydevd_bundle.pydevd_constants import get_thread_id  # type: ignore[import-not-found]

    return stored_attributes.of_thread(thread, "__pydevd_id__") or get_thread_id(thread)


def _plain(number: int, name: Any, total: int) -> Dict[str, Any]:
    """A row without frames, for something that is not a thread."""
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


def _wait(frame: Any, paused: bool) -> Any:
    """What a thread waits for, if it is in the event loop of greenlets; else ""."""
    while frame.f_back is not None:
        frame = frame.f_back
    hub = hub_of(frame)
    if not hub:
        return ""
    return reason("agent.wait.paused_hub", library=hub) if paused else reason("wait.hub", library=hub)


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
    """Every unfinished asyncio task of every loop; [] if asyncio is not in use."""
    rows = []
    for task in tasks_of.all_tasks()[:MAX_TASKS]:
        awaited_frames, awaiting = tasks_of.awaited(tasks_of.coroutine_of(task), 50)
        frames = [
            {
                "id": 0,
                "name": stored_attributes.name_of(frame.f_code),
                "path": stored_attributes.file_of(frame.f_code),
                "line": frame.f_lineno or 0,
                "mod": "",
                "locals": listing.locals_page(frame, None, 30) if at < 5 else [],
            }
            for at, frame in enumerate(awaited_frames)
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
    """Make idle event loops take one turn, so that they notice a pause request."""
    loops = tasks_of.running_loops()
    for loop in loops:
        try:
            tasks_of.run_soon(loop, _nothing)
        except (RuntimeError, OSError):
            continue
    return len(loops) + wake_hubs(_nothing)


# The callback that wakes a loop must be code that pydevd traces, unlike the agent's files and those of the
# event loop: up to 3.11 the thread pauses when this is called.
WAKE_FILE = "<iqdebug wake>"
_nothing = eval(compile("lambda: None", WAKE_FILE, "eval"))
