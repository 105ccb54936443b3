"""Greenlets that wait for their turn: found, described, and their event loops woken.

Everything is read through the base type's own descriptors and the frames; no code of the program, of
gevent or of eventlet runs, but for one callback that wakes a loop when a pause is asked for.
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

_SCAN_SHARE = 20
"""A look at a running program searches again only after this many times what the search took."""

_EPOLLHUP = 0x10  # the target's `select` may have lost its name


def _base() -> Any:
    """The type of all greenlets; None where there are none."""
    found = (values.instance_dict(sys.modules.get("greenlet")) or {}).get("greenlet")
    return found if type(found) is type and "gr_frame" in vars(found) else None


def _types(base: Any) -> Set[Any]:
    found = {base}
    waiting = [base]
    while waiting:
        for each in type.__subclasses__(waiting.pop()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


class Greenlet:
    """One that is suspended. ``frame`` is its innermost; ``wait`` says in words what it waits for,
    where that can be told."""

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
        hub = hub_of(outermost)
        self.wait = "the %s hub: goes on when the greenlet that runs gives way" % hub if hub else ""
        self.name = "greenlet %s" % _name(greenlet, own or outermost, is_main, bool(self.wait))


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
    """Whose event loop a stack is that begins there: "gevent", "eventlet" or ""."""
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
        """All that are suspended, the outermost of each thread first.

        :param live: the program runs on, and the search through its objects is left out where it
            would cost it too much: those that the last one found are looked at again.
        """
        base = _base()
        if base is None:
            return []
        if live and monotonic() < self._next_scan:
            found = [each for each in (seen() for seen in self._seen) if each is not None]
        else:
            found = self._searched(base)
        frame_of, parent_of = vars(base)["gr_frame"].__get__, vars(base)["parent"].__get__
        exposed = vars(base).get("gr_frames_always_exposed")
        rows = []
        for each in found:
            if exposed is not None and not exposed.__get__(each):
                continue  # its frames may not be looked at
            frame = frame_of(each)
            if frame is not None:
                rows.append(Greenlet(each, frame, parent_of(each) is None))
        rows.sort(key=lambda row: (row.name != "greenlet main", row.wait, row.name, row.number))
        return rows

    def _searched(self, base: Any) -> List[Any]:
        started = monotonic()
        types = _types(base)
        found = [each for each in gc.get_objects() if type(each) in types]
        took = monotonic() - started
        self._next_scan = started + _SCAN_SHARE * took if took > 0.01 else 0.0
        self._seen = [weakref.ref(each) for each in found]
        return found


def wake_hubs(nothing: Callable[[], None]) -> int:
    """Make idle event loops take one turn; how many were asked to."""
    count = 0
    for frame in _hub_frames():
        loop = frame.f_locals.get("self")
        try:
            count += _wake_gevent(loop, nothing) or _wake_eventlet(loop)
        except Exception:
            continue
    return count


def _hub_frames() -> List[Any]:
    """The outermost frame of each thread that is in an event loop of gevent's or eventlet's."""
    found = []
    for frame in list(sys._current_frames().values()):
        while frame.f_back is not None:
            frame = frame.f_back
        if hub_of(frame):
            found.append(frame)
    return found


def _wake_gevent(hub: Any, nothing: Callable[[], None]) -> int:
    kind = (values.instance_dict(sys.modules.get("gevent.hub")) or {}).get("Hub")
    if kind is None or type(hub) is not kind:
        return 0
    hub.loop.run_callback_threadsafe(nothing)
    return 1


def _wake_eventlet(hub: Any) -> int:
    """Its loop looks at files only: one that is ready is put among them for a moment. A file that
    nobody asked for is nothing to it."""
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
            poll.unregister(reading)  # closing it would not do where a child has inherited it
    finally:
        os.close(reading)
    return 1
