"""Finds the kernel's id of a thread from its pthread_t.

Python before 3.11 does not keep the kernel's id where a reader outside finds it. The C library
does: each pthread_t is the address of a record with the id in it, always at the same offset.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection

from iqdebug.peek.procfs import ProcFS

__all__ = ["kernel_ids"]

_PTHREAD_BYTES = 2048
_GLIBC_OFFSETS = (0x2D0, 0xD0)  # x86-64 and aarch64; tried first, the rest is searched


def kernel_ids(proc: ProcFS, pid: int, pthreads: Collection[int]) -> dict[int, int]:
    """The kernel's id of each pthread_t, as far as all of them agree on one offset.

    Reads /proc/PID/mem, which neither stops nor changes the process. Empty when the kernel
    forbids that, a thread has ended meanwhile, or no offset gives distinct ids of live threads.
    """
    try:
        alive = set(proc.thread_ids(pid))
        if len(alive) == 1 and len(pthreads) == 1:
            return dict(zip(pthreads, alive, strict=True))
        descriptor = os.open(proc.path(pid, "mem"), os.O_RDONLY)
    except OSError:
        return {}
    try:
        records = {pthread: os.pread(descriptor, _PTHREAD_BYTES, pthread) for pthread in pthreads}
    except (OSError, OverflowError):
        return {}
    finally:
        os.close(descriptor)
    if not records:
        return {}
    length = min(map(len, records.values()))
    for offset in (*_GLIBC_OFFSETS, *range(0, length - 3, 4)):
        if offset + 4 > length:
            continue
        ids = {pthread: struct.unpack_from("i", record, offset)[0] for pthread, record in records.items()}
        if len(set(ids.values())) == len(ids) and alive.issuperset(ids.values()):
            return ids
    return {}
