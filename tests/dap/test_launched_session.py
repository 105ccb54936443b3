"""Programs started by iqdebug: as without it until they crash, and held when they do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from iqdebug.core.messages import render
from iqdebug.core.session import Capability
from iqdebug.core.state import Breakpoint, Phase, StopCause
from iqdebug.dap.launch import launch
from iqdebug.dap.launched_session import LaunchOptions
from tests.conftest import marker
from tests.dap.launching import PROGRAM, crash, launched, plan
from tests.dap.targets import PROGRAMS, Watcher, named, on_pythons, top, until_true

pytestmark = pytest.mark.slow

SOME = ("3.8", "3.11", "3.12", "3.14")


def traceback_of(text: str) -> str:
    assert "iqdebug" not in text and "pydevd" not in text, text
    return text[text.index("Traceback") :]


# a start as without us


@on_pythons()
async def test_the_program_finds_everything_as_without_us(python: str) -> None:
    async with crash(python, "report", "--x", "ü y") as run:
        end = await run.ended()
        seen = json.loads(run.text)
        assert seen["argv"] == ["report", "--x", "ü y"]
        assert seen["path"][0] == str(PROGRAMS) and not any("iqdebug" in p for p in seen["path"][1:])
        assert seen["tty"] == [True, True, True] and seen["size"] == [80, 24]
        assert seen["environment"] == [] and seen["pythonpath"] is None
        assert seen["child"] == "None False"
        assert seen["sitecustomize"] is False and seen["threads"] == 1
        assert (seen["main"], seen["file"], seen["cwd"]) == ("__main__", "crashing.py", str(PROGRAMS))
        assert (end.exit_code, render(end.reason)) == (0, "ended, exit code 0")
        assert end.cause is StopCause.UNKNOWN


@on_pythons()
async def test_nothing_traces_until_something_is_wrong(python: str) -> None:
    async with crash(python, "report") as run:
        await run.ended()
        seen = json.loads(run.text)
        assert seen["trace"] == ["None", "None"] and seen["tools"] == [None] * 6 and seen["pydevd"] is False


@on_pythons("3.8", "3.11", "3.14")
async def test_the_next_sitecustomize_runs_and_the_path_stays(python: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("MARK = 'theirs'\n")
    environment = {"PYTHONPATH": f"{tmp_path}{os.pathsep}"}
    async with launched(plan(python, str(PROGRAM), "report", env=environment)) as run:
        await run.ended()
        seen = json.loads(run.text)
        assert seen["sitecustomize"] == "theirs"
        assert seen["pythonpath"] == environment["PYTHONPATH"]
        assert seen["child"] == f"{environment['PYTHONPATH']} False"


@on_pythons("3.8", "3.14")
async def test_a_sitecustomize_that_fails_says_so_as_ever(python: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("1 / 0\n")
    async with launched(plan(python, str(PROGRAM), "fine", env={"PYTHONPATH": str(tmp_path)})) as run:
        assert (await run.ended()).exit_code == 0
        assert "Error in sitecustomize" in run.text and "total 45" in run.text


@on_pythons("3.8", "3.14")
async def test_a_module(python: str) -> None:
    async with launched(plan(python, "-m", "crashing", "exits", "6", cwd=PROGRAMS)) as run:
        assert (await run.ended()).exit_code == 6
    async with launched(plan(python, "-m", "no_such_module")) as run:
        end = await run.ended()
        assert end.exit_code == 1 and "No module named no_such_module" in run.text


# crashes


@on_pythons()
async def test_uncaught_in_the_main_thread(python: str) -> None:
    async with crash(python, "main") as run:
        stop = await run.crashed()
        assert stop.phase is Phase.CRASHED and render(stop.reason) == "uncaught ValueError"
        assert stop.cause is StopCause.EXCEPTION
        assert stop.focused is not None and stop.focused.is_main
        assert [f.name for f in stop.focused.frames[:3]] == ["deliver", "outer", "main"]
        assert top(stop).line == marker(PROGRAM, "raise")
        assert named(await run.session.variables(top(stop), stop.epoch), "box").value == "[6, 7]"
        assert (await run.session.evaluate("sum(box)", top(stop), stop.epoch)).value == "13"
        assert "Traceback" not in run.text
        await run.session.resume()
        assert (await run.ended()).exit_code == 1
        text = traceback_of(run.text)
        assert text.startswith("Traceback (most recent call last):\n")
        assert text.endswith("ValueError: box 7 is empty\n")


@on_pythons()
async def test_uncaught_in_a_thread(python: str) -> None:
    async with crash(python, "in_thread") as run:
        stop = await run.crashed()
        assert stop.phase is Phase.CRASHED and render(stop.reason) == "uncaught ValueError in thread courier"
        assert stop.focused is not None and stop.focused.name == "courier"
        assert named(await run.session.variables(top(stop), stop.epoch), "number").value == "10"
        await run.session.resume()
        assert (await run.ended()).exit_code == 0
        assert "joined" in run.text and "Exception in thread courier" in run.text


@on_pythons()
async def test_a_task_that_nobody_awaits(python: str) -> None:
    async with crash(python, "task") as run:
        stop = await run.crashed()
        assert stop.phase is Phase.CRASHED
        assert render(stop.reason).startswith("ValueError: Task exception was never retrieved: Task-")
        assert "work" in render(stop.reason)
        assert stop.focused is not None
        assert [f.name.rpartition(".")[2] for f in stop.focused.frames[:3]] == ["deliver", "outer", "work"]
        assert named(await run.session.variables(top(stop), stop.epoch), "box").value == "[8, 9]"
        await run.session.resume()
        assert (await run.ended()).exit_code == 0
        assert "loop goes on" in run.text and "never retrieved" in run.text


@on_pythons()
@pytest.mark.parametrize(("how", "number"), [("finalizer", "8"), ("generator", "9")])
async def test_where_it_cannot_be_raised(python: str, how: str, number: str) -> None:
    async with crash(python, how) as run:
        stop = await run.crashed()
        assert stop.phase is Phase.CRASHED and render(stop.reason).startswith("ValueError: ignored ")
        assert named(await run.session.variables(top(stop), stop.epoch), "number").value == number
        await run.session.resume()
        assert (await run.ended()).exit_code == 0
        assert "after" in run.text and "Exception ignored" in run.text


@on_pythons()
@pytest.mark.parametrize("how", ["callback", "gathered", "raw_thread"])
async def test_other_places_of_loops_and_threads(python: str, how: str) -> None:
    async with crash(python, how) as run:
        stop = await run.crashed()
        assert stop.phase is Phase.CRASHED and top(stop).name == "deliver"
        assert named(await run.session.variables(top(stop), stop.epoch), "box").value == "[8, 9]"
        await run.session.resume()
        run.session.program.write(b"\n")
        assert (await run.ended()).exit_code == (1 if how == "gathered" else 0)


@on_pythons("3.8", "3.11", "3.12", "3.14")
async def test_the_main_threads_end_waits_for_a_held_daemon(python: str) -> None:
    async with crash(python, "daemon") as run:
        stop = await run.crashed()
        assert top(stop).name == "deliver"
        await run.session.resume()
        assert (await run.ended()).exit_code == 0
        assert "main is done" in run.text


@on_pythons("3.8", "3.11", "3.12", "3.14")
async def test_two_threads_at_once_are_shown_one_after_the_other(python: str) -> None:
    async with crash(python, "two_threads") as run:
        first = await run.crashed()
        await run.session.resume()
        second = await run.watcher.until(lambda s: s.exception is not None and s.epoch > first.epoch, 20)
        assert first.focused is not None and second.focused is not None
        assert {first.focused.name, second.focused.name} == {"t1", "t2"}
        await run.session.resume()
        assert (await run.ended()).exit_code == 0


@on_pythons("3.8", "3.12", "3.14")
async def test_in_an_executor_it_is_held_when_its_result_is_asked_for(python: str) -> None:
    async with crash(python, "executor") as run:
        stop = await run.crashed()
        assert "finished" in run.text, "not held in the pool's thread: the future has caught it"
        assert stop.focused is not None and stop.focused.is_main
        assert top(stop).name == "deliver"
        assert named(await run.session.variables(top(stop), stop.epoch), "number").value == "12"


@on_pythons()
async def test_a_hook_of_the_programs_own_is_called_and_not_in_the_way(python: str) -> None:
    async with crash(python, "own_hook") as run:
        stop = await run.crashed()
        assert stop.phase is Phase.CRASHED and top(stop).name == "deliver"
        assert named(await run.session.variables(top(stop), stop.epoch), "number").value == "6"
        await run.session.resume()
        assert (await run.ended()).exit_code == 1
        assert run.text == "own hook: box 7 is empty\n"


@on_pythons()
async def test_causes_and_contexts(python: str) -> None:
    async with crash(python, "cause") as run:
        stop = await run.crashed()
        assert stop.exception is not None
        assert (stop.exception.type, stop.exception.message) == ("Refused", "refused with 7")
        (cause,) = stop.exception.chain
        assert (cause.type, cause.message, cause.link) == ("KeyError", "'key'", "cause")
        assert [f.name for f in cause.frames] == ["cause"]
    async with crash(python, "context") as run:
        stop = await run.crashed()
        assert stop.exception is not None
        (context,) = stop.exception.chain
        assert (context.type, context.link) == ("ValueError", "context")
        assert [f.name for f in context.frames] == ["deliver", "context"]
        assert named(await run.session.variables(context.frames[0], stop.epoch), "box").value == "[1, 2]"


@on_pythons("3.11", "3.12", "3.13", "3.14")
async def test_a_group_with_notes(python: str) -> None:
    async with crash(python, "group") as run:
        stop = await run.crashed()
        assert stop.exception is not None
        assert stop.exception.message == "two boxes (2 sub-exceptions)"
        first, second = stop.exception.members
        assert (first.message, first.notes, first.link) == (
            "box 2 is empty",
            ("while number was 1",),
            "member",
        )
        frame = second.frames[0]
        assert named(await run.session.variables(frame, stop.epoch), "number").value == "2"
        assert (await run.session.evaluate("number * 10", frame, stop.epoch)).value == "20"


# ends that are no crash


@on_pythons()
async def test_ends_that_are_no_crash(python: str) -> None:
    for arguments, code, words in (
        (("fine",), 0, "total 45"),
        (("exits", "3"), 3, ""),
        (("exits_with_words",), 1, "nothing to do"),
    ):
        async with crash(python, *arguments) as run:
            end = await run.ended()
            assert (end.exit_code, render(end.reason)) == (code, f"ended, exit code {code}")
            assert words in run.text and "Traceback" not in run.text
            assert not any(s.phase is Phase.CRASHED for s in run.watcher.snapshots)


@on_pythons("3.8", "3.11", "3.14")
async def test_an_interrupt_ends_the_program_as_ever(python: str) -> None:
    async with crash(python, "interrupted") as run:
        end = await run.ended()
        assert end.exit_code == -signal.SIGINT and render(end.reason) == "ended by SIGINT (interrupt)"
        assert traceback_of(run.text).endswith("KeyboardInterrupt\n")
        assert not any(s.phase is Phase.CRASHED for s in run.watcher.snapshots)


async def test_a_signal_is_named() -> None:
    async with crash(sys.executable, "killed") as run:
        assert render((await run.ended()).reason) == "ended by SIGKILL (killed)"


# the person acts


@on_pythons("3.8", "3.14")
async def test_the_program_reads_what_is_typed(python: str) -> None:
    async with crash(python, "asks") as run:
        await run.said("name? ")
        run.session.program.write(b"Ada\n")
        assert (await run.ended()).exit_code == 0
        assert "hello Ada" in run.text


@on_pythons()
async def test_a_running_program_is_paused_and_goes_on(python: str) -> None:
    async with crash(python, "loops") as run:
        await run.said("looping")
        await run.session.pause()
        stop = await run.watcher.stopped()
        assert stop.phase is Phase.PAUSED and stop.focused is not None
        assert "loops" in [f.name for f in stop.focused.frames]
        await run.session.resume()
        await run.watcher.until(lambda s: s.phase is Phase.RUNNING)


@on_pythons()
async def test_a_breakpoint_set_before_the_start(python: str) -> None:
    wanted = Breakpoint(str(PROGRAM), marker(PROGRAM, "fine"))
    async with crash(python, "fine", breakpoints=(wanted,)) as run:
        stop = await run.watcher.stopped()
        assert (stop.phase, render(stop.reason), top(stop).line) == (Phase.PAUSED, "breakpoint", wanted.line)
        assert run.session.breakpoints[0].verified
        await run.session.resume()
        assert (await run.ended()).exit_code == 0


@on_pythons("3.8", "3.11", "3.12", "3.14")
async def test_a_breakpoint_set_while_it_runs_and_one_that_is_off(python: str) -> None:
    off = Breakpoint(str(PROGRAM), marker(PROGRAM, "loop"), enabled=False)
    async with crash(python, "loops", breakpoints=(off,)) as run:
        await run.said("looping")
        assert run.session.target.client.dap is None
        await run.session.set_breakpoints([Breakpoint(off.path, off.line)])
        stop = await run.watcher.stopped()
        assert top(stop).line == off.line


@on_pythons()
async def test_it_starts_paused(python: str) -> None:
    async with crash(python, "fine", pause=True) as run:
        stop = await run.watcher.stopped()
        assert stop.phase is Phase.PAUSED and render(stop.reason) == "entry" and stop.cause is StopCause.ENTRY
        assert (top(stop).name, Path(top(stop).path)) == ("<module>", PROGRAM)
        await run.session.resume()
        assert (await run.ended()).exit_code == 0


@on_pythons("3.8", "3.12", "3.14")
async def test_stops_where_it_is_raised_if_asked_to(python: str) -> None:
    async with crash(python, "cause", exceptions=("raised",)) as run:
        stop = await run.crashed()
        assert stop.phase is Phase.PAUSED and stop.exception is not None
        assert stop.exception.type == "KeyError"


@on_pythons("3.8", "3.14")
async def test_not_held_if_not_wanted(python: str) -> None:
    async with crash(python, "main", hold=False) as run:
        assert (await run.ended()).exit_code == 1
        assert traceback_of(run.text).endswith("ValueError: box 7 is empty\n")


@on_pythons("3.8", "3.11", "3.14")
async def test_a_crash_of_a_forked_child_is_its_own(python: str) -> None:
    async with crash(python, "forks") as run:
        assert (await run.ended()).exit_code == 0
        assert "child ended with 1" in run.text
        assert not any(s.phase is Phase.CRASHED for s in run.watcher.snapshots)


async def test_a_program_that_becomes_another_runs_on() -> None:
    async with crash(sys.executable, "becomes_another") as run:
        gone = await run.watcher.until(lambda s: s.phase is Phase.DETACHED)
        assert "another program" in render(gone.reason)
        run.session.program.write(b"\n")
        assert (await run.ended()).exit_code == 4


@on_pythons(*SOME)
async def test_without_pydevd_it_is_still_held_and_shown(python: str, tmp_path: Path) -> None:
    """A module of the program's own that shadows one that pydevd needs keeps it out."""
    (tmp_path / "queue.py").write_text("raise SystemError('not the queue you want')\n")
    script = tmp_path / "crashing.py"
    script.write_text(PROGRAM.read_text())
    async with launched(plan(python, str(script), "main", cwd=tmp_path)) as run:
        stop = await run.crashed()
        assert stop.phase is Phase.CRASHED and top(stop).name == "deliver"
        assert stop.exception is not None and stop.exception.message == "box 7 is empty"
        assert "looking only" in render(stop.detail) and stop.cause is StopCause.EXCEPTION
        assert named(await run.session.variables(top(stop), stop.epoch), "box").value == "[6, 7]"
        assert (await run.session.evaluate("box[1] + 1", top(stop), stop.epoch)).value == "8"
        assert run.session.why_not(Capability.STEP) and not run.session.why_not(Capability.CONTINUE)
        await run.session.resume()
        assert (await run.ended()).exit_code == 1


