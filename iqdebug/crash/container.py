"""The container of a crash file: bytes in, decompressed chunks out, and sentences about what is damaged.

Guarantee: for any bytes at all the only exception raised is
:class:`~iqdebug.core.errors.CrashFileError`, and time and memory are bounded by the limits below.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.errors import CrashFileError
from iqdebug.system.source_files import open_regular

__all__ = [
    "HEADER",
    "MAGIC",
    "MARK",
    "MAX_CHUNK_BYTES",
    "MAX_FILE_BYTES",
    "Chunk",
    "check_header",
    "chunks_of",
    "read_bytes",
    "read_chunks",
]

MAGIC = b"\x89IQC\r\n\x1a\n"
MARK = b"\xf1iqc"
MAJOR = 1
MAX_CHUNK_BYTES = 64 << 20  # bytes, decompressed
MAX_FILE_BYTES = 256 << 20  # bytes, as stored and again decompressed
HEADER = len(MAGIC) + 4
_CHUNK_HEADER = struct.Struct("<4s4sIII")
_MAX_BROKEN_CHUNKS = 2_000  # then reading stops
_MAX_DAMAGED_BYTES = 256 << 20  # bytes whose checksum may turn out wrong: marks in hostile data are free


@dataclass(frozen=True, slots=True)
class Chunk:
    tag: str
    data: bytes
    end: int
    """Offset of the first byte after the chunk."""


def read_bytes(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """The first ``most`` bytes of a regular file.

    :raises CrashFileError: it is not there, not a regular file, or may not be read.
    """
    try:
        with open_regular(path) as file:
            return file.read(most)
    except FileNotFoundError:
        raise CrashFileError(
            f"There is no file {path}", fix="`iqdebug crashes` lists the recorded ones"
        ) from None
    except IsADirectoryError:
        raise CrashFileError(
            f"{path} is a folder", fix=f"`iqdebug crashes --dir {path}` lists the crash files in it"
        ) from None
    except (OSError, ValueError) as error:
        raise CrashFileError(f"{path} cannot be read", _reason(error)) from None


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def check_header(data: bytes, path: Path) -> None:
    """:raises CrashFileError: the bytes do not begin a crash file of a version that is read here."""
    if not data:
        raise CrashFileError(f"{path} is empty", "the program may have ended before it was written")
    if data[: len(MAGIC)] != MAGIC[: len(data)] or len(data) < HEADER:
        if MAGIC.startswith(data[: len(MAGIC)]):
            raise CrashFileError(f"{path} ends after {len(data)} bytes: nothing of it can be read")
        if data[:4] == MAGIC[:4]:
            raise CrashFileError(
                f"{path} was damaged in transfer",
                "its line ends were converted",
                "Copy the original again, as a binary file",
            )
        raise CrashFileError(f"{path} is not a crash file", "it does not begin as one")
    major, minor = struct.unpack_from("<HH", data, len(MAGIC))
    if major != MAJOR:
        kind = "newer" if major > MAJOR else "unknown"
        raise CrashFileError(
            f"{path} is a crash file of a {kind} format ({major}.{minor})",
            f"this iqdebug reads format {MAJOR}",
            "Open it with a newer iqdebug" if major > MAJOR else "",
        )


def read_chunks(path: Path, missing: list[str]) -> Iterator[Chunk]:
    """Every undamaged chunk; a sentence about each damaged one is appended to ``missing``.

    :raises CrashFileError: nothing of the file can be read.
    """
    data = read_bytes(path, MAX_FILE_BYTES + 1)
    check_header(data, path)
    if len(data) > MAX_FILE_BYTES:
        missing.append(f"the file is larger than {MAX_FILE_BYTES >> 20} MiB: its rest was not read")
        data = data[:MAX_FILE_BYTES]
    yield from chunks_of(data, missing)


def chunks_of(data: bytes, missing: list[str], start: int = HEADER) -> Iterator[Chunk]:
    """The undamaged chunks from ``start`` on; appends a sentence about each damaged one to ``missing``."""
    room = MAX_FILE_BYTES
    failures = wasted = 0
    at = start
    while at < len(data):
        words = ""
        if len(data) - at < _CHUNK_HEADER.size or data[at : at + 4] != MARK:
            tag = ""
            words = "" if failures else f"unreadable bytes from offset {at:,}"
        else:
            _, raw_tag, length, _, checksum = _CHUNK_HEADER.unpack_from(data, at)
            tag = raw_tag.decode("ascii", "replace") if raw_tag.isalpha() else ""
            end = at + _CHUNK_HEADER.size + length
            if end > len(data):
                words = f"{_named(tag)} is cut short: the file ends within it"
            else:
                stored = data[at + _CHUNK_HEADER.size : end]
                wasted += length
                if not tag or zlib.crc32(raw_tag + stored) != checksum:
                    words = f"{_named(tag)} is damaged"
                else:
                    wasted -= length
                    content = _decompressed(stored, min(MAX_CHUNK_BYTES, room))
                    if isinstance(content, str):
                        missing.append(f"{_named(tag)} {content}")
                    else:
                        room -= len(content)
                        yield Chunk(tag, content, end)
                    at = end
                    continue
        if words:
            missing.append(words)
        failures += 1
        if failures > _MAX_BROKEN_CHUNKS or wasted > _MAX_DAMAGED_BYTES:
            missing.append("too much is damaged to go on reading")
            return
        next_mark = data.find(MARK, at + 1)
        if next_mark < 0:
            return
        at = next_mark


def _decompressed(stored: bytes, most: int) -> bytes | str:
    """The data, or why there is none. The length that the chunk states is not covered by its checksum and
    is not used."""
    try:
        reader = zlib.decompressobj()
        content = reader.decompress(stored, most + 1)
        if len(content) > most:
            return "is larger than a crash file may be and was not read"
        if not reader.eof:
            return "is damaged"
    except (zlib.error, MemoryError, OverflowError):
        return "is damaged"
    return content


_CHUNK_NAMES = {
    "META": "the description of the crash",
    "EXCN": "the exception",
    "FRAM": "a part of the frames",
    "VALU": "a part of the values",
    "THRD": "the list of threads",
    "SRCE": "the source of a file",
    "LOGS": "the output",
    "ENVI": "the environment",
    "DIST": "the list of distributions",
    "GITR": "the git revision",
    "NATV": "the native report",
    "TEST": "the test report",
    "ENDE": "the end mark",
}


def _named(tag: str) -> str:
    return _CHUNK_NAMES.get(tag, f"a chunk {tag}" if tag.isascii() and tag.isalpha() else "a chunk")
