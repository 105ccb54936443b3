"""A client in a process of its own: runs SCRIPT under PYTHON, says when it has crashed, and stays.

Usage: python -m tests.dap.launching_process PYTHON SCRIPT [run]; with ``run`` it says when it runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from iqdebug.core.messages import render
from iqdebug.dap.launch import LaunchPlan, launch
from iqdebug.dap.launched_session import LaunchOptions
from tests.dap.targets import Watcher
from tests.support.interpreters import python_version


async def stay(python: str, script: str, crash: bool) -> None:
    plan = LaunchPlan(python, python_version(python), (script,), os.path.dirname(script), dict(os.environ))
    session = await launch(plan, LaunchOptions())
    watcher = Watcher(session)
    stop = await watcher.until(lambda s: s.exception is not None or not crash, 20)
    print(json.dumps({"reason": render(stop.reason), "pid": stop.pid}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(stay(sys.argv[1], sys.argv[2], "run" not in sys.argv[3:]))