# leaving


@on_pythons("3.8", "3.11", "3.12", "3.14")
async def test_leaving_a_held_program_lets_it_end(python: str) -> None:
    async with crash(python, "main") as run:
        await run.crashed()
        pid, log = run.session.program.pid, run.session.program.log
        await run.session.detach()
        assert await asyncio.wait_for(asyncio.shield(run.session.program.exited), 10) == 1
        text = await until_true(lambda: log.exists() and "box 7" in log.read_text() and log.read_text())
        assert "Traceback" in text
        assert not Path(f"/proc/{pid}").exists()


@on_pythons("3.8", "3.14")
async def test_a_program_that_asks_finds_the_end_of_its_input_when_we_have_left(python: str) -> None:
    async with crash(python, "asks") as run:
        await run.said("name? ")
        log = run.session.program.log
        await run.session.detach()
        assert await asyncio.wait_for(asyncio.shield(run.session.program.exited), 10) == 1
        await until_true(lambda: log.exists() and "EOFError" in log.read_text())


@contextlib.asynccontextmanager
async def client_of(python: str, script: Path, state: Path, *words: str) -> AsyncIterator[dict[str, Any]]:
    """What a client process says once it has the script where it wants it; it is killed then."""
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.dap.launching_process", python, str(script), *words),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )
    try:
        assert client.stdout is not None
        said = json.loads(await asyncio.wait_for(client.stdout.readline(), 20))
        client.kill()
        await client.wait()
        yield said
    finally:
        with contextlib.suppress(ProcessLookupError):
            client.kill()
        await client.wait()
        client._transport.close()  # type: ignore[attr-defined]


