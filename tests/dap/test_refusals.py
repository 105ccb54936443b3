"""What cannot be attached to is refused in words and unharmed; what another user must not reach."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import debugpy
import psutil
import pytest

from iqdebug.core.errors import CannotAttach, NoSuchProcess, TargetExited
from iqdebug.core.state import Phase
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.dap.rendezvous import Rendezvous
from tests.dap.targets import PROGRAMS, attached, on_pythons, running
from tests.support.interpreters import python_version

pytestmark = pytest.mark.slow

NOBODY = 65534
SYSTEM_PYTHON = "/usr/bin/python3"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
with_system_python = pytest.mark.skipif(
    not python_version(SYSTEM_PYTHON) and not shutil.which(SYSTEM_PYTHON),
    reason=f"no {SYSTEM_PYTHON} that another user could run",
)

CONNECT = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(5)
try:
    connection.connect(sys.argv[1])
    connection.sendall(b"iqdebug " + sys.argv[2].encode() + b" control\\n")
    print("closed" if connection.recv(1) == b"" else "talks")
except PermissionError:
    print("forbidden")
except ConnectionError:
    print("closed")
"""


async def said_by(user: int, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        SYSTEM_PYTHON,
        "-I",
        "-c",
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        user=user,
        group=user,
        extra_groups=[],
        cwd="/",
    )
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    return out.decode().strip()


@on_pythons("3.12", "3.13", "3.14")
async def test_the_monitoring_slot_is_taken(python: str) -> None:
    async with running(python, "debugged.py", "monitoring") as target:
        with pytest.raises(CannotAttach) as raised:
            await attach(target.info(), AttachOptions())
        assert "somebody" in raised.value.why and raised.value.fix
        await target.goes_on()
        assert target.stderr == b""


@on_pythons("3.10", "3.11", "3.14")  # debugpy's adapter does not run on older ones
async def test_debugpy_is_there_already(python: str) -> None:
    folder = str(Path(debugpy.__file__).resolve().parent.parent)
    async with running(python, "debugged.py", "debugpy", folder) as target:
        adapters = psutil.Process(target.pid).children(recursive=True)
        try:
            with pytest.raises(CannotAttach) as raised:
                await attach(target.info(), AttachOptions())
            assert "debugpy" in raised.value.why
            await target.goes_on()
        finally:
            for process in adapters:
                process.kill()


@on_pythons("3.8", "3.11", "3.12", "3.14")
async def test_a_second_attach_leaves_the_first_alone(python: str) -> None:
    async with running(python, "service.py") as target, attached(target, pause=True) as (session, watcher):
        stop = await watcher.stopped()
        with pytest.raises(CannotAttach):
            await attach(target.info(), AttachOptions(wait=5.0))
        assert session.snapshot.epoch == stop.epoch
        await session.resume()
        await watcher.until(lambda s: s.phase is Phase.RUNNING)
        await target.goes_on()


@on_pythons("3.8", "3.12", "3.14")
async def test_the_target_ends_during_the_attach(python: str) -> None:
    async with running(python, "blocked.py", "lock_in_c") as target:

        def kill_when_waiting(words: str) -> None:
            if "completes by itself" in words:
                target.process.kill()

        with pytest.raises((TargetExited, NoSuchProcess)) as raised:
            await attach(target.info(), AttachOptions(), kill_when_waiting)
        assert 1 <= len(raised.value.lines()) <= 3


async def test_a_process_that_is_gone() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    from iqdebug.core.state import ProcessInfo

    with pytest.raises(NoSuchProcess):
        await attach(ProcessInfo(done.pid, "", "3.11.0", "", ""), AttachOptions())


@as_root
@with_system_python
async def test_another_user_cannot_reach_the_rendezvous() -> None:
    rendezvous = Rendezvous(os.getpid(), os.geteuid())
    try:
        rendezvous.start()
        assert await said_by(NOBODY, CONNECT, str(rendezvous.path), rendezvous.token) == "forbidden"
        assert not rendezvous.arrived()
    finally:
        rendezvous.close()
    assert not rendezvous.folder.exists()


@as_root
@with_system_python
async def test_the_targets_user_reaches_it_from_the_target_only() -> None:
    """The target's own user owns the socket; the kernel's word on the pid is what counts."""
    rendezvous = Rendezvous(os.getpid(), NOBODY)
    try:
        rendezvous.start()
        assert await said_by(NOBODY, CONNECT, str(rendezvous.path), rendezvous.token) == "closed"
        assert await said_by(NOBODY - 1, CONNECT, str(rendezvous.path), rendezvous.token) == "forbidden"
        assert (
            await said_by(NOBODY, "import os,sys; print(os.listdir(sys.argv[1]))", str(rendezvous.folder))
            == ""
        )
        assert not rendezvous.arrived()
    finally:
        rendezvous.close()


@as_root
@with_system_python
async def test_root_attaches_to_another_users_process(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running(
        SYSTEM_PYTHON, str(PROGRAMS / "service.py"), user=NOBODY, group=NOBODY, extra_groups=[], cwd="/"
    ) as target:
        async with attached(target, pause=True) as (_, watcher):
            stop = await watcher.stopped()
            assert stop.focused is not None and stop.focused.frames
        await target.goes_on()
        assert target.stderr == b""
