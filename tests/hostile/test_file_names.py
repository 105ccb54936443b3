"""Code whose file name is an instance of a subclass of ``str``, or a name of no file.

``runpy.run_path(path.Path("x.py"))`` of the package ``path`` makes the first kind. pydevd raises for it
into the program, prints, or ends the connection.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.session import StepKind
from iqdebug.core.state import Breakpoint
from tests.dap.targets import attached, on_pythons, running, top

pytestmark = pytest.mark.slow

PROGRAM = str(Path(__file__).resolve().parent / "programs" / "file_names.py")
LINE = 4


@pytest.mark.parametrize("kind", ["path", "hostile"])
@on_pythons("3.8", "3.11", "3.13")
async def test_breakpoints_hit_and_no_method_of_the_name_runs(kind: str, python: str, tmp_path: Path) -> None:
    script = tmp_path / "code.py"
    async with running(python, PROGRAM, kind, str(script)) as target:
        async with attached(target) as (session, watcher):
            await session.set_breakpoints([Breakpoint(str(script), LINE)])
            stop = await watcher.stopped()
            frame = top(stop)
            assert (frame.name, frame.line, frame.path) == ("tick", LINE, str(script))
            assert (await session.evaluate("n >= 0", frame, stop.epoch)).value == "True"
            await session.step(StepKind.OVER, stop.focus or 0)
            assert top(await watcher.stopped(after=stop.epoch)).line == LINE + 1
            await session.set_breakpoints([])
            await session.resume()
            assert not [log.text for log in watcher.logs if log.stream == "iqdebug"]
        async with attached(target, pause=True) as (_, watcher):
            await watcher.stopped()
        assert target.process.returncode is None
        assert target.stderr == b""


@pytest.mark.parametrize("kind", ["empty", "nul", "long", "surrogate", "relative"])
@on_pythons("3.11", "3.12")
async def test_breakpoints_hit_in_code_without_a_file(kind: str, python: str, tmp_path: Path) -> None:
    async with running(python, PROGRAM, kind, str(tmp_path / "code.py")) as target:
        async with attached(target, pause=True) as (session, watcher):
            stop = await watcher.stopped()
            assert stop.focused is not None and stop.focused.frames
            await session.step(StepKind.IN, stop.focus or 0)
            await watcher.stopped(after=stop.epoch)
            await session.resume()
            await session.refresh()
        assert target.process.returncode is None
        assert target.stderr == b""
