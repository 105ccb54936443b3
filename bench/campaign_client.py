"""A client process that the campaign kills: attaches to PID and keeps it paused.

Usage: python -m bench.campaign_client PID VERSION
"""

from __future__ import annotations

import asyncio
import sys

from iqdebug.core.state import ProcessInfo
from iqdebug.dap.attach import AttachOptions, attach


async def hold(pid: int, version: str) -> None:
    await attach(ProcessInfo(pid, "", version, "", ""), AttachOptions(pause=True))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hold(int(sys.argv[1]), sys.argv[2]))
