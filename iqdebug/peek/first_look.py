"""A first look at a process: every thread's stack and locals, from outside.

py-spy reads the target's memory while it runs; /proc tells what each thread waits for. The
target is not stopped, nothing is put into it, and it keeps its speed (bench/peek.py).
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import replace

from iqdebug.core.errors import CannotAttach
from iqdebug.core.messages import Text, message
from iqdebug.core.paths import is_number
from iqdebug.core.state import Gil, Origin, Phase, Snapshot, Thread, ThreadState
from iqdebug.peek.attachability import require_python
from iqdebug.peek.greenlets import has_greenlets
from iqdebug.peek.host import Host
from iqdebug.peek.kernel import KernelThread, StaticData, kernel_thread, python_static_data
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.pyspy import Reader, read_threads, run_reader
from iqdebug.peek.waits import wait_message

__all__ = ["focus_of", "peek"]

_GIL_SAMPLES = 6
_SAMPLE_INTERVAL = 0.002  # seconds; a thread that wants the GIL asks again every 5 ms


def peek(
    pid: int,
    *,
    deadline: float = 5.0,
    locals: bool = True,
    host: Host | None = None,
    run: Reader = run_reader,
    sleep: Callable[[float], None] = time.sleep,
) -> Snapshot:
    """Look once; blocks for at most ``deadline`` seconds (usually some 20 ms).

    Threads are ordered main thread first. ``gil`` says HOLDS for the holder as py-spy saw it and
    WAITS for threads that the kernel shows asleep on the GIL's own condition. Values are texts
    of at most 200 characters, read without running code of the target.

    Raises NoSuchProcess, NotPython, NotPermitted, TargetExited, MissingTool (no py-spy), CannotAttach
    for another implementation than CPython, or TargetError when the process cannot be read.
    """
    host = host or Host()
    table = ProcessTable(host.proc)
    interpreter = require_python(pid, host, table)
    if interpreter.implementation != "CPython":
        raise CannotAttach(
            message("peek.not_cpython", pid=pid, implementation=interpreter.implementation),
            message("peek.not_cpython.why"),
            message("fix.faulthandler", pid=pid),
        )
    taken_at = time.time()
    before = _sample(host, pid)
    threads = read_threads(pid, host, deadline=deadline, locals=locals, run=run)
    if not threads:
        threads = _kernel_rows(host, pid)
    static = python_static_data(host.proc, pid, interpreter.file)
    after = _sample(host, pid)
    waiting = _gil_waiters(before, static) | _gil_waiters(after, static)
    if len(_busy(before, after)) > 1:
        # Two threads take turns, so one look may have caught each while it was the holder.
        for _ in range(_GIL_SAMPLES):
            if waiting - _holders(threads):
                break
            sleep(_SAMPLE_INTERVAL)
            waiting |= _gil_waiters(_sample(host, pid), static)
    threads = tuple(_complete(_named(thread, pid, host), before, after, waiting) for thread in threads)
    try:
        cwd = host.proc.link(pid, "cwd")
    except OSError:
        cwd = ""
    focus = focus_of(threads)
    green = message("look.greenlets") if has_greenlets(host.proc, pid) else ""
    details = [detail for detail in (_detail(threads), green) if detail]
    return Snapshot(
        pid=pid,
        epoch=0,
        phase=Phase.RUNNING,
        origin=Origin.PEEK,
        taken_at=taken_at,
        detail=message("look.details", details=details) if details else "",
        python=interpreter.version,
        command=shlex.join(table.command(pid)),
        cwd=cwd,
        threads=threads,
        focus=focus.id if focus else None,
    )


def focus_of(threads: tuple[Thread, ...]) -> Thread | None:
    """The thread most worth looking at: the holder of the GIL, else the main thread unless it
    waits while another one runs, and among those the first with the person's own code."""
    holder = next((thread for thread in threads if thread.gil is Gil.HOLDS), None)
    main = next((thread for thread in threads if thread.is_main), None)
    running = [thread for thread in threads if thread.state is ThreadState.RUNNING]
    running.sort(key=lambda thread: not any(frame.kind == "user" for frame in thread.frames))
    if holder:
        return holder
    if main and (main in running or not running):
        return main
    return running[0] if running else main or (threads[0] if threads else None)


def _kernel_rows(host: Host, pid: int) -> tuple[Thread, ...]:
    """The threads of a process none of which is known to its interpreter."""
    try:
        numbers = host.proc.thread_ids(pid)
    except OSError:
        return ()
    rows = (Thread(n, "MainThread" if n == pid else f"thread {n}", n, is_main=n == pid) for n in numbers)
    return tuple(sorted(rows, key=lambda thread: not thread.is_main))


def _named(thread: Thread, pid: int, host: Host) -> Thread:
    """With the kernel's name where Python has none: what pthread_setname_np or prctl have set."""
    if thread.os_id is None or not is_number(thread.name):
        return thread
    try:
        name, common = host.proc.stat(pid, thread.os_id).comm, host.proc.stat(pid).comm
    except (OSError, ValueError):
        return thread
    return replace(thread, name=name) if name and name != common else thread


def _sample(host: Host, pid: int) -> dict[int, KernelThread]:
    try:
        return {thread: kernel_thread(host.proc, pid, thread) for thread in host.proc.thread_ids(pid)}
    except OSError:
        return {}


def _gil_waiters(sample: dict[int, KernelThread], static: StaticData) -> set[int]:
    return {thread for thread, at in sample.items() if at.call == "futex" and at.argument in static}


def _holders(threads: tuple[Thread, ...]) -> set[int | None]:
    return {thread.os_id for thread in threads if thread.gil is Gil.HOLDS}


def _busy(before: dict[int, KernelThread], after: dict[int, KernelThread]) -> set[int]:
    """Threads that were on a CPU, or ready to be, in either sample."""
    return {
        thread
        for sample in (before, after)
        for thread, at in sample.items()
        if at.state is ThreadState.RUNNING
    }


def _complete(
    thread: Thread, before: dict[int, KernelThread], after: dict[int, KernelThread], waiting: set[int]
) -> Thread:
    unknown = KernelThread(ThreadState.UNKNOWN)
    kernel = after.get(thread.os_id or 0, unknown)
    gil = Gil.WAITS if thread.gil is Gil.NONE and thread.os_id in waiting else thread.gil
    state = ThreadState.WAITING if gil is Gil.WAITS else kernel.state
    if gil is Gil.HOLDS and kernel != before.get(thread.os_id or 0, unknown):
        # It ran when py-spy saw it; only a holder that slept all along sleeps with the GIL.
        return replace(thread, state=ThreadState.RUNNING)
    return replace(thread, gil=gil, state=state, wait_message=wait_message(thread.frames, kernel, gil))


def _detail(threads: tuple[Thread, ...]) -> Text:
    waiters = sum(thread.gil is Gil.WAITS for thread in threads)
    for thread in threads:
        if thread.gil is Gil.HOLDS and thread.wait:
            who = message("who.the_main_thread")
            if not thread.is_main:
                who = message("who.thread", name=thread.name)
            return message("look.gil_in_c", who=who)
    if waiters:
        return message("look.wait_for_gil", count=waiters)
    main = next((thread for thread in threads if thread.is_main), None)
    return message("look.main_thread", wait=main.wait_message) if main and main.wait_message else ""
