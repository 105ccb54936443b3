"""The crash file's container (docs/iqcrash.md): collects chunks and writes one file, or none."""

from __future__ import annotations

import os
import zlib

from .original_functions import dumps, packer, system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from .mask import Masker

MAGIC = b"\x89IQC\r\n\x1a\n"
VERSION = (1, 0)
MARK = b"\xf1iqc"
_CHUNK_HEADER = packer("<4s4sIII")
_VERSION_FORMAT = packer("<HH")
_END_CHUNK_SIZE = 4_096  # bytes reserved for the closing chunk
_COMPRESSION_LEVEL = 6
_VALUE_KEYS = {"VALU": ("text", "long"), "EXCN": ("message",)}
"""The keys, by chunk, whose texts are values. A weak secret is masked where it is a whole value, but not
where it is the name of a function, a module or a thread, or a log line."""


class Container:
    """Collects encoded chunks up to ``max_bytes``.

    :param masker: every text of every chunk passes through its ``scrub``, texts of values through its
        ``scrub_value``. Keys belong to the format and are not masked.
    """

    def __init__(self, masker: Masker, max_bytes: int) -> None:
        self._masker = masker
        self._bytes_left = max_bytes - len(MAGIC) - 4 - _END_CHUNK_SIZE
        self._chunks: List[bytes] = []
        self.left_out: List[str] = []

    def add(self, tag: str, content: Dict[str, Any], otherwise: str = "") -> bool:
        """Add a chunk if it fits; returns whether it did. If not, the file lists ``otherwise`` as missing."""
        data = self._encoded(tag, content)
        if len(data) > self._bytes_left:
            if otherwise:
                self.left_out.append(otherwise)
            return False
        self._bytes_left -= len(data)
        self._chunks.append(data)
        return True

    def _encoded(self, tag: str, content: Dict[str, Any]) -> bytes:
        return chunk(tag, self._scrubbed(content, _VALUE_KEYS.get(tag, ())))

    def _scrubbed(self, value: Any, values: Tuple[str, ...], key: str = "") -> Any:
        if type(value) is str:
            if not self._masker.enabled:
                return value
            return self._masker.scrub_value(value) if key in values else self._masker.scrub(value)
        if type(value) is dict:
            return {k: self._scrubbed(v, values, k) for k, v in value.items()}
        if type(value) in (list, tuple):
            return [self._scrubbed(v, values) for v in value]
        return value

    def finish(self) -> bytes:
        """The whole file."""
        ending = {"chunks": len(self._chunks), "left_out": self.left_out[:40]}
        head = MAGIC + _VERSION_FORMAT.pack(*VERSION)
        return b"".join([head, *self._chunks, self._encoded("ENDE", ending)])


def chunk(tag: str, content: Dict[str, Any]) -> bytes:
    """One encoded chunk."""
    raw = dumps(content).encode("ascii")
    stored = zlib.compress(raw, _COMPRESSION_LEVEL)
    name = tag.encode("ascii")
    return bytes(_CHUNK_HEADER.pack(MARK, name, len(stored), len(raw), zlib.crc32(name + stored))) + stored


def fixed_chunk(tag: str, content: Dict[str, float]) -> bytes:
    """A chunk of numbers whose length does not depend on them, so that it can be overwritten."""
    forms = {int: '"%s":%20d', float: '"%s":%20.3f'}
    parts = [forms[type(number)] % (name, number) for name, number in content.items()]
    raw = ("{%s}" % ",".join(parts)).encode("ascii")
    stored = zlib.compress(raw, 0)
    name = tag.encode("ascii")
    return bytes(_CHUNK_HEADER.pack(MARK, name, len(stored), len(raw), zlib.crc32(name + stored))) + stored


def write(path: str, data: bytes) -> None:
    """Write a file with mode 0600, which appears under its name when it is complete, or not at all.

    :raises OSError: it could not be written (a full disk, no such folder), or something of that name exists
        and is no regular file: a device, a pipe, a folder.
    """
    _require_replaceable(path)
    temporary = "%s.%d.part" % (path, system.getpid())
    handle = system.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600
    )
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[system.write(handle, view) :]
        finally:
            system.close(handle)
        system.rename(temporary, path)
    except BaseException:
        system.unlink(temporary)
        raise


def _require_replaceable(path: str) -> None:
    """:raises OSError: there is a device, pipe or folder, which must not be replaced by a file."""
    for status in (system.lstat, system.stat):
        try:
            mode = status(path).st_mode & 0o170000
        except OSError:
            continue  # it does not exist, or is a dangling link
        if mode not in (0o100000, 0o120000):
            raise OSError(22, "it is not a regular file", path)
