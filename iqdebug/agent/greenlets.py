"""Greenlets that wait for their turn: found, described, and their event loops woken.

Everything is read through the base type's own descriptors and the frames; no code of the program, of
gevent or of eventlet runs, but for one callback that wakes a loop when a pause is asked for.
"""

from __future__ import annotations

import gc
import os
import sys
import time

from ..capture import values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Set

_SCAN_SHARE = 20
"""A look at a running program searches again only after this many times what the search took."""

_GEVENT_HUB = "waiting for events: the gevent hub"
_EVENTLET_HUB = "waiting for events: the eventlet hub"
_LIBRARIES = ("%sgevent%s" % (os.sep, os.sep), "%seventlet%s" % (os.sep, os.sep))


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
            if not any(part in outermost.f_code.co_filename for part in _LIBRARIES):
                own = outermost
            if outermost.f_back is None:
                break
            outermost = outermost.f_back
        self.wait = hub_words(outermost)
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
    if is_main or is_hub:
        return "main" if is_main else "hub"
    code = outermost.f_code
    return str(getattr(code, "co_qualname", code.co_name))


def hub_words(outermost: Any) -> str:
    """What a stack that begins there waits for, if it is an event loop's; else ""."""
    code = outermost.f_code
    if code.co_name == "run" and code.co_filename.endswith(os.path.join("gevent", "hub.py")):
        return _GEVENT_HUB
    folder = os.path.join("eventlet", "hubs", "")
    if code.co_name == "run" and folder in code.co_filename:
        return _EVENTLET_HUB
    return ""


class Greenlets:
    """The greenlets of this process."""

    def __init__(self) -> None:
        self._next_scan = 0.0

    def suspended(self, live: bool = False) -> List[Greenlet]:
        """All that are suspended, the outermost of each thread first.

        :param live: the program runs on, and the search through its objects is left out where it
            would cost it too much.
        """
        base = _base()
        if base is None or (live and time.monotonic() < self._next_scan):
            return []
        started = time.monotonic()
        types = _types(base)
        found = [each for each in gc.get_objects() if type(each) in types]
        took = time.monotonic() - started
        self._next_scan = started + _SCAN_SHARE * took if took > 0.01 else 0.0
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


def trace_suspended(debugger: Any, ident: int) -> None:
    """Have pydevd see what suspended greenlets do in functions that they have entered already.

    pydevd looks for such frames in the stacks that threads have now; a greenlet's is not among them.

    :param ident: of a thread that runs greenlets.
    """
    before = debugger.set_tracing_for_untraced_contexts
    greenlets = Greenlets()

    def set_tracing(*arguments: Any, **named: Any) -> None:
        for each in greenlets.suspended():
            try:
                debugger.set_trace_for_frame_and_parents(ident, each.frame)
            except Exception:
                continue
        before(*arguments, **named)

    debugger.set_tracing_for_untraced_contexts = set_tracing


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
        if hub_words(frame):
            found.append(frame)
    return found


def _wake_gevent(hub: Any, nothing: Callable[[], None]) -> int:
    kind = (values.instance_dict(sys.modules.get("gevent.hub")) or {}).get("Hub")
    if kind is None or type(hub) is not kind:
        return 0
    hub.loop.run_callback_threadsafe(nothing)
    return 1


def _wake_eventlet(hub: Any) -> int:
    """Its loop looks at files only: one that is ready is put among them for a moment."""
    import select

    poll = (values.instance_dict(hub) or {}).get("poll")
    if type(poll) is not select.epoll:
        return 0
    reading, writing = os.pipe()
    try:
        os.close(writing)
        poll.register(reading, select.EPOLLHUP)
        time.sleep(0.01)  # closing it takes it out again
    finally:
        os.close(reading)
    return 1
