"""Get the agent into a target at a point where that is safe.

Running Python wherever a debugger happened to stop a thread kills processes now and then. Here
the injected code only starts a thread, and it is run in one of three ways:

- **pending call**: ``Py_AddPendingCall`` queues it; the interpreter runs it between two
  bytecodes of the main thread. For a main thread that runs, waits for the interpreter lock, or
  holds the lock in a C call (then it runs when the call returns).
- **lock entry**: ``PyGILState_Ensure``, run, ``PyGILState_Release``, for a main thread that
  sleeps in a system call with the lock released; it holds nothing that this could disturb.
- **remote exec**: what ``sys.remote_exec`` of 3.14 does, through the target's memory
  (:mod:`.remote_exec`); needs no gdb, and waits for the main thread's next bytecode like a pending call.

Nothing of the target is ever executed as our own user: its interpreter is a file of its owner.

A main thread may fall asleep for good after a call was queued. Then it is entered by its lock
too, and the boot code runs once, whichever of the two comes first.
"""

from __future__ import annotations

import asyncio
import platform
import re
import secrets
import shutil
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from iqdebug.core.errors import CannotAttach, MissingTool, NoSuchProcess
from iqdebug.core.messages import Text, message, render
from iqdebug.core.python_versions import REMOTE_EXEC
from iqdebug.dap import remote_exec_process
from iqdebug.dap.boot_code import boot_code
from iqdebug.dap.gdb import Gdb
from iqdebug.dap.registers import at_a_safe_place
from iqdebug.dap.rendezvous import Rendezvous
from iqdebug.dap.target_state import state_letter

__all__ = ["Entry", "ask_again", "inject"]

GDB_TIMEOUT = 10.0
"""Seconds for gdb to stop the process."""


# System calls during which the C library may hold the allocator's lock, or that never return.
_UNSAFE_CALLS = {
    "x86_64": {9, 10, 11, 12, 25, 28, 60, 231},  # mmap mprotect munmap brk mremap madvise exit exit_group
    "aarch64": {222, 226, 215, 214, 216, 233, 93, 94},
}
_FUTEX = {"x86_64": 202, "aarch64": 98}


class Entry(str, Enum):
    PENDING_CALL = "pending call"
    LOCK_ENTRY = "lock entry"
    REMOTE_EXEC = "remote exec"


def main_thread_runs(pid: int, samples: int = 5, interval: float = 0.004) -> bool:
    """Whether the main thread was on a CPU (state R) in any of a few looks.

    :raises NoSuchProcess: it is gone.
    """
    for _ in range(samples):
        letter = state_letter(pid)
        if not letter:
            raise NoSuchProcess(message("dap.ended_while_attaching", pid=pid))
        if letter == "R":
            return True
        time.sleep(interval)
    return False


async def inject(
    pid: int,
    python: tuple[int, int],
    rendezvous: Rendezvous,
    progress: Callable[[str], None],
) -> Entry:
    """Ask the target to start the agent; returns when asked, the agent connects when it runs.

    :raises MissingTool, CannotAttach, NoSuchProcess, AttachTimeout: nothing was injected.
    """
    code = boot_code(rendezvous)
    runs = await asyncio.to_thread(main_thread_runs, pid)
    has_gdb = shutil.which("gdb") is not None
    refusal: Text = ""
    if python >= REMOTE_EXEC and (runs or not has_gdb):
        refusal = await _remote_exec(rendezvous, code)
        if not refusal:
            progress(render(message("dap.entering.asked")))
            return Entry.REMOTE_EXEC
    if not has_gdb:
        raise MissingTool(
            message("dap.gdb.missing_for", version=f"{python[0]}.{python[1]}"),
            message("dap.gdb.missing_for.why", pid=pid, refusal=refusal) if refusal else "",
            message("dap.gdb.missing.fix"),
        )
    progress(render(message("dap.entering.stopping")))
    gdb = Gdb(pid)
    try:
        await gdb.attach(GDB_TIMEOUT)
        return await _enter(gdb, runs, python, rendezvous, code, progress)
    finally:
        await asyncio.shield(gdb.detach())


async def _enter(
    gdb: Gdb,
    runs: bool,
    python: tuple[int, int],
    rendezvous: Rendezvous,
    code: str,
    progress: Callable[[str], None],
) -> Entry:
    asleep = not runs and await _asleep_without_lock(gdb, python)
    if not asleep and not await at_a_safe_place(gdb):
        raise CannotAttach(
            message("dap.no_safe_place", pid=gdb.pid),
            message("dap.no_safe_place.why"),
            message("dap.no_safe_place.fix"),
        )
    memory = await _written(gdb, rendezvous, code)
    if asleep:
        await _by_lock(gdb, memory, progress)
        return Entry.LOCK_ENTRY
    queued = await gdb.call("Py_AddPendingCall", "(long)&PyRun_SimpleString", str(memory))
    if queued != 0:
        raise CannotAttach(
            message("dap.calls_full", pid=gdb.pid),
            message("dap.calls_full.why"),
            message("dap.calls_full.fix"),
        )
    return Entry.PENDING_CALL


