"""Looking at real processes of every interpreter found here, without touching them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from iqdebug.core import python_versions
from iqdebug.core.errors import CannotAttach, NoSuchProcess, NotPython
from iqdebug.core.messages import render
from iqdebug.core.state import Gil, Origin, Phase, Snapshot, Thread, ThreadState
from iqdebug.peek.first_look import peek
from iqdebug.peek.preflight import require_attachable
from iqdebug.peek.processes import list_processes, process_info

pytestmark = pytest.mark.slow

MINORS = [f"3.{minor}" for minor in python_versions.MINORS]


def find_python(minor: str) -> str | None:
    for path in [
        *sorted(Path.home().glob(f".pyenv/versions/{minor}.*/bin/python")),
        shutil.which(f"python{minor}"),
    ]:
        if path and subprocess.run([str(path), "-c", ""], capture_output=True).returncode == 0:
            return str(path)
    return None


@pytest.fixture(params=MINORS)
def python(request: pytest.FixtureRequest) -> str:
    path = find_python(request.param)
    if path is None:
        pytest.skip(f"no Python {request.param} on this machine")
    return path


@contextmanager
def running(python: str, program: str) -> Iterator[subprocess.Popen[str]]:
    """The program, from the moment it prints "ready"."""
    process = subprocess.Popen([python, "-u", "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def look_until(pid: int, what: str, wanted: object, deadline: float = 15.0) -> Snapshot:
    """Looks until ``wanted(snapshot)`` is true: a target goes on for a moment after "ready"."""
    until = time.monotonic() + deadline
    while True:
        snapshot = peek(pid)
        if wanted(snapshot):  # type: ignore[operator]
            return snapshot
        if time.monotonic() > until:
            pytest.fail(f"never seen: {what}; last look {snapshot.detail!r} {snapshot.threads}")


def named(snapshot: Snapshot, name: str) -> Thread:
    return next(thread for thread in snapshot.threads if thread.name == name)


WAITING = """
import queue, threading, time
lock = threading.Lock(); lock.acquire()
def burn(secret):
    while True: pass
def locker(): lock.acquire()
def queuer(): queue.Queue().get()
def sleeper(): time.sleep(1000)
def event(): threading.Event().wait(900)
for name, work in (("burn-1", burn), ("burn-2", burn), ("locker", lambda s: locker()),
                   ("queuer", lambda s: queuer()), ("sleeper", lambda s: sleeper()),
                   ("event", lambda s: event())):
    threading.Thread(target=work, args=("hidden",), name=name, daemon=True).start()
print("ready")
time.sleep(1000)
"""


def test_who_holds_the_gil_and_who_waits_for_it(python: str) -> None:
    idle = {"locker": "a lock", "queuer": "a queue item", "sleeper": "sleeping", "event": "an event"}
    with running(python, WAITING) as process:

        def wanted(snapshot: Snapshot) -> bool:
            marks = {t.name: t.gil for t in snapshot.threads if t.name.startswith("burn")}
            settled = all(named(snapshot, name).wait for name in (*idle, "MainThread"))
            return settled and sorted(mark.value for mark in marks.values()) == ["holds", "waits"]

        snapshot = look_until(process.pid, "one burner holding the GIL, one waiting", wanted)
        looks = [peek(process.pid) for _ in range(20)]
        # A thread that has just woken may want the lock for a moment; one that waits for something
        # else must not look as if it did all the time.
        for name in (*idle, "MainThread"):
            assert sum(named(look, name).gil is Gil.NONE for look in looks) >= 17, name
    assert snapshot.origin is Origin.PEEK and snapshot.phase is Phase.RUNNING and snapshot.epoch == 0
    for name, words in idle.items():
        assert words in named(snapshot, name).wait and named(snapshot, name).state is ThreadState.WAITING
    waiter = next(t for t in snapshot.threads if t.gil is Gil.WAITS)
    assert waiter.wait == "waiting for the GIL" and waiter.os_id
    assert snapshot.focused is not None and snapshot.focused.gil is Gil.HOLDS
    burner = snapshot.focused.frames[0]
    assert burner.name == "burn" and burner.locals is not None
    assert [(v.name, v.value, v.type, v.kind) for v in burner.locals] == [
        ("secret", '"hidden"', "str", "argument")
    ]
    assert named(snapshot, "MainThread").is_main and snapshot.threads[0].is_main
    kinds = [frame.kind for frame in named(snapshot, "queuer").frames]
    assert kinds[0] == "stdlib" and "user" in kinds


def test_a_c_call_that_holds_the_gil(python: str) -> None:
    program = "import ctypes\nprint('ready')\nctypes.PyDLL(None).sleep(1000)"
    with running(python, program) as process:
        snapshot = look_until(process.pid, "a C call holding the GIL", lambda s: "GIL" in s.threads[0].wait)
    assert snapshot.threads[0].gil is Gil.HOLDS
    assert snapshot.threads[0].wait == "in a C call, holding the GIL"
    assert "main thread" in render(snapshot.detail)


def test_an_idle_event_loop(python: str) -> None:
    program = """