async def log_with(state: Path, words: str) -> None:
    def found() -> bool:
        return any(words in log.read_text() for log in (state / "iqdebug" / "runs").glob("*.log"))

    await until_true(found, 10, f"{words!r} in the log")


@on_pythons("3.8", "3.11", "3.12", "3.14")
async def test_killed_client_lets_a_held_program_end(python: str, tmp_path: Path) -> None:
    done = tmp_path / "done"
    script = tmp_path / "program.py"
    script.write_text(
        f"import atexit\natexit.register(lambda: open({str(done)!r}, 'w').write('ended'))\n"
        "def f(n):\n    return 1 // n\nf(0)\n"
    )
    async with client_of(python, script, tmp_path) as said:
        assert said["reason"] == "uncaught ZeroDivisionError"
        await until_true(lambda: done.exists() and done.read_text() == "ended", 10)
        await log_with(tmp_path, "ZeroDivisionError")


@on_pythons("3.8", "3.14")
async def test_killed_client_lets_a_running_program_run(python: str, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        f"import os, sys, time\nwhile not os.path.exists({str(tmp_path / 'go')!r}):\n    time.sleep(0.01)\n"
        "print('went on', sys.stdout.isatty(), flush=True)\n1 / 0\n"
    )
    async with client_of(python, script, tmp_path, "run") as said:
        (tmp_path / "go").touch()
        await log_with(tmp_path, "went on True")
        await log_with(tmp_path, "ZeroDivisionError")
        await until_true(lambda: not Path(f"/proc/{said['pid']}").exists(), 10)


@on_pythons(*SOME)
async def test_what_is_written_before_anybody_listens_is_told_to_the_first_who_does(
    python: str, tmp_path: Path
) -> None:
    program = tmp_path / "share.py"
    program.write_text("def share(people):\n    return 1 / people\n\nshare(0)\n")
    point = Breakpoint(str(program), 2, log_message="seen: {people}")
    session = await launch(plan(python, str(program)), LaunchOptions(breakpoints=(point,)))
    try:
        await until_true(lambda: session.snapshot.phase is Phase.CRASHED)
        await Watcher(session).logged(lambda r: r.text == "seen: 0")
    finally:
        await session.program.end()
        await session.detach()
