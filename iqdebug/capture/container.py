"""The crash file's container (docs/iqcrash.md): chunks in, one file out, whole or not at all."""

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
_HEAD = packer("<4s4sIII")
_VERSION = packer("<HH")
_ENDING = 4_096  # bytes kept free for the closing chunk
_LEVEL = 6
_VALUES = {"VALU": ("text", "long"), "EXCN": ("message",)}
"""Where a value stands: a weak secret that is all of it is masked there, and not where it is the name of a
function, a module, a thread, or a line of a log."""


class Container:
    """Collects encoded chunks up to a size.

    :param masker: every text of every chunk passes through its ``scrub``, the texts of values through its
        ``scrub_value``; keys are the format's own.
    """

    def __init__(self, masker: Masker, max_bytes: int) -> None:
        self._masker = masker
        self._room = max_bytes - len(MAGIC) - 4 - _ENDING
        self._chunks: List[bytes] = []
        self.left_out: List[str] = []

    def add(self, tag: str, content: Dict[str, Any], otherwise: str = "") -> bool:
        """Whether it fitted; ``otherwise`` says what is missing when it did not."""
        data = self._encoded(tag, content)
        if len(data) > self._room:
            if otherwise:
                self.left_out.append(otherwise)
            return False
        self._room -= len(data)
        self._chunks.append(data)
        return True

    def _encoded(self, tag: str, content: Dict[str, Any]) -> bytes:
        return chunk(tag, self._scrubbed(content, _VALUES.get(tag, ())))

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
        head = MAGIC + _VERSION.pack(*VERSION)
        return b"".join([head, *self._chunks, self._encoded("ENDE", ending)])


def chunk(tag: str, content: Dict[str, Any]) -> bytes:
    """One encoded chunk."""
    raw = dumps(content).encode("ascii")
    stored = zlib.compress(raw, _LEVEL)
    name = tag.encode("ascii")
    return bytes(_HEAD.pack(MARK, name, len(stored), len(raw), zlib.crc32(name + stored))) + stored


def fixed_chunk(tag: str, content: Dict[str, float]) -> bytes:
    """A chunk of numbers that is as long whatever they are, so that it can be written over."""
    forms = {int: '"%s":%20d', float: '"%s":%20.3f'}
    parts = [forms[type(number)] % (name, number) for name, number in content.items()]
    raw = ("{%s}" % ",".join(parts)).encode("ascii")
    stored = zlib.compress(raw, 0)
    name = tag.encode("ascii")
    return bytes(_HEAD.pack(MARK, name, len(stored), len(raw), zlib.crc32(name + stored))) + stored


def write(path: str, data: bytes) -> None:
    """The file appears under its name with mode 0600 when it is complete, or not at all.

    :raises OSError: it could not be written (a full disk, no such folder), or what has that name is no
        file that could be replaced: a device, a pipe, a folder.
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
    """:raises OSError: to put a file in its place would take away a device or a pipe."""
    for look in (system.lstat, system.stat):
        try:
            mode = look(path).st_mode & 0o170000
        except OSError:
            continue  # there is nothing, or a link to nothing
        if mode not in (0o100000, 0o120000):
            raise OSError(22, "it is not a regular file", path)
