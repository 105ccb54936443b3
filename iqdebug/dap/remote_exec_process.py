"""Runs :mod:`.remote_exec` in a process of its own, so that memory which never answers holds up nobody."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

from iqdebug.dap import remote_exec

__all__ = ["ask", "withdraw"]

ASK_TIMEOUT = 5.0
"""Seconds for asking the interpreter to run a script."""

WITHDRAW_TIMEOUT = 2.0
"""Seconds for taking such a request back."""

MAX_REFUSAL = 300
"""Characters of why the interpreter could not be asked."""

_COMMAND = (sys.executable, "-I", "-S", str(remote_exec.__file__))


async def ask(pid: int, uid: int, script: Path) -> str:
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
        return "has memory that does not answer"
    if process.returncode == 0:
        return ""
    return output.decode("utf-8", "replace").strip()[:MAX_REFUSAL] or "is out of reach"


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
