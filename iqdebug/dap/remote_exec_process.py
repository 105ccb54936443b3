"""Runs :mod:`.remote_exec` in a process of its own, so that memory which never answers holds up nobody."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

from iqdebug.core.messages import Message, Text, message
from iqdebug.dap import remote_exec

__all__ = ["ask", "withdraw"]

ASK_TIMEOUT = 5.0
"""Seconds for asking the interpreter to run a script."""

WITHDRAW_TIMEOUT = 2.0
"""Seconds for taking such a request back."""

MAX_REFUSAL = 300
"""Characters of why the interpreter could not be asked."""

_REFUSALS: dict[str, Message] = {
    "another_user": message("dap.remote_exec.another_user"),
    "asked_already": message("dap.remote_exec.asked_already"),
    "ending": message("dap.remote_exec.ending"),
    "machine": message("dap.remote_exec.machine"),
    "no_main_interpreter": message("dap.remote_exec.no_main_interpreter"),
    "no_main_thread": message("dap.remote_exec.no_main_thread"),
    "no_state": message("dap.remote_exec.no_state"),
    "no_support": message("dap.remote_exec.no_support"),
    "not_taken": message("dap.remote_exec.not_taken", why=None),
    "path_too_long": message("dap.remote_exec.path_too_long"),
    "switched_off": message("dap.remote_exec.switched_off"),
}

_COMMAND = (sys.executable, "-I", "-S", str(remote_exec.__file__))


async def ask(pid: int, uid: int, script: Path) -> Text:
    """Ask the interpreter to run the script; "" when it took the request, else why not, which
    completes "process N …"."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        *("ask", str(pid), str(uid), str(script)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), ASK_TIMEOUT)
    except asyncio.TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return message("dap.remote_exec.no_answer")
    if process.returncode == 0:
        return ""
    return _refusal(output.decode("utf-8", "replace").strip()[:MAX_REFUSAL])


def _refusal(words: str) -> Text:
    """What the other process has printed, which may be words of the kernel's instead."""
    why, _, detail = words.partition(": ")
    known = _REFUSALS.get(why)
    if known is not None:
        return known.with_values(why=detail or None)
    return words or message("dap.remote_exec.out_of_reach")


def withdraw(pid: int, uid: int, folder: Path) -> bool:
    """Take back a request to run a script of that folder. Whether the target will not run it any more."""
    try:
        process = subprocess.Popen(
            [*_COMMAND, "withdraw", str(pid), str(uid), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
    except OSError:
        return False
    try:
        return process.wait(WITHDRAW_TIMEOUT) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        return False
