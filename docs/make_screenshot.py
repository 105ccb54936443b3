"""Makes docs/screenshot.svg: the program attached to the demo's service, paused.

Usage: python docs/make_screenshot.py [COLUMNS LINES]
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from iqdebug.core.session import DebugSession
from iqdebug.core.state import Phase, Snapshot
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.peek.first_look import peek
from iqdebug.peek.preflight import require_attachable
from iqdebug.system.source_files import read_lines
from iqdebug.tui.app import DebugApp
from iqdebug.tui.panes.insight import InsightCard
from iqdebug.tui.panes.source import SourcePane
from iqdebug.workflows.headless import diagnosis_of, outside_view

HERE = Path(__file__).resolve().parent
_TIMEOUT = 30.0


async def until(pilot: Pilot[int], condition: Callable[[], bool], words: str) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{words} did not come within {_TIMEOUT:g} s")
        await pilot.pause(0.1)


async def picture(pid: int, size: tuple[int, int]) -> None:
    info = require_attachable(pid)

    async def connect(
        on_snapshot: Callable[[Snapshot], None], on_progress: Callable[[str], None]
    ) -> DebugSession:
        return await attach(info, AttachOptions(outside=outside_view(pid)), on_progress)

    async def refresh() -> Snapshot:
        return await asyncio.to_thread(peek, pid)

    app = DebugApp(
        connect,
        title="orders_service.py",
        first=peek(pid),
        diagnose=diagnosis_of,
        read_source=read_lines,
        refresh_peek=refresh,
    )
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.session is not None, "the session")
        await until(pilot, lambda: _says(app, "deadlock"), "the diagnosis")
        await pilot.press("p")
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.phase is Phase.PAUSED, "a stop")
        await until(pilot, lambda: _says(app, "deadlock"), "the diagnosis of the stop")
        await pilot.press("i")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(1.0)
        app.query_one(SourcePane).focus()
        await pilot.pause(0.5)
        (HERE / "screenshot.svg").write_text(app.export_screenshot(title="iqdebug attach"))
        await pilot.press("q")


def _says(app: DebugApp, word: str) -> bool:
    diagnosis = app.query_one(InsightCard).diagnosis
    return diagnosis is not None and word in diagnosis.headline


def main() -> None:
    size = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) == 3 else (140, 40)
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        script = Path(folder, "orders_service.py")
        shutil.copy(HERE.parent / "examples" / "orders_service.py", script)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        service = subprocess.Popen([sys.executable, str(script)], **quiet)
        try:
            time.sleep(1.5)  # until it is stuck
            asyncio.run(picture(service.pid, size))
        finally:
            service.kill()


if __name__ == "__main__":
    main()
