"""Kernel ids found by searching the C library's thread records in a made-up memory."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from iqdebug.peek.procfs import ProcFS
from iqdebug.peek.thread_ids import kernel_ids

RECORDS = (4096, 8192)


def memory(root: Path, ids: tuple[int, int], offset: int) -> ProcFS:
    for thread in (50, 51):
        (root / "50" / "task" / str(thread)).mkdir(parents=True)
    data = bytearray(16384)
    for record, thread in zip(RECORDS, ids, strict=True):
        struct.pack_into("i", data, record + offset, thread)
        struct.pack_into("i", data, record + 0x2D0 + 8, 50)  # the same for both: not an id
    (root / "50" / "mem").write_bytes(data)
    return ProcFS(root)


@pytest.mark.parametrize("offset", [0x2D0, 0xD0, 0x38, 0x400])
def test_the_offset_is_found(tmp_path: Path, offset: int) -> None:
    assert kernel_ids(memory(tmp_path, (51, 50), offset), 50, RECORDS) == {4096: 51, 8192: 50}


def test_ids_of_no_live_thread_are_not_believed(tmp_path: Path) -> None:
    assert kernel_ids(memory(tmp_path, (51, 77), 0x2D0), 50, RECORDS) == {}


def test_unreadable_memory_gives_nothing(tmp_path: Path) -> None:
    proc = memory(tmp_path, (51, 50), 0x2D0)
    (tmp_path / "50" / "mem").unlink()
    assert kernel_ids(proc, 50, RECORDS) == {}
