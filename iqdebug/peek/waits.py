"""Says in words what a thread waits for, from its innermost frames and its system call."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.core.state import Frame, Gil, ThreadState
from iqdebug.peek.kernel import KernelThread

__all__ = ["wait_in_words"]

# (file name, function) anywhere among the innermost library frames; the first match counts.
_LOCKS: tuple[tuple[str, str, str], ...] = (
    ("queue.py", "get", "waiting for a queue item (queue.get)"),
    ("queue.py", "put", "waiting for room in a queue (queue.put)"),
    ("queue.py", "join", "waiting for a queue to be worked off (queue.join)"),
    ("threading.py", "join", "waiting for a thread to end (join)"),
    ("threading.py", "_shutdown", "waiting for the other threads to end (interpreter exit)"),
    ("_base.py", "result", "waiting for a future's result"),
    ("_base.py", "wait", "waiting for futures"),
    ("threading.py", "acquire", "waiting for a semaphore"),
    ("thread.py", "_worker", "waiting for work (idle pool thread)"),
)
_MAX_INNER_FRAMES = 5


def wait_in_words(frames: Sequence[Frame], kernel: KernelThread, gil: Gil) -> str:
    """What holds the thread up; "" when it runs or that cannot be told."""
    if gil is Gil.WAITS:
        return "waiting for the GIL"
    if kernel.state is not ThreadState.WAITING:
        return ""
    if gil is Gil.HOLDS:
        return "in a C call, holding the GIL"
    inner = [
        (frame.path.rpartition("/")[2], frame.name.rpartition(".")[2]) for frame in frames[:_MAX_INNER_FRAMES]
    ]
    call = kernel.call
    if call == "futex":
        return _lock(inner)
    if call in ("epoll", "poll", "select"):
        return _selector(inner, frames, call)
    file = kernel.file or "file or socket"
    words = {
        "sleep": "sleeping (time.sleep)",
        "read": f"reading a {file}",
        "recv": f"reading a {kernel.file or 'socket'}",
        "write": f"writing to a {file}",
        "send": f"writing to a {kernel.file or 'socket'}",
        "accept": "waiting for a connection (accept)",
        "connect": "connecting a socket",
        "wait child": "waiting for a child process",
        "file lock": "waiting for a file lock",
        "fsync": "waiting for the disk (fsync)",
        "signal": "waiting for a signal",
    }.get(call, "")
    return words or ("waiting for a device (cannot be interrupted)" if kernel.letter == "D" else "")


def _lock(inner: list[tuple[str, str]]) -> str:
    for file, function, words in _LOCKS:
        if (file, function) in inner:
            return words
    waits = [name for file, name in inner if file == "threading.py"]
    if waits[:2] == ["wait", "wait"]:
        return "waiting for an event (Event.wait)"
    if waits[:1] == ["wait"]:
        return "waiting for a condition (Condition.wait)"
    if waits[:1] == ["_wait_for_tstate_lock"]:
        return "waiting for a thread to end (join)"
    return "waiting for a lock"


def _selector(inner: list[tuple[str, str]], frames: Sequence[Frame], call: str) -> str:
    for library, part in (("gevent", "/gevent/hub.py"), ("eventlet", "/eventlet/hubs/")):
        if frames and part in frames[-1].path and frames[-1].name.rpartition(".")[2] == "run":
            return f"waiting for events: the {library} hub"
    if any(file == "base_events.py" for file, _ in inner):
        return f"waiting in {call} (asyncio event loop, idle)"
    if any(file in ("socket.py", "ssl.py") for file, _ in inner):
        return "waiting for a socket"
    if any(file == "subprocess.py" for file, _ in inner):
        return "waiting for a child process's output"
    return f"waiting in {call} for a file or socket"