async def ask_again(
    pid: int, python: tuple[int, int], rendezvous: Rendezvous, progress: Callable[[str], None]
) -> Entry | None:
    """The way in that the target's main thread offers by now, for one that has not come in on an
    earlier request: its lock, if it has fallen asleep since, else the same request once more where
    that is free (it is written into memory that the target writes too, and may have been lost).
    None when waiting is all that can be done. The boot code runs once, however often it is asked.

    :raises TargetError: as :func:`inject`.
    """
    runs = await asyncio.to_thread(main_thread_runs, pid)
    if runs or shutil.which("gdb") is None:
        if python >= REMOTE_EXEC and not await _remote_exec(rendezvous, boot_code(rendezvous)):
            return Entry.REMOTE_EXEC
        return None
    return Entry.LOCK_ENTRY if await _enter_beside(pid, python, rendezvous, progress) else None


async def _enter_beside(
    pid: int, python: tuple[int, int], rendezvous: Rendezvous, progress: Callable[[str], None]
) -> bool:
    """Lock entry for a main thread that is asleep without the interpreter lock, if it is."""
    gdb = Gdb(pid)
    try:
        await gdb.attach(GDB_TIMEOUT)
        if not await _asleep_without_lock(gdb, python):
            return False
        await _by_lock(gdb, await _written(gdb, rendezvous, boot_code(rendezvous)), progress)
        return True
    finally:
        await asyncio.shield(gdb.detach())


async def _written(gdb: Gdb, rendezvous: Rendezvous, code: str) -> int:
    """The address of the code in the target's memory."""
    data = code.encode() + b"\0"
    source = rendezvous.write_file(secrets.token_hex(8), data, ours=True)  # gdb runs as we do
    size = (len(data) + 4095) & ~4095
    # mmap rather than the allocator: the main thread may have been stopped inside malloc.
    memory = await gdb.call("mmap", "0", str(size), "3", "0x22", "-1", "0", returns="long")
    if memory in (0, -1):
        raise CannotAttach(message("dap.no_memory", pid=gdb.pid))
    await gdb.write(memory, source)
    source.unlink()
    return memory


LOCK_WAIT_SHOWN_AFTER = 1.0
"""Seconds after which a person sees what is waited for."""

_RUN_UNDER_LOCK = """set $iqd = -1
set $iqd = ((int(*)(void))PyGILState_Ensure)()
print/d $iqd
if $iqd >= 0
call ((int(*)(long))PyRun_SimpleString)({memory})
call ((void(*)(int))PyGILState_Release)($iqd)
end"""


async def _by_lock(gdb: Gdb, memory: int, progress: Callable[[str], None]) -> None:
    """Take the lock on the main thread, run the code, give the lock back. gdb has all of it from the
    start, so that the lock is given back whatever becomes of us."""
    progress(render(message("dap.entering.beside")))
    entering = asyncio.ensure_future(gdb.command(_RUN_UNDER_LOCK.format(memory=memory)))
    started = time.monotonic()
    while not (await asyncio.wait([entering], timeout=LOCK_WAIT_SHOWN_AFTER))[0]:
        waited = f"{time.monotonic() - started:.0f}"
        progress(render(message("dap.entering.lock_held", seconds=waited)))
    state = re.search(r"\$\d+ = (-?\d+)", entering.result())
    if state is None or int(state[1]) < 0:
        raise CannotAttach(
            message("dap.gdb.call_failed", function="PyGILState_Ensure", pid=gdb.pid),
            (entering.result().strip().splitlines() or [""])[-1][:160],
            message("dap.gdb.call_failed.fix"),
        )


async def _asleep_without_lock(gdb: Gdb, python: tuple[int, int]) -> bool:
    """Whether the stopped main thread is in a system call, does not hold the interpreter lock
    and does not wait for it."""
    machine = platform.machine()
    if machine not in _UNSAFE_CALLS:
        return False
    try:
        words = Path(f"/proc/{gdb.pid}/task/{gdb.pid}/syscall").read_text().split()
        number = int(words[0])
    except (OSError, ValueError, IndexError):
        return False
    if number < 0 or number in _UNSAFE_CALLS[machine]:
        return False
    if number == _FUTEX[machine] and len(words) > 1:
        runtime = await gdb.address("_PyRuntime")
        # The lock lives in the runtime's static state, which holds the main interpreter too
        # since 3.12.
        span = 1 << 20 if python >= (3, 12) else 1 << 13
        if runtime is None or runtime <= int(words[1], 16) < runtime + span:
            return False
    return await gdb.call("PyGILState_Check") == 0


async def _remote_exec(rendezvous: Rendezvous, code: str) -> Text:
    """Ask the interpreter to run the code; "" when it took the request, else why not, which
    completes "process N …"."""
    # A name of its own for each request: one that is being run removes its own script.
    script = rendezvous.folder / f"{secrets.token_hex(8)}.py"
    # The interpreter complains on the target's stderr about a script that is gone: when attaching
    # is given up first, the script stays and takes itself and its folder away.
    clean_up = f"try:\n import os; os.unlink({str(script)!r}); os.rmdir({str(script.parent)!r})\n"
    clean_up += "except BaseException: pass\n"
    rendezvous.write_file(script.name, f"{code}\n__import__('builtins').exec({clean_up!r}, {{}})\n".encode())
    refusal = await remote_exec_process.ask(rendezvous.pid, rendezvous.uid, script)
    rendezvous.script_pending = rendezvous.script_pending or not refusal
    return refusal
