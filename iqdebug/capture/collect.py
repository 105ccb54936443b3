"""Collects the content of a crash file: exceptions, frames, values, threads, tasks.

Everything is collected before anything is written, because the last frame may show that a text in the
first one is a secret.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import sys
import threading
from itertools import islice

from . import remote, values
from .calls import calls_of, is_standard
from .frames import frame_locals, is_dull, is_ours, local_names, span_of
from .mask import Masker
from .messages import message_of, notes_of
from .original_functions import monotonic, system
from .stored_attributes import (
    cause_of,
    context_of,
    file_of,
    hides_context,
    is_debuggers,
    module_of,
    name_of,
    native_id,
    of_thread,
    texts,
    thread_name,
    threads_by_ident,
    traceback_of,
)
from .tasks import all_tasks, awaited, coroutine_of, function_of
from .tasks import name_of as task_name
from .tree import Forest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Tuple

    from .settings import Settings

MAX_INNERMOST_FRAMES = 250
MAX_OUTERMOST_FRAMES = 50
"""Frames kept at each end of a stack."""

MAX_FRAMES_OF_ONE_FUNCTION = 12  # with locals: recursion repeats itself
MAX_EXCEPTIONS = 100
MAX_THREADS = 200
MAX_TASKS = 300
MAX_FRAMES_OF_OTHERS = 60
MAX_GLOBALS = 40
MAX_FUNCTIONS_SEARCHED = 60  # functions whose calls are looked up
MAX_VALUES_RAISING_FRAME = 4_000
MAX_VALUES_NEAR_FRAME = 1_500
MAX_VALUES_FAR_FRAME = 300


class Collector:
    """Collects one crash or snapshot. Call the methods in the order of importance: the first get the time
    and the space."""

    def __init__(self, settings: Settings, most_values: int, seconds: float) -> None:
        self.masker = Masker(settings.mask)
        self.frames: List[Dict[str, Any]] = []
        self.nodes: List[Dict[str, Any]] = []
        self.root: Optional[int] = None
        self.threads: List[Dict[str, Any]] = []
        self.tasks: List[Dict[str, Any]] = []
        self.left_out: List[str] = []
        self.called: Dict[str, List[int]] = {}  # lines of the functions that the frames call, by file
        self.urgent = 0  # how many of ``frames``, from the first, belong to the crash itself
        self._deadline = monotonic() + seconds
        self.forest = Forest(self.masker, most_values, self._deadline)
        self._hidden = settings.hidden
        self._message_of = settings.message or message_of
        self._numbers: Dict[Tuple[int, int, int], int] = {}
        self._seen: Dict[int, int] = {}  # by identity: hashing code objects hashes their constants
        self._kept: List[Any] = []

    def exception(self, exc: BaseException, traceback: Any) -> List[int]:
        """Add the exception, its causes and members; returns the frame ids of its own traceback."""
        waiting: List[Tuple[BaseException, Any]] = [(exc, traceback)]
        ids: Dict[int, int] = {}
        while waiting and len(self.nodes) < MAX_EXCEPTIONS:
            each, trace = waiting.pop(0)
            if id(each) in ids:
                continue
            ids[id(each)] = number = len(self.nodes) + 1
            self._kept.append(each)
            row: Dict[str, Any] = {
                "id": number,
                "type": values.qualified(type(each)),
                "message": self._message_of(each),
                "_links": (cause_of(each), context_of(each), _members(each)),
                "suppress": hides_context(each),
            }
            notes = notes_of(each)
            if notes:
                row["notes"] = notes
            self.nodes.append(row)
            row["frames"], row["frames_total"] = self._traceback(trace, number == 1)
            sent = remote.sections(remote.text_of(each))
            if sent and not row["frames"]:
                self._remote_nodes(row, sent)
                continue
            own = values.instance_dict(each)
            listed = list(islice(own.items(), 50)) if own else []
            row["attributes"] = [
                [name, self.forest.add(value, name, 300)]
                for name, value in listed
                if type(name) is str and name != "__notes__"
            ]
            for below in (row["_links"][0], row["_links"][1], *row["_links"][2]):
                if below is not None:
                    waiting.append((below, traceback_of(below)))
        for row in self.nodes:
            cause, context, members = row.pop("_links", (None, None, ()))
            if "remote" in row:
                continue
            row["cause"] = ids.get(id(cause)) if cause is not None else None
            row["context"] = ids.get(id(context)) if context is not None else None
            row["members"] = [ids[id(m)] for m in members if id(m) in ids]
        self.root = 1
        self.urgent = len(self.frames)
        first: List[int] = self.nodes[0]["frames"]
        return first

    def _remote_nodes(self, row: Dict[str, Any], sent: List[Dict[str, Any]]) -> None:
        """Fill the row, and add further ones, with the exceptions that a worker process sent as text."""
        for section in sent:
            frames = [self._frame_of_text(*frame) for frame in section["frames"]]
            row.update(
                type=section["type"],
                message=section["message"],
                notes=[remote.NOTE],
                remote=True,
                frames=frames,
                frames_total=len(frames),
                attributes=[],
                cause=None,
                context=None,
                members=[],
            )
            if section is sent[-1] or len(self.nodes) >= MAX_EXCEPTIONS:
                return
            below = {"id": len(self.nodes) + 1, "suppress": False}
            row[section["link"]] = below["id"]
            self.nodes.append(below)
            row = below

    def _frame_of_text(self, file: str, line: int, function: str) -> int:
        number = len(self.frames) + 1
        row = {"id": number, "file": file, "line": line, "function": function, "module": "", "first_line": 0}
        self.frames.append({**row, "locals": []})
        return number

    def _traceback(self, trace: Any, raising: bool) -> Tuple[List[int], int]:
        steps = []
        while trace is not None:
            if not self._is_ours(trace.tb_frame):
                steps.append((trace.tb_frame, trace.tb_lineno, trace.tb_lasti))
            trace = trace.tb_next
        steps.reverse()
        return self._stack(steps, raising), len(steps)

    def _stack(self, steps: List[Tuple[Any, int, int]], raising: bool) -> List[int]:
        """Add the frames of a stack, innermost first; returns their ids."""
        total = len(steps)
        if total > MAX_INNERMOST_FRAMES + MAX_OUTERMOST_FRAMES:
            steps = steps[:MAX_INNERMOST_FRAMES] + steps[-MAX_OUTERMOST_FRAMES:]
            self.left_out.append("%d frames of the middle of a stack of %d" % (total - len(steps), total))
        return [
            self._frame(
                frame,
                line,
                last,
                (MAX_VALUES_RAISING_FRAME if i < 3 else MAX_VALUES_NEAR_FRAME) if raising else 0,
                i,
            )
            for i, (frame, line, last) in enumerate(steps)
        ]

    def _frame(self, frame: Any, line: Optional[int], last: int, most: int, depth: int) -> int:
        key = (id(frame), line or 0, last)
        known = self._numbers.get(key)
        if known is not None:
            return known
        code = frame.f_code
        self._kept.append(frame)
        number = self._numbers[key] = len(self.frames) + 1
        path = file_of(code)
        if path and not path.startswith("<") and not os.path.isabs(path):
            path = system.absolute(path)
        row: Dict[str, Any] = {
            "id": number,
            "file": path,
            "line": line or 0,
            "function": name_of(code),
            "module": module_of(frame),
            "first_line": code.co_firstlineno,
        }
        span = span_of(code, last)
        if span is not None:
            row["span"] = span
        self.frames.append(row)
        self._seen[id(code)] = times = self._seen.get(id(code), 0) + 1
        if times > MAX_FRAMES_OF_ONE_FUNCTION or monotonic() > self._deadline:
            row["locals"] = []
            row["locals_left_out"] = len(code.co_varnames)
            return number
        most = most or (MAX_VALUES_NEAR_FRAME if depth < 3 else MAX_VALUES_FAR_FRAME)
        self._variables(row, frame, most)
        if times == 1 and len(self._seen) <= MAX_FUNCTIONS_SEARCHED and not is_standard(path):
            self._calls(row, frame)
        return number

    def _calls(self, row: Dict[str, Any], frame: Any) -> None:
        try:
            calls = calls_of(frame, [(name, obj) for name, obj, _ in frame_locals(frame)[:60]])
        except Exception:
            return
        if calls:
            row["calls"] = calls
        for _, path, line, _ in calls:
            self.called.setdefault(path, []).append(line)

    def _variables(self, row: Dict[str, Any], frame: Any, most: int) -> None:
        try:
            variables = frame_locals(frame)
        except Exception:
            variables = []
        shown = variables[:300]
        row["locals"] = [[name, kind, self.forest.add(obj, name, most)] for name, obj, kind in shown]
        if len(variables) > len(shown):
            row["locals_left_out"] = len(variables) - len(shown)
        if local_names(frame) is frame.f_globals:
            return
        named: List[Any] = []
        scope = texts(frame.f_globals)
        for name in frame.f_code.co_names:
            if len(named) < MAX_GLOBALS and name in scope:
                obj = scope[name]
                if not is_dull(name, obj):
                    named.append([name, self.forest.add(obj, name, min(most, 300))])
        row["globals"] = named

    def _is_ours(self, frame: Any) -> bool:
        return is_ours(frame) or file_of(frame.f_code).startswith(self._hidden)

    def all_threads(self, crashed: Optional[int], crash_frames: List[int], callers: Any) -> None:
        """Add every thread's stack.

        :param crashed: the id of the thread whose stack begins with ``crash_frames``.
        :param callers: the frame that called the outermost of them, or None.
        """
        current = sys._current_frames()
        known = threads_by_ident()
        main = threading.main_thread()
        first = of_thread(main, "_ident")
        order = sorted(current, key=lambda ident: (ident != crashed, ident != first, ident))
        for ident in order[:MAX_THREADS]:
            frame: Any = callers if ident == crashed else current[ident]
            steps: List[Tuple[Any, int, int]] = []
            debuggers = False
            while frame is not None:
                if not self._is_ours(frame):
                    steps.append((frame, frame.f_lineno, frame.f_lasti))
                debuggers = debuggers or file_of(frame.f_code).startswith(self._hidden)
                frame = frame.f_back
            total = len(steps)
            if ident != crashed:
                steps = steps[:MAX_FRAMES_OF_OTHERS]
            thread = known.get(ident)
            # pydevd removes its own threads from threading's list.
            if ident != crashed and (_is_ours_thread(thread) or (debuggers and thread is None)):
                continue
            frames = self._stack(steps, False)
            row = {
                "id": ident,
                "os": native_id(thread),
                "name": thread_name(thread, ident),
                "daemon": of_thread(thread, "_daemonic") is True,
                "main": thread is main,
                "crashed": ident == crashed,
                "frames": (crash_frames + frames) if ident == crashed else frames,
                "frames_total": total + (len(crash_frames) if ident == crashed else 0),
            }
            self.threads.append(row)
        if len(order) > MAX_THREADS:
            self.left_out.append("%d threads" % (len(order) - MAX_THREADS))

    def all_tasks(self) -> None:
        """Add asyncio's unfinished tasks."""
        tasks = all_tasks()
        for task in tasks[:MAX_TASKS]:
            frames, awaiting = awaited(coroutine_of(task), MAX_FRAMES_OF_OTHERS)
            steps = [(frame, frame.f_lineno, frame.f_lasti) for frame in reversed(frames)]
            self.tasks.append(
                {
                    "name": task_name(task) or "task",
                    "coroutine": function_of(task),
                    "state": "pending",
                    "awaiting": awaiting,
                    "frames": self._stack(steps, False),
                }
            )
        if len(tasks) > MAX_TASKS:
            self.left_out.append("%d tasks" % (len(tasks) - MAX_TASKS))

    def let_go(self) -> None:
        """Drop all objects of the program: this collector may be freed in another thread."""
        self._kept.clear()
        self.forest.let_go()

    def _failing_stack(self) -> List[int]:
        """The frames that the exception passed through, those of a worker process first."""
        first = self.nodes[0]
        cause = next((row for row in self.nodes if row["id"] == first.get("cause")), {})
        sent: List[int] = cause["frames"] if "remote" in cause else []
        return [*sent, *first["frames"]]

    def place(self) -> Optional[List[Any]]:
        """File, line and function of the innermost frame in the person's own code."""
        frames = {row["id"]: row for row in self.frames}
        if self.nodes:
            stack = self._failing_stack()
        else:
            stack = self.threads[0]["frames"] if self.threads else []
        rows = [frames[number] for number in stack]
        row = next((r for r in rows if not is_library(r["file"])), rows[0] if rows else None)
        return [row["file"], row["line"], row["function"]] if row is not None else None

    def fingerprint(self) -> str:
        """Equal for crashes of the same type in the same functions of the person's own code."""
        frames = {row["id"]: row for row in self.frames}
        if self.nodes:
            kind = self.nodes[0]["type"]
            stack = [frames[number] for number in self._failing_stack()]
        else:
            kind = "snapshot"
            stack = [frames[number] for thread in self.threads[:1] for number in thread["frames"]]
        own = [row for row in stack if not is_library(row["file"])] or stack
        named = [(os.path.basename(row["file"]), row["function"].split(".")[-1]) for row in own[:8]]
        places = ["%s:%s" % pair for pair in named]
        text = "\n".join([kind, *dict.fromkeys(places)])
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def is_library(path: str) -> bool:
    """Whether it is a file of an installed package, the standard library or the interpreter, or the source
    of compiled code."""
    parts = path.replace("\\", "/")
    compiled = parts.endswith((".pyx", ".pxd", ".pxi", ".c", ".cc", ".cpp", ".rs"))
    return compiled or is_standard(path) or "/site-packages/" in parts or "/dist-packages/" in parts


def _members(exc: BaseException) -> Iterable[BaseException]:
    """The exceptions of a group, read by the builtin descriptor."""
    base = getattr(builtins, "BaseExceptionGroup", None)
    if base is None or not issubclass(type(exc), base):
        return ()
    members = base.__dict__["exceptions"].__get__(exc)
    return [m for m in members if issubclass(type(m), BaseException)] if type(members) is tuple else ()


def _is_ours_thread(thread: Any) -> bool:
    return is_debuggers(thread) or thread_name(thread).startswith("iqdebug.")
