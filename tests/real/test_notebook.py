"""Cells of a notebook: their source is shown, and breakpoints in them are hit."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.state import Breakpoint
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.diagnosis.named_places import parse, resolve
from iqdebug.peek.preflight import require_attachable
from tests.dap.targets import Watcher, top
from tests.real.environments import python_with

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CLIENT = """\
import json, queue, sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="python3")
print(json.dumps({"pid": manager.provisioner.process.pid}), flush=True)
for line in sys.stdin:
    said = []
    client.execute_interactive(
        json.loads(line),
        timeout=120,
        output_hook=lambda m: said.append(m["content"].get("text") or m["content"].get("evalue") or ""),
    )
    print(json.dumps({"said": "".join(said)}), flush=True)
client.stop_channels()
manager.shutdown_kernel(now=True)
"""

CELL = """\
%config InlineBackend.close_figures = False
def priced(order):
    doubled = order * 2

    return doubled
"""


class Notebook:
    def __init__(self, process: asyncio.subprocess.Process, pid: int) -> None:
        self.process, self.pid = process, pid

    def tell(self, cell: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(cell).encode() + b"\n")

    async def said(self) -> str:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 60)
        return str(json.loads(line)["said"])

    async def run(self, cell: str) -> str:
        self.tell(cell)
        return await self.said()


@contextlib.asynccontextmanager
async def notebook(python: str, folder: Path) -> AsyncIterator[Notebook]:
    (folder / "client.py").write_text(CLIENT)
    process = await asyncio.create_subprocess_exec(
        python,
        str(folder / "client.py"),
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": str(Path(python).parent), "HOME": str(folder), "JUPYTER_PLATFORM_DIRS": "1"},
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 90)
        yield Notebook(process, json.loads(line)["pid"])
    finally:
        process.stdin.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), 20)
        if process.returncode is None:
            process.kill()
            await process.wait()
        process._transport.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("minor", ["3.10", "3.12", "3.13"])
async def test_a_cell_is_shown_and_stopped_in(minor: str, tmp_path: Path) -> None:
    python = python_with(minor, "ipykernel", "jupyter_client")
    sources = MemorySources()
    async with notebook(python, tmp_path) as kernel:
        await kernel.run(CELL)
        options = AttachOptions(sources=sources)
        session = await attach(require_attachable(kernel.pid), options)
        try:
            watcher = Watcher(session)
            place = await resolve(parse("priced"), str(tmp_path), session.finder, sources.read)
            assert place.in_memory and place.line == 3
            await session.set_breakpoints([place])
            assert [(b.verified, b.in_memory) for b in session.breakpoints] == [(True, True)]
            kernel.tell("print(priced(20))")
            stop = await watcher.stopped(timeout=20)
            assert (top(stop).name, top(stop).line, top(stop).path) == ("priced", 3, place.path)
            assert sources.read(place.path)[2] == "    doubled = order * 2"
            assert stop.focused is not None
            caller = stop.focused.frames[1]
            assert sources.read(caller.path)[caller.line - 1] == "print(priced(20))"
            await session.set_breakpoints([])
            await session.resume()
            assert await kernel.said() == "40\n"

            # A cell that is edited and run again is another text under another name.
            await kernel.run(CELL.replace("order * 2", "order * 3"))
            again = await resolve(parse("priced"), str(tmp_path), session.finder, sources.read)
            assert again.path != place.path
            before = session.snapshot.epoch
            await session.set_breakpoints([Breakpoint(again.path, 5)])
            kernel.tell("print(priced(20))")
            stop = await watcher.stopped(after=before, timeout=20)
            assert top(stop).line == 5
            assert sources.read(again.path)[2] == "    doubled = order * 3"
            await session.set_breakpoints([])
            await session.resume()
            assert await kernel.said() == "60\n"
        finally:
            await session.detach()
        assert await kernel.run("print(priced(1))") == "3\n"
        assert await kernel.run("import threading; print(threading.active_count() > 0)") == "True\n"
