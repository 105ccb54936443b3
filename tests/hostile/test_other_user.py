"""What another user's process can do to root, who debugs it, and what a third user can read meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from iqdebug.core.errors import IqdebugError
from iqdebug.dap import remote_exec
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.dap.rendezvous import Rendezvous
from iqdebug.peek.elf import read_binary
from tests.dap.targets import PROGRAMS, Target, attached, running
from tests.support.interpreters import interpreters, python_version

pytestmark = pytest.mark.slow

VICTIM, THIRD = 65534, 65533
SYSTEM_PYTHON = "/usr/bin/python3"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
with_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")

# Writes who runs it into a file, then waits: what stands at /proc/PID/exe of a hostile process.
IMPOSTOR = r"""
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int count, char **words) {
    FILE *file = fopen("%s", "a");
    if (file) { fprintf(file, "%%d %%s\n", geteuid(), count > 1 ? words[1] : ""); fclose(file); }
    while (count > 1 && words[1][0] != '-') pause();
    return 0;
}
"""


def reachable_by_others(minor: str) -> str:
    """The path of an interpreter that every user may run."""
    for python in (*interpreters(), SYSTEM_PYTHON):
        real = Path(python).resolve()
        open_to_all = all(step.stat().st_mode & stat.S_IXOTH for step in (real, *real.parents))
        if open_to_all and python_version(python).startswith(minor):
            return python
    pytest.skip(f"no Python {minor} that another user could run")


@contextlib.asynccontextmanager
async def of_victim(python: str, program: str, *arguments: str) -> AsyncIterator[Target]:
    options = {"user": VICTIM, "group": VICTIM, "extra_groups": [], "cwd": "/"}
    async with running(python, str(PROGRAMS / program), *arguments, **options) as target:
        yield target


@pytest.fixture
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the other user has all rights."""
    folder = Path("/tmp") / f"iqd-other-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, VICTIM, VICTIM)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that every user may list and nobody else uses."""
    folder = Path("/tmp") / f"iqd-temporary-{os.getpid()}"
    folder.mkdir(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


@as_root
@with_compiler
@pytest.mark.parametrize("command", [["diagnose"], ["diagnose", "--no-attach"], ["peek"], ["ps"]])
def test_a_program_named_like_an_interpreter_is_not_run(public: Path, command: list[str]) -> None:
    ran = public / "ran"
    program = public / "python3.14"
    subprocess.run(
        ["cc", "-x", "c", "-", "-o", str(program)], input=IMPOSTOR % ran, text=True, check=True, timeout=30
    )
    hostile = subprocess.Popen([program, "wait"], user=VICTIM, group=VICTIM, extra_groups=[])
    try:
        while not ran.exists() or not ran.read_text():
            assert hostile.poll() is None
        pid = [] if command == ["ps"] else [str(hostile.pid)]
        done = subprocess.run(
            [sys.executable, "-m", "iqdebug", *command, *pid], capture_output=True, text=True, timeout=60
        )
        assert ran.read_text() == f"{VICTIM} wait\n"
        assert "Traceback" not in done.stderr
        assert pid == [] or (done.returncode in (4, 6) and "Python" in done.stderr), done.stderr
    finally:
        hostile.kill()
        hostile.wait()


@as_root
@with_compiler
async def test_an_interpreter_replaced_while_it_runs_is_not_run(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is genuine, but the file of its interpreter's name has been replaced."""
    genuine = Path(reachable_by_others("3.14")).resolve()
    prefix = genuine.parent.parent
    ran, python = public / "ran", public / "bin" / "python3.14"
    python.parent.mkdir()
    shutil.copy(genuine, python)
    (public / "lib").symlink_to(prefix / "lib")
    monkeypatch.setattr(shutil, "which", lambda name: None)  # without gdb there is one way only
    async with of_victim(str(python), "service.py") as target:
        target.info()  # asks the interpreter for its version, once
        python.unlink()
        subprocess.run(
            ["cc", "-x", "c", "-", "-o", str(python)], input=IMPOSTOR % ran, text=True, check=True, timeout=30
        )
        async with attached(target, wait=20.0):
            await target.goes_on()
        assert not ran.exists()
        assert target.stderr == b""


@as_root
@pytest.mark.parametrize("gdb", [True, False], ids=["gdb", "no-gdb"])
async def test_root_attaches_to_another_users_python_314(gdb: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    python = reachable_by_others("3.14")
    if not gdb:
        monkeypatch.setattr(shutil, "which", lambda name: None)
    async with of_victim(python, "service.py") as target:
        async with attached(target, pause=True, wait=20.0) as (_, watcher):
            stop = await watcher.stopped()
            assert stop.focused is not None and stop.focused.frames
        await target.goes_on()
        assert target.stderr == b""


@as_root
@pytest.mark.parametrize("minor", ["3.11", "3.14"])
async def test_nothing_of_a_session_is_open_to_a_third_user(minor: str, temporary: Path) -> None:
    """With umask 0, checking everything that appears as often as possible."""
    python = reachable_by_others(minor)
    seen: dict[str, set[str]] = {}
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for folder in temporary.glob("iqdebug-*"):
                with contextlib.suppress(OSError):
                    mode = folder.stat().st_mode
                    seen.setdefault("folder", set()).add(oct(stat.S_IMODE(mode)))
                    for entry in os.listdir(folder):
                        about = (folder / entry).stat()
                        kind = "socket" if stat.S_ISSOCK(about.st_mode) else "file"
                        # A socket that others may not come to yet is as closed as its folder.
                        if kind == "file" or folder.stat().st_mode & 0o077:
                            seen.setdefault(kind, set()).add(oct(stat.S_IMODE(about.st_mode)))

    before = os.umask(0)
    looking = threading.Thread(target=look)
    try:
        async with of_victim(python, "service.py") as target:
            third = await asyncio.create_subprocess_exec(
                *(SYSTEM_PYTHON, "-I", "-S", "-c", THIRD_USER, str(temporary)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                user=THIRD,
                group=THIRD,
                extra_groups=[],
                cwd="/",
            )
            looking.start()
            for _ in range(3):
                async with attached(target, wait=20.0):
                    pass
            read, _ = await asyncio.wait_for(third.communicate(b""), 20)
    finally:
        done.set()
        looking.join()
        os.umask(before)
    assert read == b"", read
    assert seen["folder"] <= {"0o700", "0o711"}
    assert seen.get("file", {"0o600"}) <= {"0o600"} and seen.get("socket", {"0o600"}) <= {"0o600"}


THIRD_USER = """
import glob, os, select, sys
while not select.select([sys.stdin], [], [], 0)[0]:
    for folder in glob.glob(sys.argv[1] + "/iqdebug-*"):
        try:
            print(os.listdir(folder))
        except OSError:
            pass
        for name in ("code", "start0.py", "start1.py", "run"):
            try:
                print(open(folder + "/" + name).read())
            except OSError:
                pass
"""


@as_root
def test_files_root_writes_for_a_user_belong_to_him_before_they_have_content(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = os.umask(0)
    rendezvous = Rendezvous(os.getpid(), VICTIM)
    try:
        given = rendezvous.write_file("given", b"token")
        kept = rendezvous.write_file("kept", b"token", ours=True)
        assert (given.stat().st_uid, given.stat().st_mode & 0o777) == (VICTIM, 0o600)
        assert (kept.stat().st_uid, kept.stat().st_mode & 0o777) == (os.geteuid(), 0o600)
        assert rendezvous.path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(FileExistsError):
            rendezvous.write_file("given", b"again")
    finally:
        rendezvous.close()
        os.umask(before)


async def test_an_abandoned_request_is_withdrawn(temporary: Path) -> None:
    """A thread that sleeps in C reads the request only later: then there must be nothing to run."""
    python = reachable_by_others("3.14")
    async with running(python, "blocked.py", "lock_in_c") as target:
        with pytest.raises(IqdebugError):
            await attach(target.info(), AttachOptions(wait=0.5))
        assert list(temporary.glob("iqdebug-*")) == []
        target.process.kill()


HOSTILE_MEMORY = """
import ctypes, mmap, random, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
number = ctypes.c_int
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, number, number, number, ctypes.c_long]
file = open(sys.argv[1], "w+b"); file.truncate(1 << 16)
base = libc.mmap(None, 1 << 16, 3, 2, file.fileno(), 0)
print(base, flush=True)
for line in sys.stdin:
    data = bytes.fromhex(line.strip())
    ctypes.memmove(base, data, len(data))
    print("done", flush=True)
"""


def test_forged_memory_is_refused_or_harms_only_its_process(tmp_path: Path) -> None:
    """Every number of the table may be anything. What is written may only end up in that process, which
    the descriptor of its memory ensures; here it may neither hang nor end in anything but words."""
    import random

    chance = random.Random(7)
    hostile = subprocess.Popen(
        [SYSTEM_PYTHON, "-c", HOSTILE_MEMORY, str(tmp_path / "mapped")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert hostile.stdin is not None and hostile.stdout is not None
    try:
        base = int(hostile.stdout.readline())
        cyclic = [0] * 95
        cyclic[1:3] = [0x030E0AF0, 0]
        cyclic[3:11] = [4096, 0, 64, 4096, 256, 264, 0, 272]
        cyclic[22] = 4096
        cyclic[89:95] = [24, 304, 280, 0, 4, 512]
        tables = [cyclic]
        for _ in range(200):
            table = list(cyclic)
            for _ in range(chance.randint(1, 6)):
                table[chance.randrange(1, 95)] = chance.choice(
                    [0, 1, 7, 511, 4095, 4096, 1 << 31, 1 << 62, (1 << 64) - 1, chance.getrandbits(64), base]
                )
            tables.append(table)
        for table in tables:
            memory = bytearray(struct.pack("<95Q", *table).ljust(8192, b"\xff"))
            memory[:8] = b"xdebugpy"
            if table is not cyclic:
                memory[1024:] = chance.randbytes(8192 - 1024)
            struct.pack_into("<QQQ", memory, 256, 1, base, 1)  # an interpreter that follows itself
            struct.pack_into("<Q", memory, 64, base)
            hostile.stdin.write(memory.hex() + "\n")
            hostile.stdin.flush()
            assert hostile.stdout.readline() == "done\n"
            assert remote_exec.main(["ask", str(hostile.pid), str(os.geteuid()), "/nowhere/x.py"]) in (0, 1)
        assert hostile.poll() is None
    finally:
        hostile.kill()
        hostile.communicate()


def test_forged_program_files(tmp_path: Path) -> None:
    """A hostile owner chooses every byte, or makes it a FIFO or a huge file, and truncates it."""
    import random

    genuine = Path(SYSTEM_PYTHON).resolve().read_bytes()
    chance = random.Random(11)
    file = tmp_path / "python3.11"
    for _ in range(60):
        data = bytearray(genuine[: 1 << 16])
        for _ in range(20):
            data[chance.randrange(0x20, 0x40)] = chance.randrange(256)
            data[chance.randrange(len(data))] = chance.randrange(256)
        file.write_bytes(data)
        os.truncate(file, chance.choice([len(data), 1 << 40, 70]))
        read_binary(str(file), "3.11")
    fifo = tmp_path / "python3.12"
    os.mkfifo(fifo)
    with pytest.raises(OSError):
        read_binary(str(fifo), "3.12")
