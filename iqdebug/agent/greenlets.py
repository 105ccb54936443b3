"""Finds and describes suspended greenlets, and wakes their event loops.

Reads through the base type's own descriptors and the frames: no code of the program, gevent or
eventlet runs, except for the callback that wakes a loop when a pause is requested.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import weakref

from ..capture import values
from ..capture.original_functions import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Set

_SCAN_PAUSE_FACTOR = 20
"""While the program runs, the next search starts only after this many times the duration of the last."""

_EPOLLHUP = 0x10  # the program may have removed the constant from `select`


def _greenlet_type() -> Any:
    """The base type of all greenlets; None if greenlet is not loaded."""
    base = (values.instance_dict(sys.modules.get("greenlet")) or {}).get("greenlet")
    return base if type(base) is type and "gr_frame" in vars(base) else None


def _greenlet_types(base: Any) -> Set[Any]:
    types = {base}
    waiting = [base]
    while waiting:
        for each in type.__subclasses__(waiting.pop()):
            if each not in types:
                types.add(each)
                waiting.append(each)
    return types


class Greenlet:
    """A suspended greenlet. ``frame`` is its innermost; ``hub`` names the library whose event loop it
    runs, "" if it runs none."""

    def __init__(self, greenlet: Any, frame: Any, is_main: bool) -> None:
        self.number = id(greenlet)
        self.frame = frame
        outermost = frame
        own = None  # the outermost frame that is not of gevent or eventlet
        while True:
            if _module(outermost).partition(".")[0] not in ("gevent", "eventlet", "greenlet"):
                own = outermost
            if outermost.f_back is None:
                break
            outermost = outermost.f_back
        self.hub = hub_of(outermost)
        self.name = "greenlet %s" % _name(greenlet, own or outermost, is_main, bool(self.hub))


def _name(greenlet: Any, outermost: Any, is_main: bool, is_hub: bool) -> str:
    given = (values.instance_dict(greenlet) or {}).get("name")
    if type(given) is str and given:
        return given
    # Under gevent a thread's identifier is its greenlet's address.
    active = (values.instance_dict(sys.modules.get("threading")) or {}).get("_active")
    thread = active.get(id(greenlet)) if type(active) is dict else None
    given = (values.instance_dict(thread) or {}).get("_name") if thread is not None else None
    if type(given) is str and given and not is_main:
        return given
    code = outermost.f_code
    if is_main and code.co_name == "<module>":
        return "main"
    if is_hub:
        return "hub"
    return str(getattr(code, "co_qualname", code.co_name))


def _module(frame: Any) -> str:
    name = frame.f_globals.get("__name__")
    return name if type(name) is str else ""


def hub_of(outermost: Any) -> str:
    """Whose event loop the stack with that outermost frame runs: "gevent", "eventlet" or ""."""
    name = _module(outermost)
    if outermost.f_code.co_name != "run":
        return ""
    return "gevent" if name == "gevent.hub" else "eventlet" if name.startswith("eventlet.hubs.") else ""


class Greenlets:
    """The greenlets of this process."""

    def __init__(self) -> None:
        self._next_scan = 0.0
        self._seen: List[Any] = []

    def suspended(self, live: bool = False) -> List[Greenlet]:
        """All suspended greenlets, the main one of each thread first.

        :param live: the program is running: where a search of all its objects would cost too much,
            use the greenlets of the last search.
        """
        base = _greenlet_type()
        if base is None:
            return []
        if live and monotonic() < self._next_scan:
            greenlets = [each for each in (seen() for seen in self._seen) if each is not None]
        else:
            greenlets = self._search(base)
        frame_of, parent_of = vars(base)["gr_frame"].__get__, vars(base)["parent"].__get__
        exposed = vars(base).get("gr_frames_always_exposed")
        rows = []
        for each in greenlets:
            if exposed is not None and not exposed.__get__(each):
                continue  # its frames are not safe to read
            frame = frame_of(each)
            if frame is not None:
                rows.append(Greenlet(each, frame, parent_of(each) is None))
        rows.sort(key=lambda row: (row.name != "greenlet main", row.hub, row.name, row.number))
        return rows

    def _search(self, base: Any) -> List[Any]:
        started = monotonic()
        types = _greenlet_types(base)
        greenlets = [each for each in gc.get_objects() if type(each) in types]
        took = monotonic() - started
        self._next_scan = started + _SCAN_PAUSE_FACTOR * took if took > 0.01 else 0.0
        self._seen = [weakref.ref(each) for each in greenlets]
        return greenlets


def wake_hubs(nothing: Callable[[], None]) -> int:
    """Make idle event loops take one turn; returns how many were woken."""
    count = 0
    for frame in _hub_frames():
        loop = frame.f_locals.get("self")
        try:
            count += _wake_gevent(loop, nothing) or _wake_eventlet(loop)
        except Exception:
            continue
    return count


def _hub_frames() -> List[Any]:
    """The outermost frame of each thread that runs an event loop of gevent or eventlet."""
    frames = []
    for frame in list(sys._current_frames().values()):
        while frame.f_back is not None:
            frame = frame.f_back
        if hub_of(frame):
            frames.append(frame)
    return frames


def _wake_gevent(hub: Any, nothing: Callable[[], None]) -> int:
    kind = (values.instance_dict(sys.modules.get("gevent.hub")) or {}).get("Hub")
    if kind is None or type(hub) is not kind:
        return 0
    hub.loop.run_callback_threadsafe(nothing)
    return 1


def _wake_eventlet(hub: Any) -> int:
    """eventlet's loop waits for files only, so a ready one is registered for a moment. The loop ignores
    a file that it has no listener for."""
    poll: Any = (values.instance_dict(hub) or {}).get("poll")
    methods = vars(type(poll))
    if type(poll).__module__ != "select" or type(methods.get("unregister")) is not type(dict.get):
        return 0
    reading, writing = os.pipe()
    try:
        os.close(writing)
        poll.register(reading, _EPOLLHUP)
        try:
            time.sleep(0.01)
        finally:
            poll.unregister(reading)  # closing is not enough: a child process may have inherited it
    finally:
        os.close(reading)
    return 1
