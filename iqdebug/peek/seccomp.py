"""What a process's seccomp filters would do to it when iqdebug's agent starts in it.

The kernel gives the filters to a tracer with CAP_SYS_ADMIN (ptrace(2), PTRACE_SECCOMP_GET_FILTER); the
process stands still for about a millisecond meanwhile, and runs on should this program be killed. They
are classic BPF (seccomp(2), bpf(4) for the instructions), which is computed here for the calls that the
agent makes. Run as a program of its own: a thread that traces has to wait for its tracee.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence

__all__ = ["MAX_FILTERS", "action", "main", "verdict", "worst"]

MAX_FILTERS = 64
VERDICT_TIMEOUT = 5.0
_MAX_INSTRUCTIONS = 4096  # BPF_MAXINSNS
_MAX_STEPS = 20_000
_ALL_WAITS = 0x40000000  # __WALL
_SEIZE, _INTERRUPT, _DETACH, _GET_FILTER = 0x4206, 0x4207, 17, 0x420C

ALLOW, ERRNO, TRAP, KILL_THREAD, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x00030000, 0, 0x80000000
_ACTION = 0xFFFF0000

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# What starting a thread, importing and talking over a Unix socket take: the call's name, its number
# on x86-64 and on aarch64, its arguments.
_CALLS: tuple[tuple[str, int, int, tuple[int, ...]], ...] = (
    ("mmap", 9, 222, (0, 4096, 3, 0x22, 0xFFFFFFFFFFFFFFFF, 0)),
    ("socket", 41, 198, (1, 1, 0)),
    ("socket", 41, 198, (1, 0x80001, 0)),
    ("connect", 42, 203, (9, 0x7FFF00001000, 24)),
    ("sendto", 44, 206, (9, 0x7FFF00001000, 40, 0, 0, 0)),
    ("recvfrom", 45, 207, (9, 0x7FFF00001000, 65536, 0, 0, 0)),
    ("poll", 7, 73, (0x7FFF00001000, 1, 100)),
    ("openat", 257, 56, (0xFFFFFF9C, 0x7FFF00001000, 0x80000, 0)),
    ("newfstatat", 262, 79, (0xFFFFFF9C, 0x7FFF00001000, 0x7FFF00002000, 0)),
    ("getdents64", 217, 61, (9, 0x7FFF00001000, 32768)),
    ("read", 0, 63, (9, 0x7FFF00001000, 4096)),
    ("close", 3, 57, (9,)),
    ("clone3", 435, 435, (0x7FFF00001000, 88)),
    ("clone", 56, 220, (0x3D0F00, 0x7FFF00001000, 0x7FFF00002000, 0x7FFF00002000, 0x7FFF00003000)),
)
_MAY_FAIL = frozenset({"clone3", "poll", "newfstatat"})  # the C library has another call for it


def action(program: bytes, number: int, architecture: int, arguments: Sequence[int]) -> int:
    """What a filter returns for a call, data bits cut off. A program that is not valid kills."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<iIQ6Q", number, architecture, 0x7FFF00000000, *padded)
    instructions = list(struct.iter_unpack("<HBBI", program[: len(program) // 8 * 8]))
    accumulator = index = at = 0
    memory = [0] * 16
    for _ in range(_MAX_STEPS):
        if not 0 <= at < len(instructions):
            return KILL_PROCESS
        code, if_true, if_false, k = instructions[at]
        at += 1
        kind, source = code & 0x07, index if code & 0x08 else k
        if kind == 0x06:  # return a constant, or the accumulator
            return (accumulator if code & 0x18 == 0x10 else k) & _ACTION
        if kind == 0x05:
            operation = code & 0xF0
            if operation == 0x00:
                at += k
                continue
            compared = {
                0x10: accumulator == source,
                0x20: accumulator > source,
                0x30: accumulator >= source,
                0x40: bool(accumulator & source),
            }.get(operation, False)
            at += if_true if compared else if_false
        elif kind in (0x00, 0x01):
            mode = code & 0xE0
            if mode == 0x20 and k + 4 <= len(data):
                value = struct.unpack_from("<I", data, k)[0]
            else:
                value = {0x00: k, 0x60: memory[k & 15], 0x80: len(data)}.get(mode, 0)
            if kind == 0x00:
                accumulator = value
            else:
                index = value
        elif kind in (0x02, 0x03):
            memory[k & 15] = accumulator if kind == 0x02 else index
        elif kind == 0x04:
            accumulator = _computed(code & 0xF0, accumulator, source) & 0xFFFFFFFF
        elif code & 0xF8 == 0x80:
            accumulator = index
        else:
            index = accumulator
    return KILL_PROCESS


def _computed(operation: int, left: int, right: int) -> int:
    if operation in (0x30, 0x90):
        return 0 if right == 0 else left // right if operation == 0x30 else left % right
    if operation in (0x60, 0x70):
        return left << min(right, 32) if operation == 0x60 else left >> min(right, 32)
    return {
        0x00: left + right, 0x10: left - right, 0x20: left * right, 0x40: left | right,
        0x50: left & right, 0x80: -left, 0xA0: left ^ right,
    }.get(operation, 0)  # fmt: skip


def worst(filters: Sequence[bytes], machine: str = platform.machine()) -> tuple[str, str]:
    """(what becomes of the process, at which call): "kills" or "forbids", or ("", "") when the agent may
    do all that it does. Of several filters the kernel takes the strictest answer."""
    forbidden = ("", "")
    if machine not in _AUDIT_ARCH:
        return forbidden
    for name, x86, generic, arguments in _CALLS:
        number = x86 if machine == "x86_64" else generic
        actions = [action(each, number, _AUDIT_ARCH[machine], arguments) for each in filters]
        if any(each in (KILL_PROCESS, KILL_THREAD, TRAP) for each in actions):
            return "kills", name
        if ERRNO in actions and name not in _MAY_FAIL and not forbidden[0]:
            forbidden = "forbids", name
    return forbidden


def verdict(pid: int) -> tuple[str, str]:
    """:func:`worst` of a live process's filters; ("unknown", why) if they cannot be read, the
    reason in the words of the system, "" where there was no answer."""
    command = [sys.executable, "-I", "-S", __file__, str(pid)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/"
        )
    except OSError as error:
        return "unknown", error.strerror or ""
    with process:
        try:
            output, _ = process.communicate(timeout=VERDICT_TIMEOUT)
            what, which = json.loads(output)
            return str(what), str(which)
        except (subprocess.TimeoutExpired, ValueError):
            process.kill()
            return "unknown", ""


def _read(pid: int) -> list[bytes]:
    """The filters of the main thread. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(request: int, address: int = 0, data: object = None) -> int:
        done = libc.ptrace(request, pid, address, data)
        if done < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return int(done)

    signal.alarm(3)  # ends us, and with us the tracing
    ptrace(_SEIZE)
    try:
        ptrace(_INTERRUPT)
        os.waitpid(pid, _ALL_WAITS)
        filters = []
        room = (ctypes.c_char * (8 * _MAX_INSTRUCTIONS))()
        for index in range(MAX_FILTERS):
            try:
                count = ptrace(_GET_FILTER, index)
                if count > _MAX_INSTRUCTIONS:
                    break
                ptrace(_GET_FILTER, index, ctypes.addressof(room))
            except OSError as error:
                if error.errno == 2:  # ENOENT: there is none with this number
                    break
                raise
            filters.append(room.raw[: 8 * count])
        return filters
    finally:
        ptrace(_DETACH)


def main(arguments: list[str]) -> int:
    try:
        print(json.dumps(worst(_read(int(arguments[0])))))
        return 0
    except OSError as error:
        print(json.dumps(["unknown", error.strerror]))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
