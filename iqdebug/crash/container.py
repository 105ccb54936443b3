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
from iqdebug.core.messages import Message, message
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
            message("crash.file.absent", path=str(path)), fix=message("crash.file.absent.fix")
        ) from None
    except IsADirectoryError:
        raise CrashFileError(
            message("crash.file.folder", path=str(path)), fix=message("crash.file.folder.fix", path=str(path))
        ) from None
    except (OSError, ValueError) as error:
        raise CrashFileError(message("crash.file.cannot_be_read", path=str(path)), _reason(error)) from None


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def check_header(data: bytes, path: Path) -> None:
    """:raises CrashFileError: the bytes do not begin a crash file of a version that is read here."""
    named = str(path)
    if not data:
        raise CrashFileError(message("crash.file.empty", path=named), message("crash.file.empty.why"))
    if data[: len(MAGIC)] != MAGIC[: len(data)] or len(data) < HEADER:
        if MAGIC.startswith(data[: len(MAGIC)]):
            raise CrashFileError(message("crash.file.ends_early", path=named, count=len(data)))
        if data[:4] == MAGIC[:4]:
            raise CrashFileError(
                message("crash.file.converted", path=named),
                message("crash.file.converted.why"),
                message("crash.file.converted.fix"),
            )
        raise CrashFileError(message("crash.file.is_none", path=named), message("crash.file.is_none.why"))
    major, minor = struct.unpack_from("<HH", data, len(MAGIC))
    known, version = message("crash.file.known_format", format=MAJOR), f"{major}.{minor}"
    if major > MAJOR:
        newer = message("crash.file.newer", path=named, version=version)
        raise CrashFileError(newer, known, message("crash.file.newer.fix"))
    if major != MAJOR:
        raise CrashFileError(message("crash.file.unknown_format", path=named, version=version), known)


def read_chunks(path: Path, missing: list[Message]) -> Iterator[Chunk]:
    """Every undamaged chunk; a sentence about each damaged one is appended to ``missing``.

    :raises CrashFileError: nothing of the file can be read.
    """
    data = read_bytes(path, MAX_FILE_BYTES + 1)
    check_header(data, path)
    if len(data) > MAX_FILE_BYTES:
        missing.append(message("crash.damage.too_large", most=MAX_FILE_BYTES >> 20))
        data = data[:MAX_FILE_BYTES]
    yield from chunks_of(data, missing)


def chunks_of(data: bytes, missing: list[Message], start: int = HEADER) -> Iterator[Chunk]:
    """The undamaged chunks from ``start`` on; appends a sentence about each damaged one to ``missing``."""
    room = MAX_FILE_BYTES
    failures = wasted = 0
    at = start
    while at < len(data):
        damage: Message | None = None
        if len(data) - at < _CHUNK_HEADER.size or data[at : at + 4] != MARK:
            tag = ""
            if not failures:
                damage = message("crash.damage.bytes", offset=f"{at:,}")
        else:
            _, raw_tag, length, _, checksum = _CHUNK_HEADER.unpack_from(data, at)
            tag = raw_tag.decode("ascii", "replace") if raw_tag.isalpha() else ""
            end = at + _CHUNK_HEADER.size + length
            if end > len(data):
                damage = message("crash.damage.cut_short", part=_named(tag))
            else:
                stored = data[at + _CHUNK_HEADER.size : end]
                wasted += length
                if not tag or zlib.crc32(raw_tag + stored) != checksum:
                    damage = message("crash.damage.part", part=_named(tag))
                else:
                    wasted -= length
                    content = _decompressed(stored, min(MAX_CHUNK_BYTES, room), tag)
                    if isinstance(content, Message):
                        missing.append(content)
                    else:
                        room -= len(content)
                        yield Chunk(tag, content, end)
                    at = end
                    continue
        if damage is not None:
            missing.append(damage)
        failures += 1
        if failures > _MAX_BROKEN_CHUNKS or wasted > _MAX_DAMAGED_BYTES:
            missing.append(message("crash.damage.too_much"))
            return
        next_mark = data.find(MARK, at + 1)
        if next_mark < 0:
            return
        at = next_mark


def _decompressed(stored: bytes, most: int, tag: str) -> bytes | Message:
    """The data, or why there is none. The length that the chunk states is not covered by its checksum and
    is not used."""
    try:
        reader = zlib.decompressobj()
        content = reader.decompress(stored, most + 1)
        if len(content) > most:
            return message("crash.damage.part_too_large", part=_named(tag))
        if not reader.eof:
            return message("crash.damage.part", part=_named(tag))
    except (zlib.error, MemoryError, OverflowError):
        return message("crash.damage.part", part=_named(tag))
    return content


_CHUNK_NAMES = {
    "META": message("crash.chunk.description"),
    "EXCN": message("crash.chunk.exception"),
    "FRAM": message("crash.chunk.frames"),
    "VALU": message("crash.chunk.values"),
    "THRD": message("crash.chunk.threads"),
    "SRCE": message("crash.chunk.source"),
    "LOGS": message("crash.chunk.output"),
    "ENVI": message("crash.chunk.environment"),
    "DIST": message("crash.chunk.distributions"),
    "GITR": message("crash.chunk.revision"),
    "NATV": message("crash.chunk.native"),
    "TEST": message("crash.chunk.test"),
    "ENDE": message("crash.chunk.end"),
}


def _named(tag: str) -> Message:
    if tag in _CHUNK_NAMES:
        return _CHUNK_NAMES[tag]
    if tag.isascii() and tag.isalpha():
        return message("crash.chunk.tag", tag=tag)
    return message("crash.chunk")
