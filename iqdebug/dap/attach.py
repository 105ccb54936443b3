"""Attach to a live process: inject, meet the agent, shake hands with pydevd.

Each step has a deadline; a failure leaves the target running and nothing of ours in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from iqdebug.core.errors import (
    AttachTimeout,
    CannotAttach,
    IqdebugError,
    NoSuchProcess,
    TargetExited,
)
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.messages import Message, message, render
from iqdebug.core.state import Breakpoint, ProcessInfo, Snapshot
from iqdebug.dap.agent_client import AgentClient, Lease
from iqdebug.dap.agent_events import AgentEvent, FailedEvent, HeldEvent, HelloEvent, LogsEvent, PassedEvent
from iqdebug.dap.client import DapClient
from iqdebug.dap.handshake import ExceptionFilter, Greeting, handshake
from iqdebug.dap.inject import Entry, ask_again, inject
from iqdebug.dap.rendezvous import Rendezvous
from iqdebug.dap.session import Session
from iqdebug.dap.target_state import is_alive

__all__ = ["AttachOptions", "arrival", "attach", "attach_through", "uid_of", "version_of"]

ARRIVAL_TIMEOUT = 10.0
"""Seconds for the agent, once the target runs Python again."""

START_TIMEOUT = 120.0
"""Seconds for starting in a target whose threads seldom give up the interpreter lock."""

ARRIVAL_CHECK_INTERVAL = 0.5


@dataclass(frozen=True, slots=True)
class AttachOptions:
    """``wait`` bounds the time for the main thread to reach a safe point, in seconds; None
    waits for as long as the target lives. ``outside`` is a look from outside that completes the
    session's own looks at a running target. ``sources`` is where texts go that are in no file."""

    pause: bool = False
    exceptions: tuple[ExceptionFilter, ...] = ("uncaught",)
    breakpoints: Sequence[Breakpoint] = ()
    just_my_code: bool = False
    wait: float | None = None
    outside: Callable[[], Awaitable[Snapshot | None]] | None = None
    sources: MemorySources | None = None


async def attach(
    info: ProcessInfo,
    options: AttachOptions,
    progress: Callable[[str], None] = lambda words: None,
) -> Session:
    """A session on the process, RUNNING, with breakpoints and exception filters in place.

    :param progress: called with what is being waited for, in words.
    :raises TargetError, MissingTool, ProtocolError: not attached; the target runs on.
    """
    rendezvous = Rendezvous(info.pid, uid_of(info.pid))
    try:
        rendezvous.start()
        version = version_of(info.python)
        entry = await inject(info.pid, version, rendezvous, progress)
        await arrival(info.pid, version, rendezvous, entry, options.wait, progress)
        return await attach_through(info, options, rendezvous, progress)
    finally:
        rendezvous.close()


def uid_of(pid: int) -> int:
    """The user a process runs as.

    :raises NoSuchProcess: it is gone.
    """
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        raise NoSuchProcess(message("dap.no_process", pid=pid)) from None


def version_of(python: str) -> tuple[int, int]:
    """(3, 12) of "3.12.1"; (3, 8) where nothing is known."""
    parts = [int(p) for p in python.split(".")[:2] if p.isdigit()]
    return (parts[0], parts[1]) if len(parts) == 2 else (3, 8)


async def arrival(
    pid: int,
    python: tuple[int, int],
    rendezvous: Rendezvous,
    entry: Entry,
    wait: float | None,
    progress: Callable[[str], None],
) -> None:
    """Wait until the agent talks. A pending call may have to wait for a C call to return."""
    started = time.monotonic()
    timeout = ARRIVAL_TIMEOUT if entry is Entry.LOCK_ENTRY else wait
    next_try = 1.0
    arrived = asyncio.ensure_future(rendezvous.connection("control"))
    try:
        while True:
            done, _ = await asyncio.wait([arrived], timeout=ARRIVAL_CHECK_INTERVAL)
            if done:
                return
            if rendezvous.refused():
                raise CannotAttach(
                    message("dap.threads_replaced", pid=pid),
                    message("dap.threads_replaced.why"),
                    message("dap.threads_replaced.fix"),
                )
            if not is_alive(pid):
                raise TargetExited(message("dap.ended_while_attaching", pid=pid))
            failure = rendezvous.failure()
            if failure:
                raise CannotAttach(
                    message("dap.agent_not_loaded", pid=pid),
                    message("dap.agent_not_loaded.why", failure=failure),
                    message("dap.agent_not_loaded.fix"),
                )
            waited = time.monotonic() - started
            if timeout is not None and waited > timeout:
                raise AttachTimeout(
                    message("dap.not_entered", pid=pid, seconds=f"{timeout:g}"),
                    message("dap.not_entered.why"),
                    message("dap.not_entered.fix"),
                )
            if entry is not Entry.LOCK_ENTRY and waited > next_try:
                next_try = 2 * waited
                if await ask_again(pid, python, rendezvous, progress) is Entry.LOCK_ENTRY:
                    entry, timeout, started = Entry.LOCK_ENTRY, ARRIVAL_TIMEOUT, time.monotonic()
                    continue
            if waited > 1.0:
                progress(render(message("dap.step.main_thread_in_c", seconds=f"{waited:.0f}")))
    finally:
        arrived.cancel()


