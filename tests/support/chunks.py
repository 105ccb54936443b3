"""An independent reader of the container in docs/iqcrash.md, for what the writer wrote."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

HEAD = struct.Struct("<4s4sIII")


def read(path: Path) -> dict[str, list[Any]]:
    """Every chunk's content by its tag; asserts that the file is whole."""
    data = path.read_bytes()
    assert data[:8] == b"\x89IQC\r\n\x1a\n"
    assert struct.unpack_from("<HH", data, 8) == (1, 0)
    found: dict[str, list[Any]] = {}
    at = 12
    while at < len(data):
        mark, tag, stored, length, checksum = HEAD.unpack_from(data, at)
        body = data[at + HEAD.size : at + HEAD.size + stored]
        assert mark == b"\xf1iqc" and zlib.crc32(tag + body) == checksum
        raw = zlib.decompress(body)
        assert len(raw) == length
        found.setdefault(tag.decode(), []).append(json.loads(raw.decode("ascii")))
        at += HEAD.size + stored
    assert found["ENDE"][0]["chunks"] == sum(map(len, found.values())) - 1
    return found


def crash_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.iqcrash")) if folder.is_dir() else []