import asyncio
async def serve():
    asyncio.get_running_loop().call_later(0.01, print, "ready")
    await asyncio.sleep(1000)
asyncio.run(serve())
"""
    with running(python, program) as process:
        snapshot = look_until(process.pid, "an idle loop", lambda s: "asyncio" in s.threads[0].wait)
    assert "event loop, idle" in render(snapshot.detail)


def test_fifty_threads_and_a_deep_stack_in_one_look(python: str) -> None:
    program = """
import threading, time
def deep(n):
    if n: deep(n - 1)
    else: time.sleep(1000)
for n in range(50):
    threading.Thread(target=time.sleep, args=(1000,), name="w-%d" % n, daemon=True).start()
threading.Thread(target=deep, args=(700,), name="deep", daemon=True).start()
print("ready")
time.sleep(1000)
"""
    with running(python, program) as process:
        snapshot = look_until(process.pid, "the deep stack", lambda s: len(named(s, "deep").frames) > 700)
    assert len(snapshot.threads) == 52
    assert len({thread.os_id for thread in snapshot.threads} - {None}) == 52
    assert {f"w-{n}" for n in range(50)} <= {thread.name for thread in snapshot.threads}


def test_the_version_is_exact_and_the_process_listed(python: str) -> None:
    said = subprocess.run([python, "-V"], capture_output=True, text=True).stdout.split()[1]
    with running(python, "import time; print('ready'); time.sleep(1000)") as process:
        info = process_info(process.pid)
        listed = {entry.pid: entry for entry in list_processes()}
        assert info.python == said == peek(process.pid).python
        assert listed[process.pid].cwd == os.getcwd() and os.getpid() not in listed


def test_a_renamed_interpreter_is_still_python(tmp_path: Path) -> None:
    source = Path(os.path.realpath(sys.executable))
    renamed = tmp_path / "orders-service"
    shutil.copy(source, renamed)
    environment = {**os.environ, "PYTHONHOME": sys.base_prefix}
    probe = subprocess.run([str(renamed), "-c", ""], env=environment, capture_output=True)
    if probe.returncode:
        pytest.skip("this interpreter does not run from a copy")
    program = "import time; print('ready', flush=True); time.sleep(1000)"
    with subprocess.Popen([str(renamed), "-c", program], env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            assert process_info(process.pid).python.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")
        finally:
            process.kill()


def test_what_is_not_python_gone_or_stopped() -> None:
    with subprocess.Popen(["sleep", "1000"]) as process:
        try:
            with pytest.raises(NotPython, match="runs no Python"):
                peek(process.pid)
        finally:
            process.kill()
    with pytest.raises(NoSuchProcess):
        peek(process.pid)
    with running(sys.executable, "import time; print('ready'); time.sleep(1000)") as target:
        os.kill(target.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, target.pid, os.WSTOPPED)
        assert peek(target.pid).threads, "a stopped process can still be looked at"
        with pytest.raises(CannotAttach, match="is stopped"):
            require_attachable(target.pid)
    with pytest.raises(NoSuchProcess):
        require_attachable(target.pid)


def test_a_target_is_neither_stopped_nor_changed_by_a_look() -> None:
    with running(sys.executable, "print('ready')\nwhile True: pass") as process:
        before = Path(f"/proc/{process.pid}/maps").read_text()
        for _ in range(10):
            peek(process.pid)
            status = Path(f"/proc/{process.pid}/status").read_text()
            assert "TracerPid:\t0" in status and "State:\tT" not in status
        after = Path(f"/proc/{process.pid}/maps").read_text()
        assert after.count("\n") == before.count("\n")
