"""A client in a process of its own: attaches to PID, pauses it, says so, and stays.

Usage: python -m tests.dap.client_process PID VERSION [run]; with ``run`` it does not pause.
It ends the way the program does: SIGTERM and SIGHUP go through its clean-up.
"""

from __future__ import annotations

import asyncio
import sys

from iqdebug.core.state import Phase, ProcessInfo
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.system import signals


async def stay(pid: int, version: str, pause: bool) -> None:
    session = await attach(ProcessInfo(pid, "", version, "", ""), AttachOptions(pause=pause))
    try:
        while pause and session.snapshot.phase is not Phase.PAUSED:
            await asyncio.sleep(0.005)
        print("paused" if pause else "attached", flush=True)
        await asyncio.Event().wait()
    finally:
        await session.detach()


if __name__ == "__main__":
    try:
        signals.run(stay(int(sys.argv[1]), sys.argv[2], "run" not in sys.argv[3:]))
    except KeyboardInterrupt:
        sys.exit(130)
