"""Processes that attaching would kill are recognised before anything is touched, and survive."""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest

from iqdebug.core.errors import CannotAttach
from iqdebug.peek.preflight import require_attachable
from iqdebug.peek.processes import list_processes
from iqdebug.peek.seccomp import action, worst

pytestmark = pytest.mark.slow

FILTERED = """
import ctypes, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
rows = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (6, 0, 0, int(sys.argv[2])), (6, 0, 0, 0x7FFF0000)]
data = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *row) for row in rows))
class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
program = Program(len(rows), ctypes.addressof(data))
print("ready", flush=True)
input()
assert libc.prctl(38, 1, 0, 0, 0) == 0
mode = int(sys.argv[3])
assert libc.prctl(22, mode, ctypes.byref(program) if mode == 2 else None, 0, 0) == 0
while True:
    print("lives", flush=True)
    input()
"""
KILL, REFUSE = 0x80000000, 0x00050001
x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86-64")
privileged = pytest.mark.skipif(os.geteuid() != 0, reason="only root may read a filter")


@contextlib.contextmanager
def filtered(call: int, what: int, mode: int = 2) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", FILTERED, str(call), str(what), str(mode)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "lives\n"
            yield process
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "lives\n"
        finally:
            process.kill()


@x86_64
@privileged
@pytest.mark.parametrize(
    ("call", "what", "words"),
    [(41, KILL, "kills it when it calls socket"), (41, REFUSE, "refuses"), (9, KILL, "calls mmap")],
)
def test_a_filter_that_would_kill_it(call: int, what: int, words: str) -> None:
    with filtered(call, what) as process:
        with pytest.raises(CannotAttach) as caught:
            require_attachable(process.pid)
        assert words in caught.value.why and "peek" in caught.value.fix
        row = next(info for info in list_processes() if info.pid == process.pid)
        assert any("seccomp" in warning for warning in row.attach.warnings)


@x86_64
@privileged
def test_diagnose_looks_from_outside(capfd: pytest.CaptureFixture[str]) -> None:
    with filtered(41, KILL) as process:
        command = [
            sys.executable,
            "-m",
            "iqdebug",
            "diagnose",
            str(process.pid),
            "--json",
            "--seconds",
            "0.1",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert "seccomp" in document["not_attached"] and document["snapshot"]["threads"][0]["frames"]


@x86_64
@privileged
def test_a_filter_that_allows_what_is_needed() -> None:
    with filtered(101, KILL) as process:  # ptrace
        info = require_attachable(process.pid)
        assert info.attach.ok and info.attach.risk == ""


@x86_64
def test_a_filter_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from iqdebug.peek import preflight

    monkeypatch.setattr(preflight, "verdict", lambda pid: ("unknown", "Permission denied"))
    with filtered(101, KILL) as process:
        info = require_attachable(process.pid)
        assert "may end it" in info.attach.risk and info.attach.risk in info.attach.warnings


def program(*rows: tuple[int, int, int, int]) -> bytes:
    return b"".join(struct.pack("<HBBI", *row) for row in rows)


def test_filters_are_computed_as_the_kernel_does() -> None:
    only_inet = program(
        (0x20, 0, 0, 4), (0x15, 0, 5, 0xC000003E),  # architecture
        (0x20, 0, 0, 0), (0x15, 0, 3, 41),  # socket
        (0x20, 0, 0, 16), (0x15, 1, 0, 2),  # its first argument
        (0x06, 0, 0, 0x00050061), (0x06, 0, 0, 0x7FFF0000),
    )  # fmt: skip
    assert action(only_inet, 41, 0xC000003E, (2, 1, 0)) == 0x7FFF0000
    assert action(only_inet, 41, 0xC000003E, (1, 1, 0)) == 0x00050000
    assert worst([only_inet], "x86_64") == ("forbids", "socket")
    by_accumulator = program((0x00, 0, 0, 0x7FFF0000), (0x54, 0, 0, 0xFFFF0000), (0x16, 0, 0, 0))
    assert worst([by_accumulator], "x86_64") == ("", "")
    assert worst([by_accumulator, only_inet], "x86_64") == ("forbids", "socket")
    assert worst([program((0x06, 0, 0, 0))], "x86_64")[0] == "kills"


def test_forged_filter_programs_end() -> None:
    import random

    chance = random.Random(5)
    endless = program((0x05, 0, 0, 0xFFFFFFFF))
    for data in [b"", endless, *(chance.randbytes(8 * chance.randint(1, 40)) for _ in range(2000))]:
        action(data, 41, 0xC000003E, (1, 1, 0))
