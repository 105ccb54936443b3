"""Code whose text is in no file: its source is shown, and breakpoints in it are hit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.state import Breakpoint
from iqdebug.core.store import ProjectStore
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.diagnosis.named_places import parse, resolve
from iqdebug.peek.preflight import require_attachable
from tests.dap.targets import Watcher, attached, on_pythons, running, top
from tests.support.interpreters import python_version

pytestmark = pytest.mark.slow

PROGRAM = "elsewhere.py"
CELL = "/tmp/ipykernel_1/4711.py"
ANGLED = "<ipython-input-3-0123456789ab>"
SHOWN = ("def cell(order):", "    doubled = order * 2", "", "    return doubled")


async def through_all(python: str) -> None:
    sources = MemorySources()
    async with running(python, PROGRAM) as target, attached(target, sources=sources) as (session, watcher):
        relative = str(Path(target.process_folder, "rules/generated.py"))
        for call, path in (("cell", CELL), ("angled", ANGLED), ("relative", relative)):
            before = session.snapshot.epoch
            assert await session.finder.source(path) == SHOWN
            await session.set_breakpoints([Breakpoint(path, 2)])
            (shown,) = session.breakpoints
            assert shown.verified and shown.in_memory and not shown.message
            target.tell(call)
            stop = await watcher.stopped(after=before)
            assert (top(stop).path, top(stop).line, top(stop).name) == (path, 2, "cell")
            assert sources.read(path) == SHOWN
            await session.set_breakpoints([Breakpoint(path, 3)])
            assert [(b.verified, b.message) for b in session.breakpoints] in (
                [(False, "no code on this line")],
                [(True, "moved here from line 3, which has no code")],
            )
            await session.set_breakpoints([])
            await session.resume()
            assert await target.readline() == "40"
        await target.goes_on()


@on_pythons("3.8", "3.12")
async def test_executed_texts_have_source_and_breakpoints(python: str) -> None:
    await through_all(python)


@pytest.mark.real
@on_pythons()
async def test_executed_texts_on_every_python(python: str) -> None:
    await through_all(python)


@on_pythons("3.8", "3.13")
async def test_the_examples_of_a_doctest(python: str) -> None:
    name = "<doctest documented[1]>"
    sources = MemorySources()
    async with running(python, PROGRAM) as target, attached(target, sources=sources) as (session, watcher):
        await session.set_breakpoints([Breakpoint(name, 1)])
        target.tell("doctest")
        stop = await watcher.stopped()
        assert (top(stop).path, top(stop).line) == (name, 1)
        assert sources.read(name) == ("order + 1",)
        await session.set_breakpoints([])
        await session.resume()
        assert await target.readline() == "[0]"


@on_pythons("3.11")
async def test_a_function_of_a_cell_by_its_name(python: str) -> None:
    sources = MemorySources()
    async with running(python, PROGRAM) as target, attached(target, sources=sources) as (session, _):
        for words in ("elsewhere.cell", f"{CELL}:2", "4711.py:2"):
            place = await resolve(parse(words), "", session.finder, sources.read)
            assert place == Breakpoint(CELL, 2, in_memory=True)
        in_memory = {p.path for p in await session.finder.files() if p.in_memory}
        assert {CELL, ANGLED} <= in_memory
        await target.goes_on()


@on_pythons("3.8", "3.12")
async def test_a_hostile_cache_runs_nothing_and_is_bounded(python: str) -> None:
    async with running(python, "hostile_cache.py") as target, attached(target) as (session, _):
        assert await session.finder.source("<plain>") == ("shown",)
        assert await session.finder.source("<sub>") == ("in a subclass",)
        assert await session.finder.source("<lazy>") == ()
        assert await session.finder.source("<half>") == ("half a pair: \\udfff",)
        assert await session.finder.source("<number>") == ()
        assert len(await session.finder.source("<endless>")) <= 100_000
        await session.finder.files()
        await session.finder.functions()
        for name in ("trap", "hostile_cache.Trapped.method", "Trapped.method", "nothing"):
            await session.finder.named(name)
        assert await target.ask("report") == []
        await target.goes_on()


def test_they_are_not_kept_for_other_processes(tmp_path: Path) -> None:
    store = ProjectStore("/srv/shop", tmp_path)
    of_a_file = Breakpoint("/srv/shop/orders.py", 3)
    store.save([of_a_file, Breakpoint(CELL, 2, in_memory=True), Breakpoint(ANGLED, 2)])
    assert store.load() == (of_a_file,)


LOOP = """
import time
def f(x):
    y = x * 2
    return y
print("ready", flush=True)
while True:
    f(1)
    time.sleep(0.01)
"""


@on_pythons("3.12", "3.13", "3.14")
async def test_a_program_given_with_c(python: str) -> None:
    """Before 3.13 the interpreter keeps no text of it."""
    process = await asyncio.create_subprocess_exec(python, "-c", LOOP, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None and await process.stdout.readline() == b"ready\n"
        sources = MemorySources()
        session = await attach(require_attachable(process.pid), AttachOptions(sources=sources))
        try:
            watcher = Watcher(session)
            await session.set_breakpoints([Breakpoint("<string>", 4)])
            assert session.breakpoints[0].verified
            stop = await watcher.stopped()
            assert (top(stop).path, top(stop).line) == ("<string>", 4)
            shown = sources.read("<string>")
            kept = tuple(map(int, python_version(python).split(".")[:2])) >= (3, 13)
            assert (shown[3:4] == ("    y = x * 2",)) is kept
        finally:
            await session.detach()
    finally:
        process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]