async def attach_through(
    info: ProcessInfo,
    options: AttachOptions,
    rendezvous: Rendezvous,
    progress: Callable[[str], None] = lambda words: None,
) -> Session:
    """A session on a process that comes to the rendezvous, because the boot code runs in it, whoever had
    it run: as :func:`attach` does once the agent has arrived.

    When this fails, nothing of ours stays in the target, and it runs on.

    :param rendezvous: started; stays the caller's to close, also when this fails.
    :raises TargetError, MissingTool, ProtocolError: not attached.
    """
    progress(render(message("dap.step.starting_debugger")))
    session = Session(info, options.outside, options.sources)
    lease: Lease | None = None
    agent: AgentClient | None = None
    dap: DapClient | None = None
    try:
        timeout = START_TIMEOUT if options.wait is None else max(ARRIVAL_TIMEOUT, options.wait)
        late = message("dap.in_time.start", pid=info.pid, seconds=f"{timeout:g}")
        async with _deadline(timeout, late, progress):
            lease = Lease(await rendezvous.connection("lease"))
            control = await asyncio.open_connection(sock=await rendezvous.connection("control"))
            greeting = Greeting(session.agent_event, session.agent_closed)
            agent = AgentClient(*control, greeting.event, greeting.closed)
            first = await greeting.first
            if agent.failure is not None:
                raise agent.failure
            _check_greeting(first, info.pid)
            stream = await asyncio.open_connection(sock=await rendezvous.connection("dap"))
            dap = DapClient(*stream, session.dap_event, session.dap_closed)
            session.connect(dap, agent, lease)
        late = message("dap.in_time.handshake", pid=info.pid, seconds=f"{timeout:g}")
        async with _deadline(timeout, late, progress):
            await handshake(
                session.target,
                dap,
                rendezvous.token,
                exceptions=options.exceptions,
                breakpoints=options.breakpoints,
                just_my_code=options.just_my_code,
                pause=options.pause,
                timeout=timeout,
            )
        return session
    except BaseException:
        if lease is not None:
            lease.end()
        if dap is not None:
            await dap.close()
        if agent is not None:
            with contextlib.suppress(IqdebugError, TimeoutError):
                await agent.request("leave", timeout=2.0)
            await agent.close()
        raise


def _check_greeting(event: AgentEvent | None, pid: int) -> None:
    """:raises TargetError: it is not that the agent is ready."""
    if isinstance(event, HelloEvent):
        return
    if event is None:
        raise TargetExited(message("dap.closed_while_attaching", pid=pid))
    words = "" if isinstance(event, (LogsEvent, HeldEvent, PassedEvent)) else event.message
    if isinstance(words, str):
        words = words[:300]
    if isinstance(event, FailedEvent):
        raise CannotAttach(
            message("dap.debugger_not_started", pid=pid),
            words,
            message("dap.debugger_not_started.fix"),
        )
    raise CannotAttach(message("dap.not_debuggable", pid=pid), words, message("dap.not_debuggable.fix"))


@contextlib.asynccontextmanager
async def _deadline(seconds: float, late: Message, progress: Callable[[str], None]) -> AsyncIterator[None]:
    """A bound for a step, and words on the way when it takes long. (Python 3.10 has no asyncio.timeout.)

    :param late: what is said when it is passed.
    """
    task = asyncio.current_task()
    assert task is not None
    passed = False

    def cancel() -> None:
        nonlocal passed
        passed = True
        task.cancel()

    async def report() -> None:
        for waited in itertools.count(2):
            await asyncio.sleep(2.0 if waited == 2 else 1.0)
            progress(render(message("dap.step.starting_slowly", seconds=waited)))

    timer = asyncio.get_running_loop().call_later(seconds, cancel)
    reporting = asyncio.create_task(report())
    try:
        yield
    except (asyncio.CancelledError, TimeoutError) as error:
        if isinstance(error, asyncio.CancelledError) and not passed:
            raise
        raise AttachTimeout(late, message("dap.in_time.why"), message("dap.in_time.fix")) from None
    finally:
        timer.cancel()
        reporting.cancel()
