"""Attach to a live process: inject, meet the agent, shake hands with pydevd.

Each step has a deadline; a failure leaves the target running and nothing of ours in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from iqdebug.core.errors import (
    AttachTimeout,
    CannotAttach,
    IqdebugError,
    NoSuchProcess,
    ProtocolError,
    TargetExited,
)
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.state import Breakpoint, ProcessInfo, Snapshot
from iqdebug.dap.agent_client import AgentClient, Lease
from iqdebug.dap.client import DapClient, decode_body
from iqdebug.dap.inject import Entry, ask_again, inject
from iqdebug.dap.rendezvous import Rendezvous
from iqdebug.dap.session import Session
from iqdebug.dap.target_state import is_alive

__all__ = ["AttachOptions", "Hello", "arrival", "attach", "handshake", "uid_of", "version_of"]

ExceptionFilter = Literal["uncaught", "raised", "userUnhandled"]

_ARRIVAL = 10.0  # seconds for the agent, once the target runs Python again
_RARE_TURNS = 120.0  # seconds for starting in a target whose threads seldom give up the GIL
_LOOK = 0.5


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


class _Capabilities(msgspec.Struct, frozen=True):
    supportsRestartFrame: bool = False
    supportsCompletionsRequest: bool = False


async def attach(
    info: ProcessInfo,
    options: AttachOptions,
    progress: Callable[[str], None] = lambda words: None,
) -> Session:
    """A session on the process, RUNNING, with breakpoints and exception filters in place.

    :param progress: told in words what is being waited for.
    :raises TargetError, MissingTool, ProtocolError: not attached; the target runs on.
    """
    rendezvous = Rendezvous(info.pid, uid_of(info.pid))
    try:
        rendezvous.start()
        version = version_of(info.python)
        entry = await inject(info.pid, version, rendezvous, progress)
        await arrival(info.pid, version, rendezvous, entry, options.wait, progress)
        return await _open(info, options, rendezvous, progress)
    finally:
        rendezvous.close()


def uid_of(pid: int) -> int:
    """The user a process runs as.

    :raises NoSuchProcess: it is gone.
    """
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        raise NoSuchProcess(f"There is no process {pid}") from None


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
    patience = _ARRIVAL if entry is Entry.LOCK_ENTRY else wait
    next_try = 1.0
    arrived = asyncio.ensure_future(rendezvous.connection("control"))
    try:
        while True:
            done, _ = await asyncio.wait([arrived], timeout=_LOOK)
            if done:
                return
            if rendezvous.refused():
                raise CannotAttach(
                    f"Process {pid} has replaced the functions that start threads",
                    "A thread of its own is what the debugger needs: in the program's it would block it.",
                    "Nothing was left in it, and it runs on; `iqdebug peek` works.",
                )
            if not is_alive(pid):
                raise TargetExited(f"Process {pid} ended while iqdebug was attaching")
            failure = rendezvous.failure()
            if failure:
                raise CannotAttach(
                    f"iqdebug's agent could not be loaded in process {pid}",
                    f"Something in the program prevents it: {failure}",
                    "The process runs on as before; `iqdebug peek` works.",
                )
            waited = time.monotonic() - started
            if patience is not None and waited > patience:
                raise AttachTimeout(
                    f"Process {pid} did not reach a point where it can be entered within {patience:g} s",
                    "Its main thread is in a C call, or holds the interpreter lock there.",
                    "`iqdebug peek` works meanwhile; attach again when the call has returned.",
                )
            if entry is not Entry.LOCK_ENTRY and waited > next_try:
                next_try = 2 * waited
                if await ask_again(pid, python, rendezvous, progress) is Entry.LOCK_ENTRY:
                    entry, patience, started = Entry.LOCK_ENTRY, _ARRIVAL, time.monotonic()
                    continue
            if waited > 1.0:
                progress(
                    f"main thread is in a C call ({waited:.0f} s so far): "
                    "attaching completes by itself when it returns"
                )
    finally:
        arrived.cancel()


class Hello:
    """Collects what the agent says first."""

    def __init__(self) -> None:
        self.future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def __call__(self, event: dict[str, Any]) -> None:
        if not self.future.done():
            self.future.set_result(event)

    def closed(self) -> None:
        self({"event": "closed"})


async def _open(
    info: ProcessInfo,
    options: AttachOptions,
    rendezvous: Rendezvous,
    progress: Callable[[str], None],
) -> Session:
    progress("starting the debugger in the target")
    session = Session(info, options.outside, options.sources)
    hello = Hello()
    lease: Lease | None = None
    agent: AgentClient | None = None
    client: DapClient | None = None
    try:
        patience = _RARE_TURNS if options.wait is None else max(_ARRIVAL, options.wait)
        async with _deadline("start its debugger", info.pid, patience, progress):
            lease = Lease(await rendezvous.connection("lease"))
            control = await asyncio.open_connection(sock=await rendezvous.connection("control"))
            # From here on the session hears the agent; the first event is also the greeting.
            agent = AgentClient(
                *control, both(hello, session.agent_event), _each(hello.closed, session.agent_closed)
            )
            greeting = await hello.future
            if agent.failure is not None:
                raise agent.failure
            _check_hello(greeting, info.pid)
            stream = await asyncio.open_connection(sock=await rendezvous.connection("dap"))
            client = DapClient(*stream, session.dap_event, session.dap_closed)
            session.connect(client, agent, lease)
        async with _deadline("answer the debug handshake", info.pid, patience, progress):
            await handshake(session, client, rendezvous.token, options, patience)
        return session
    except BaseException:
        if lease is not None:
            lease.end()
        if client is not None:
            await client.close()
        if agent is not None:
            with contextlib.suppress(IqdebugError, TimeoutError):
                await agent.request("leave", timeout=2.0)
            await agent.close()
        raise


def both(first: Callable[[dict[str, Any]], None], second: Callable[[dict[str, Any]], None]) -> Any:
    def told(event: dict[str, Any]) -> None:
        first(event)
        second(event)

    return told


def _each(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def told() -> None:
        first()
        second()

    return told


def _check_hello(event: dict[str, Any], pid: int) -> None:
    if event["event"] == "hello":
        return
    if event["event"] == "closed":
        raise TargetExited(f"Process {pid} closed the connection while iqdebug was attaching")
    if event["event"] == "failed":
        raise CannotAttach(
            f"The debugger could not be started in process {pid}",
            str(event.get("message", ""))[:300],
            "The process runs on; `iqdebug peek` works. Please report this.",
        )
    raise CannotAttach(
        f"Process {pid} cannot be debugged now",
        str(event.get("message", ""))[:300],
        "`iqdebug peek` works meanwhile.",
    )


@contextlib.asynccontextmanager
async def _deadline(what: str, pid: int, seconds: float, progress: Callable[[str], None]) -> Any:
    """A bound for a step, in words when it is passed, and words on the way when it takes long.
    (Python 3.10 has no asyncio.timeout.)"""
    task = asyncio.current_task()
    assert task is not None
    passed = False

    def cancel() -> None:
        nonlocal passed
        passed = True
        task.cancel()

    async def say() -> None:
        for waited in itertools.count(2):
            await asyncio.sleep(2.0 if waited == 2 else 1.0)
            progress(f"starting the debugger ({waited} s: the process seldom lets another thread run)")

    timer = asyncio.get_running_loop().call_later(seconds, cancel)
    saying = asyncio.create_task(say())
    try:
        yield
    except (asyncio.CancelledError, TimeoutError) as error:
        if isinstance(error, asyncio.CancelledError) and not passed:
            raise
        raise AttachTimeout(
            f"Process {pid} did not {what} within {seconds:g} s",
            "Another of its threads holds the interpreter lock in a C call, or the machine is very busy.",
            "Nothing was left in it; try again.",
        ) from None
    finally:
        timer.cancel()
        saying.cancel()


async def handshake(
    session: Session, client: DapClient, token: str, options: AttachOptions, patience: float
) -> None:
    """From a fresh connection to a target that runs with breakpoints and exception filters in place.

    :param patience: seconds for each answer.
    :raises ProtocolError, RequestFailed, TimeoutError: it did not come to that.
    """
    answer = await client.request("pydevdAuthorize", {"debugServerAccessToken": token}, timeout=patience)
    if decode_body(answer, dict).get("clientAccessToken") != token:
        raise ProtocolError("The debug connection was answered by something else than the target")
    initialize = {
        "clientID": "iqdebug",
        "clientName": "iqdebug",
        "adapterID": "debugpy",
        "linesStartAt1": True,
        "columnsStartAt1": True,
        "pathFormat": "path",
        "supportsVariableType": True,
        "supportsANSIStyling": False,
    }
    capabilities = await client.fetch("initialize", initialize, _Capabilities, timeout=patience)
    session.restart_frame_offered = capabilities.supportsRestartFrame
    await client.request(
        "attach",
        {
            "justMyCode": options.just_my_code,
            "subProcess": False,
            "redirectOutput": False,
            "showReturnValue": True,
            "terminateChildProcesses": False,
            "debugOptions": [],
            # Named, though off: else pydevd asks for the working directory, which may be gone.
            "autoReload": {"enable": False, "watchDirectories": ["/"]},
        },
        timeout=patience,
    )
    await session.install_breakpoints(options.breakpoints, patience)
    await client.request("setExceptionBreakpoints", {"filters": list(options.exceptions)}, timeout=patience)
    await client.request("configurationDone", {}, timeout=patience)
    await session.start(pause=options.pause, patience=patience)
