"""What the kernel says a thread is doing. Reads /proc only: nothing is stopped."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from iqdebug.core.messages import Text, message
from iqdebug.core.state import ThreadState
from iqdebug.peek.procfs import ProcFS

__all__ = ["KernelThread", "StaticData", "kernel_thread", "python_static_data"]

# Numbers from the kernel's syscall tables: arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h. Several calls share a name where the difference is no
# matter to a person.
_X86_64 = {
    0: "read", 17: "read", 19: "read", 45: "recv", 47: "recv", 299: "recv",
    1: "write", 18: "write", 20: "write", 44: "send", 46: "send", 40: "send",
    43: "accept", 288: "accept", 42: "connect",
    7: "poll", 271: "poll", 23: "select", 270: "select", 232: "epoll", 281: "epoll", 441: "epoll",
    35: "sleep", 230: "sleep", 202: "futex", 61: "wait child", 247: "wait child",
    73: "file lock", 72: "file lock", 74: "fsync", 75: "fsync", 128: "signal", 130: "signal", 34: "signal",
}  # fmt: skip
_GENERIC = {
    63: "read", 65: "read", 67: "read", 207: "recv", 212: "recv", 243: "recv",
    64: "write", 66: "write", 68: "write", 206: "send", 211: "send", 71: "send",
    202: "accept", 242: "accept", 203: "connect",
    73: "poll", 72: "select", 22: "epoll", 441: "epoll",
    101: "sleep", 115: "sleep", 98: "futex", 260: "wait child", 95: "wait child",
    32: "file lock", 25: "file lock", 82: "fsync", 83: "fsync", 137: "signal", 133: "signal",
}  # fmt: skip
SYSCALLS: Mapping[str, Mapping[int, str]] = {"x86_64": _X86_64, "aarch64": _GENERIC, "riscv64": _GENERIC}

_INTERPRETER = re.compile(r"/(?:libpython\d[^/]*\.so[^/]*|python[^/]*)$")


@dataclass(frozen=True, slots=True)
class KernelThread:
    """``call`` is the system call the thread sleeps in, "" when it is in none or that is hidden;
    ``argument`` is the call's first; ``file`` says what kind of file a read or write is on."""

    state: ThreadState
    letter: str = ""
    call: str = ""
    argument: int = 0
    file: Text = ""


class StaticData:
    """The address ranges in which a program keeps the interpreter's static variables."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self.ranges = tuple(ranges)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and any(start <= address < end for start, end in self.ranges)


def python_static_data(proc: ProcFS, pid: int, program: str = "") -> StaticData:
    """Where _PyRuntime lies, and with it the lock and condition of the main interpreter's GIL.

    Measured on CPython 3.8 to 3.14, with and without libpython: a thread that waits for the GIL
    sleeps on a futex in these ranges, and no lock of a program ever lies in them. ``program`` is
    the file that holds the interpreter. Empty when the kernel forbids the look.
    """
    ranges: list[tuple[int, int]] = []
    end = -1
    try:
        for mapping in proc.maps(pid):
            named = bool(mapping.path) and (
                mapping.path == program or _INTERPRETER.search(mapping.path) is not None
            )
            # Anonymous memory right behind a file's writable data is its zero-initialised part.
            if mapping.writable and (named or (not mapping.path and mapping.start == end)):
                ranges.append((mapping.start, mapping.end))
                end = mapping.end if named else -1
            else:
                end = -1
    except (OSError, ValueError):
        return StaticData(())
    return StaticData(ranges)


def kernel_thread(proc: ProcFS, pid: int, thread_id: int, machine: str = platform.machine()) -> KernelThread:
    """The thread's state now. UNKNOWN when it has ended or the kernel forbids the look."""
    try:
        letter = proc.stat(pid, thread_id).state
    except (OSError, ValueError):
        return KernelThread(ThreadState.UNKNOWN)
    state = ThreadState.RUNNING if letter == "R" else ThreadState.WAITING
    if letter == "R":
        return KernelThread(state, letter)
    try:
        words = proc.read(pid, "task", thread_id, "syscall").split()
        number, argument = int(words[0]), int(words[1], 16)
    except (OSError, ValueError, IndexError):
        return KernelThread(state, letter)  # also "running": it left the call meanwhile
    call = SYSCALLS.get(machine, {}).get(number, "")
    if call == "select" and argument == 0:
        call = "sleep"  # select without files: time.sleep before Python 3.11
    file: Text = _file_kind(proc, pid, argument) if call in ("read", "write", "recv", "send") else ""
    return KernelThread(state, letter, call, argument, file)


def _file_kind(proc: ProcFS, pid: int, descriptor: int) -> Text:
    try:
        target = proc.link(pid, "fd", descriptor)
    except OSError:
        return ""
    if target.startswith("socket:"):
        return message("wait.a_socket")
    if target.startswith("pipe:"):
        return message("wait.pipe")
    if target.startswith(("/dev/pts/", "/dev/tty")):
        return message("wait.terminal")
    return message("wait.file")
