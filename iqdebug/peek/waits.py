"""What a thread waits for, from its innermost frames and its system call."""

from __future__ import annotations

from collections.abc import Sequence

from iqdebug.core.messages import Message, Text, message
from iqdebug.core.state import Frame, Gil, ThreadState
from iqdebug.peek.kernel import KernelThread

__all__ = ["wait_message"]

# (file name, function) anywhere among the innermost library frames; the first match counts.
_LOCKS: tuple[tuple[str, str, Message], ...] = (
    ("queue.py", "get", message("wait.queue_get")),
    ("queue.py", "put", message("wait.queue_put")),
    ("queue.py", "join", message("wait.queue_join")),
    ("threading.py", "join", message("wait.thread")),
    ("threading.py", "_shutdown", message("wait.threads_at_exit")),
    ("_base.py", "result", message("wait.future")),
    ("_base.py", "wait", message("wait.futures")),
    ("threading.py", "acquire", message("wait.semaphore")),
    ("thread.py", "_worker", message("wait.pool_work")),
)
_MAX_INNER_FRAMES = 5


def wait_message(frames: Sequence[Frame], kernel: KernelThread, gil: Gil) -> Text:
    """What holds the thread up; "" when it runs or that cannot be told."""
    if gil is Gil.WAITS:
        return message("wait.for_gil")
    if kernel.state is not ThreadState.WAITING:
        return ""
    if gil is Gil.HOLDS:
        return message("wait.holding_gil")
    inner = [
        (frame.path.rpartition("/")[2], frame.name.rpartition(".")[2]) for frame in frames[:_MAX_INNER_FRAMES]
    ]
    call = kernel.call
    if call == "futex":
        return _lock(inner)
    if call in ("epoll", "poll", "select"):
        return _selector(inner, frames, call)
    file: Text = kernel.file or message("wait.file_or_socket")
    socket: Text = kernel.file or message("wait.a_socket")
    known = {
        "sleep": message("wait.sleep"),
        "read": message("wait.read", file=file),
        "recv": message("wait.read", file=socket),
        "write": message("wait.write", file=file),
        "send": message("wait.write", file=socket),
        "accept": message("wait.accept"),
        "connect": message("wait.connect"),
        "wait child": message("wait.child"),
        "file lock": message("wait.file_lock"),
        "fsync": message("wait.fsync"),
        "signal": message("wait.signal"),
    }.get(call)
    return known or (message("wait.device") if kernel.letter == "D" else "")


def _lock(inner: list[tuple[str, str]]) -> Message:
    for file, function, awaited in _LOCKS:
        if (file, function) in inner:
            return awaited
    waits = [name for file, name in inner if file == "threading.py"]
    if waits[:2] == ["wait", "wait"]:
        return message("wait.event")
    if waits[:1] == ["wait"]:
        return message("wait.condition")
    if waits[:1] == ["_wait_for_tstate_lock"]:
        return message("wait.thread")
    return message("wait.lock")


def _selector(inner: list[tuple[str, str]], frames: Sequence[Frame], call: str) -> Message:
    for library, part in (("gevent", "/gevent/hub.py"), ("eventlet", "/eventlet/hubs/")):
        if frames and part in frames[-1].path and frames[-1].name.rpartition(".")[2] == "run":
            return message("wait.hub", library=library)
    if any(file == "base_events.py" for file, _ in inner):
        return message("wait.event_loop", call=call)
    if any(file in ("socket.py", "ssl.py") for file, _ in inner):
        return message("wait.socket")
    if any(file == "subprocess.py" for file, _ in inner):
        return message("wait.child_output")
    return message("wait.selector", call=call)
