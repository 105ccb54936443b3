"""Ask a CPython 3.14 to run a script, as ``sys.remote_exec`` does (PEP 768), without running its interpreter.

The interpreter offers a flag and a buffer for a path in the state of its main thread, and says at the
start of ``_PyRuntime`` where they lie (``_Py_DebugOffsets``, Include/internal/pycore_debug_offsets.h). All
reading and writing goes through one descriptor of ``/proc/PID/mem``: whatever the process claims, nothing
is written anywhere but into its own memory, and nothing of it is executed here.

Run as a program of its own (``python -I -S remote_exec.py``), so that memory which never answers (a page
that a file system of the process's owner has to deliver) holds up nobody but it. Standard library only.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import NamedTuple

__all__ = ["ask", "main", "withdraw"]

_COOKIE = b"xdebugpy"
_VERSION = 0x030E
_WORDS = 95
# Places of the numbers that are needed, in words of 8 bytes from the cookie; 3.14.0 to 3.14.10.
_INTERPRETERS, _INTERPRETER_SIZE, _ID, _NEXT, _MAIN_THREAD = 5, 6, 7, 8, 10
_FINALIZING, _RUNTIME_SIZE, _THREAD_SIZE, _SUPPORT = 4, 3, 22, 89

MAX_SCANNED = 64 << 20  # bytes of memory that are searched
SCAN_SIZE = 1 << 20  # bytes read at a time
MAX_INTERPRETERS = 1000
MAX_MAPPINGS = 100_000
MAX_COOKIES = 16

# Events that the interpreter looks into when their bit is set, and does nothing about when there is none
# (Include/internal/pycore_ceval.h): signal, pending call, asynchronous exception, stop. They are all set, so
# that none that arises between our reading and our writing can be lost.
_EVENTS = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5


class Refused(Exception):
    """It cannot be asked: a word for why, of which :mod:`.remote_exec_process` makes a sentence, and what
    the kernel says where that is why."""


class _Fields(NamedTuple):
    """Addresses in the process."""

    path: int
    size: int
    pending: int
    breaker: int


class _Memory:
    def __init__(self, pid: int, write: bool) -> None:
        self._descriptor = os.open(f"/proc/{pid}/mem", (os.O_RDWR if write else os.O_RDONLY) | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self._descriptor)

    def read(self, address: int, size: int) -> bytes:
        """Less than ``size`` where the memory ends."""
        if not 0 <= address < 1 << 63:
            return b""
        try:
            return os.pread(self._descriptor, size, address)
        except OSError:
            return b""

    def word(self, address: int) -> int:
        data = self.read(address, 8)
        if len(data) != 8:
            raise Refused("no_state")
        return int.from_bytes(data, sys.byteorder)

    def write(self, address: int, data: bytes) -> None:
        try:
            written = os.pwrite(self._descriptor, data, address)
        except (OSError, OverflowError) as error:
            raise Refused("not_taken", error) from None
        if written != len(data):
            raise Refused("not_taken")


def ask(pid: int, uid: int, script: str) -> None:
    """Have the main thread run the script file at its next bytecode.

    :param uid: the user whose process it has to be.
    :raises Refused: nothing was asked. OSError: the kernel did not let us.
    """
    path = os.fsencode(script) + b"\0"
    memory = _Memory(pid, write=True)
    try:
        if os.stat(f"/proc/{pid}").st_uid != uid:
            raise Refused("another_user")
        fields = _fields(memory, pid)
        if len(path) > fields.size:
            raise Refused("path_too_long")
        present = memory.read(fields.path, fields.size).partition(b"\0")[0]
        if _pending(memory, fields) and os.path.dirname(present) != os.path.dirname(path):
            raise Refused("asked_already")
        memory.write(fields.path, path)
        memory.write(fields.pending, struct.pack("=i", 1))
        low = memory.read(fields.breaker, 1)
        memory.write(fields.breaker, bytes([(low[0] if low else 0) | _EVENTS]))
    finally:
        memory.close()


def withdraw(pid: int, uid: int, folder: str) -> bool:
    """Take back a request for a script of that folder; False when there is none any more."""
    memory = _Memory(pid, write=True)
    try:
        if os.stat(f"/proc/{pid}").st_uid != uid:
            return False
        fields = _fields(memory, pid)
        present = memory.read(fields.path, fields.size).partition(b"\0")[0]
        if not _pending(memory, fields) or os.path.dirname(present) != os.fsencode(folder):
            return False
        memory.write(fields.pending, struct.pack("=i", 0))
        return True
    finally:
        memory.close()


def _pending(memory: _Memory, fields: _Fields) -> bool:
    return memory.read(fields.pending, 4) == struct.pack("=i", 1)


def _fields(memory: _Memory, pid: int) -> _Fields:
    if sys.byteorder != "little" or struct.calcsize("P") != 8:
        raise Refused("machine")
    for runtime in _runtimes(memory, pid):
        words = struct.unpack(f"<{_WORDS}Q", memory.read(runtime, 8 * _WORDS).ljust(8 * _WORDS, b"\0"))
        version, sizes = words[1], (words[_RUNTIME_SIZE], words[_INTERPRETER_SIZE], words[_THREAD_SIZE])
        breaker, support, enabled, pending, path, size = words[_SUPPORT:_WORDS]
        plausible = (
            version >> 16 == _VERSION
            and version & 0xF0 in (0xC0, 0xF0)  # before the release candidates the places were others
            and all(64 <= each <= 1 << 24 for each in sizes)
            and max(words[_FINALIZING], words[_INTERPRETERS]) + 8 <= sizes[0]
            and max(words[_ID], words[_NEXT], words[_MAIN_THREAD], enabled) + 8 <= sizes[1]
            and max(breaker + 8, support + pending + 4, support + path + size) <= sizes[2]
            and 64 <= size <= 4096
        )
        if plausible:
            if memory.word(runtime + words[_FINALIZING]):
                raise Refused("ending")
            interpreter = _main_interpreter(memory, memory.word(runtime + words[_INTERPRETERS]), words)
            if memory.read(interpreter + enabled, 4) != struct.pack("=i", 1):
                raise Refused("switched_off")
            thread = memory.word(interpreter + words[_MAIN_THREAD])
            if not thread:
                raise Refused("no_main_thread")
            return _Fields(thread + support + path, size, thread + support + pending, thread + breaker)
    raise Refused("no_support")


def _main_interpreter(memory: _Memory, first: int, words: tuple[int, ...]) -> int:
    """The list of interpreters begins with the newest; the main one has the number 0."""
    interpreter = first
    for _ in range(MAX_INTERPRETERS):
        if not interpreter:
            break
        if memory.word(interpreter + words[_ID]) == 0:
            return interpreter
        interpreter = memory.word(interpreter + words[_NEXT])
    raise Refused("no_main_interpreter")


def _runtimes(memory: _Memory, pid: int) -> list[int]:
    """Where the cookie stands in the writable data of the files that the process has mapped."""
    addresses: list[int] = []
    left = MAX_SCANNED
    with open(f"/proc/{pid}/maps", "rb") as maps:
        for _, line in zip(range(MAX_MAPPINGS), maps, strict=False):
            fields = line.split(None, 5)
            if len(fields) < 6 or not fields[1].startswith(b"rw-p") or not fields[5].startswith(b"/"):
                continue
            start, end = (int(each, 16) for each in fields[0].split(b"-"))
            while start < end and left > 0:
                data = memory.read(start, min(SCAN_SIZE, end - start))
                at = data.find(_COOKIE)
                while at >= 0 and len(addresses) < MAX_COOKIES:
                    if (start + at) % 8 == 0:
                        addresses.append(start + at)
                    at = data.find(_COOKIE, at + 1)
                start += SCAN_SIZE  # the cookie is aligned: none lies across two chunks
                left -= SCAN_SIZE
    return addresses


def main(arguments: list[str]) -> int:
    """``ask PID UID SCRIPT`` or ``withdraw PID UID FOLDER``; 0 when done, else why not on the output."""
    verb, pid, uid, path = arguments
    try:
        if verb == "withdraw":
            return 0 if withdraw(int(pid), int(uid), path) else 1
        ask(int(pid), int(uid), path)
        return 0
    except Refused as refused:
        print(*refused.args, sep=": ")
    except (OSError, struct.error) as error:
        print(error)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
