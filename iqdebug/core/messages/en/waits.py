"""What threads wait for, as seen from outside: ends of "the main thread is …"."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "wait.a_socket": "socket",
    "wait.accept": "waiting for a connection (accept)",
    "wait.child": "waiting for a child process",
    "wait.child_output": "waiting for a child process's output",
    "wait.condition": "waiting for a condition (Condition.wait)",
    "wait.connect": "connecting a socket",
    "wait.device": "waiting for a device (cannot be interrupted)",
    "wait.crashed": "crashed",
    "wait.crashed_without_threads": "crashed; the list of threads is missing",
    "wait.event": "waiting for an event (Event.wait)",
    "wait.event_loop": "waiting in {call} (asyncio event loop, idle)",
    "wait.file_lock": "waiting for a file lock",
    "wait.file": "file",
    "wait.pipe": "pipe",
    "wait.terminal": "terminal",
    "wait.file_or_socket": "file or socket",
    "wait.for_gil": "waiting for the GIL",
    "wait.fsync": "waiting for the disk (fsync)",
    "wait.future": "waiting for a future's result",
    "wait.futures": "waiting for futures",
    "wait.holding_gil": "in a C call, holding the GIL",
    "wait.hub": "waiting for events: the {library} hub",
    "wait.lock": "waiting for a lock",
    "wait.pool_work": "waiting for work (idle pool thread)",
    "wait.queue_get": "waiting for a queue item (queue.get)",
    "wait.queue_join": "waiting for a queue to be worked off (queue.join)",
    "wait.queue_put": "waiting for room in a queue (queue.put)",
    "wait.read": "reading a {file}",
    "wait.selector": "waiting in {call} for a file or socket",
    "wait.semaphore": "waiting for a semaphore",
    "wait.signal": "waiting for a signal",
    "wait.sleep": "sleeping (time.sleep)",
    "wait.socket": "waiting for a socket",
    "wait.thread": "waiting for a thread to end (join)",
    "wait.threads_at_exit": "waiting for the other threads to end (interpreter exit)",
    "wait.write": "writing to a {file}",
}
