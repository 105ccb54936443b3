"""One crash file as the list of crashes needs it: read from its first and last chunks only."""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from iqdebug.crash import untrusted_rows
from iqdebug.crash.container import HEADER, MAGIC, MARK, chunks_of
from iqdebug.crash.crash import Crash
from iqdebug.crash.model import MAX_TIMESTAMP, Meta
from iqdebug.crash.rows import exception_of, frame_of, meta_of, threads_of
from iqdebug.crash.to_snapshot import place_of
from iqdebug.system.source_files import open_regular

__all__ = ["Recorded", "first_bytes", "place_of_recorded", "read_recorded"]

_HEAD_BYTES = 1 << 14
_TAIL_BYTES = 1 << 16
_MAX_META_BYTES = 1 << 20
_MAX_FRAME_BYTES = 4 << 20
_MAX_FIRST_CHUNKS = 30


@dataclass(frozen=True, slots=True)
class Recorded:
    """One crash file as its first and last chunks describe it. ``seen`` is when it was recorded,
    ``changed`` the file's own time, both seconds since the Unix epoch; ``left_out`` counts what
    its writer had no room for; ``whole`` is False for a file that was cut short; ``times`` counts how often
    the same failure happened."""

    path: Path
    size: int
    changed: float
    meta: Meta
    left_out: int = 0
    whole: bool = True
    times: int = 1

    @property
    def seen(self) -> float:
        created = self.meta.created
        return created if 0 < created <= MAX_TIMESTAMP else self.changed

    @property
    def fingerprint(self) -> str:
        """Of a file without one: its own name, so that it is a group by itself."""
        return self.meta.fingerprint or self.path.name


def first_bytes(path: Path, count: int) -> bytes:
    with open_regular(path, follow=False) as file:
        return file.read(count)


def read_recorded(path: Path) -> Recorded | None:
    """From the first chunk and the last one; None for what is no crash file of this format."""
    try:
        with open_regular(path, follow=False) as file:
            status = os.fstat(file.fileno())
            data = file.read(_HEAD_BYTES)
            if data[: len(MAGIC)] != MAGIC or data[len(MAGIC) : len(MAGIC) + 2] != b"\x01\x00":
                return None
            needed = _first_length(data)
            if len(data) < needed <= _MAX_META_BYTES:
                data += file.read(needed - len(data))
            file.seek(max(status.st_size - _TAIL_BYTES, HEADER))
            ending = file.read(_TAIL_BYTES)
    except OSError:
        return None
    first = next(chunks_of(data, []), None)
    row = untrusted_rows.decoded(first.data) if first is not None and first.tag == "META" else None
    end = _last(ending, "ENDE")
    return Recorded(
        path=path,
        size=status.st_size,
        changed=status.st_mtime,
        meta=meta_of(row or {}),
        left_out=len(untrusted_rows.texts(end, "left_out")) if end is not None else 0,
        whole=end is not None and row is not None,
        times=max(untrusted_rows.number(_last(ending, "AGAN") or {}, "times", 1), 1),
    )


def _first_length(data: bytes) -> int:
    """Bytes up to the end of the first chunk."""
    if len(data) < HEADER + 20:
        return len(data)
    return HEADER + 20 + int(struct.unpack_from("<I", data, HEADER + 8)[0])


def _last(ending: bytes, tag: str) -> untrusted_rows.Row | None:
    """The chunk of that tag, sought from the end of the file."""
    name = tag.encode("ascii")
    at = ending.rfind(MARK + name)
    if at < 0 or len(ending) - at < 20:
        return None
    length, _, checksum = struct.unpack_from("<III", ending, at + 8)
    stored = ending[at + 20 : at + 20 + length]
    if len(stored) != length or zlib.crc32(name + stored) != checksum:
        return None
    try:
        return untrusted_rows.decoded(zlib.decompressobj().decompress(stored, _MAX_META_BYTES))
    except zlib.error:
        return None


def place_of_recorded(file: Recorded) -> tuple[str, int, str] | None:
    """The innermost frame of the person's own code; read from the first frames where the
    first chunk does not say."""
    if file.meta.place is not None:
        return file.meta.place
    try:
        data = first_bytes(file.path, _MAX_FRAME_BYTES)
    except OSError:
        return None
    crash = Crash(file.path, meta=file.meta)
    for chunk in islice(chunks_of(data, []), _MAX_FIRST_CHUNKS):
        row = untrusted_rows.decoded(chunk.data) if chunk.tag in ("EXCN", "THRD", "FRAM") else None
        if row is None:
            continue
        if chunk.tag == "EXCN":
            nodes = (exception_of(node) for node in untrusted_rows.rows(row, "nodes"))
            exceptions = {node.id: node for node in nodes if node is not None}
            crash = replace(crash, root=untrusted_rows.whole(row.get("root")), exceptions=exceptions)
        elif chunk.tag == "THRD":
            crash = replace(crash, threads=threads_of(row))
        else:
            frames = (frame_of(frame) for frame in untrusted_rows.rows(row, "frames"))
            crash = replace(crash, frames={f.id: f for f in frames if f is not None})
        if crash.frames and (crash.exceptions or crash.threads):
            break
    return place_of(crash)
