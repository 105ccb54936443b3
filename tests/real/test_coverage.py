"""Programs under coverage: measured as a run left alone, and nothing of the debugger's is measured."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from iqdebug.core.messages import render
from iqdebug.core.state import Breakpoint, Phase, ProcessInfo
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.peek.procfs import ProcFS
from iqdebug.peek.tracers import tracer_warnings
from tests.dap.targets import Watcher, top
from tests.real.environments import python_with

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).resolve().parent / "programs"
SCRIPT = PROGRAMS / "covered.py"


def lines_marked(path: Path) -> set[int]:
    return {n for n, text in enumerate(path.read_text().splitlines(), 1) if text.endswith("# after detach")}


async def measured(
    python: str, core: str, folder: Path, attaching: bool, *options: str
) -> tuple[dict[str, set[int]], bytes, bytes, int | None, list[str]]:
    """The lines that coverage measured by file; what was written; the exit code; what was said of tracers."""
    folder.mkdir()
    data = folder / "data"
    environment = dict(os.environ, COVERAGE_CORE=core, COVERAGE_FILE=str(data))
    process = await asyncio.create_subprocess_exec(
        *(python, "-B", "-m", "coverage", "run", *options, str(SCRIPT)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=PROGRAMS,
    )
    said: list[str] = []
    try:
        assert process.stdin is not None and process.stdout is not None
        out = await asyncio.wait_for(process.stdout.readline(), 20)
        if out != b"ready\n":
            assert process.stderr is not None
            pytest.fail((await process.stderr.read()).decode())

        async def go(wait: bool = True) -> bytes:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(b"go\n")
            return await asyncio.wait_for(process.stdout.readline(), 20) if wait else b""

        if attaching:
            version = subprocess.run(
                [python, "-c", "import platform; print(platform.python_version())"],
                capture_output=True,
                text=True,
            ).stdout.strip()
            info = ProcessInfo(process.pid, "", version, "covered.py", str(PROGRAMS))
            session = await attach(info, AttachOptions(pause=True))
            watcher = Watcher(session)
            try:
                await watcher.stopped()
                await session.resume()
                await watcher.until(lambda s: s.phase is Phase.RUNNING)
                # While the thread steps, in a function that runs again and again.
                line = 1 + SCRIPT.read_text().splitlines().index("    time.sleep(0.001)")
                await session.set_breakpoints([Breakpoint(str(SCRIPT), line)])
                stop = await watcher.stopped()
                assert top(stop).name == "step"
                await session.set_breakpoints([])
                await session.resume()
                await watcher.until(lambda s: s.phase is Phase.RUNNING)
                out += await go()
                await session.refresh()
                said = [log.text for log in watcher.logs if log.stream == "iqdebug"]
            finally:
                await session.detach()
        else:
            out += await go()
        out += await go()
        rest, errors = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    report = folder / "report.json"
    subprocess.run(
        [python, "-m", "coverage", "json", "-q", "-o", str(report)],
        env=environment,
        check=True,
        timeout=30,
        cwd=PROGRAMS,
        stdout=subprocess.DEVNULL,
    )
    files = json.loads(report.read_text())["files"]
    lines = {str((PROGRAMS / path).resolve()): set(file["executed_lines"]) for path, file in files.items()}
    return lines, out + rest, errors, process.returncode, said


async def compared(python: str, core: str, tmp_path: Path, *options: str, beside: bool) -> None:
    """:param beside: whether the debugger works beside coverage, so that no line is missing."""
    alone = await measured(python, core, tmp_path / "alone", False, *options)
    attached = await measured(python, core, tmp_path / "attached", True, *options)
    assert attached[0].keys() == alone[0].keys()
    for path, lines in alone[0].items():
        assert attached[0][path] <= lines, path
        assert lines_marked(Path(path)) <= attached[0][path]
        if beside:
            assert attached[0][path] == lines
    assert attached[1:4] == alone[1:4]
    assert any("coverage" in text for text in attached[4])


@pytest.mark.parametrize("core", ["ctrace", "pytrace"])
async def test_coverage_goes_on_after_detach_as_before(core: str, tmp_path: Path) -> None:
    await compared(sys.executable, core, tmp_path, beside=sys.version_info >= (3, 12))


@pytest.mark.real
@pytest.mark.parametrize("branch", [(), ("--branch",)], ids=["lines", "branches"])
@pytest.mark.parametrize("core", ["ctrace", "pytrace", "sysmon"])
@pytest.mark.parametrize("minor", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
async def test_coverage_of_every_kind(minor: str, core: str, branch: tuple[str, ...], tmp_path: Path) -> None:
    recent = int(minor[2:]) >= 12
    if core == "sysmon" and (not recent or (branch and minor != "3.14")):
        pytest.skip("coverage measures this with its C tracer")
    await compared(python_with(minor, "coverage"), core, tmp_path, *branch, beside=recent)


async def test_the_preflight_names_coverage_before(tmp_path: Path) -> None:
    """From outside, by the files that a process has mapped."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-B", "-m", "coverage", "run", str(SCRIPT)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ, COVERAGE_CORE="ctrace", COVERAGE_FILE=str(tmp_path / "data")),
        cwd=PROGRAMS,
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"ready\n"
        found = tracer_warnings(ProcFS(), process.pid, (3, 11))
        assert len(found) == 1 and "coverage is loaded in it" in render(found[0])
        assert not tracer_warnings(ProcFS(), process.pid, (3, 12))
    finally:
        process.kill()
        await process.wait()
