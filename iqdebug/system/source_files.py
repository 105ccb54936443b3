"""Files whose names come from outside: opened without waiting, regular ones only, within bounds.

Everything that reads source text of this machine reads it here. Which files may be read is for
:mod:`iqdebug.core.readable_files` to say.
"""

from __future__ import annotations

import io
import os
import stat
import tokenize
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

__all__ = ["MAX_SOURCE", "open_regular", "read_lines"]

MAX_SOURCE = 20 << 20
"""Bytes of a source file; what is larger is generated, not written."""

MAX_CACHED_FILES = 256
MAX_CACHED_BYTES = 64 << 20
_KERNEL_FOLDERS = ("/proc/", "/sys/", "/dev/")

_cache: OrderedDict[tuple[str, int, int, int, int], tuple[str, ...]] = OrderedDict()


def open_regular(path: Path | str, *, follow: bool = True) -> BinaryIO:
    """A regular file opened for reading.

    :param follow: whether a symbolic link leads to its target.
    :raises OSError: it is not there, may not be read, or is no regular file.
    :raises ValueError: no file can have that name.
    """
    # Opening a device can have effects, opening a pipe can wait: O_PATH does neither. What is opened
    # afterwards is the very file that was checked, whatever the name has come to mean.
    checked = os.open(path, os.O_PATH | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    try:
        _require_regular(os.fstat(checked).st_mode)
        # Without O_NONBLOCK, opening waits for a process that holds a lease on the file (fcntl(2)).
        return os.fdopen(
            os.open(f"/proc/self/fd/{checked}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb"
        )
    finally:
        os.close(checked)


def _require_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError("it is a folder")
    if not stat.S_ISREG(mode):
        raise OSError("it is not a regular file")


def _true_path(handle: int) -> str:
    """Of an open file, as the kernel names it; "" where it does not."""
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return ""


def read_lines(path: str, *, exact: bool = False) -> tuple[str, ...]:
    """The file's lines without line ends; () when it does not exist, is no regular file, is one of the
    kernel's, is not text or is too large.

    Read again when the file has changed. The encoding is the one that Python would use.

    :param exact: only the file at that very path, with no symbolic link on the way there.
    """
    try:
        with open_regular(path, follow=not exact) as file:
            status, true = os.fstat(file.fileno()), _true_path(file.fileno())
            if not 0 < status.st_size <= MAX_SOURCE or true.startswith(_KERNEL_FOLDERS):
                return ()
            if exact and true not in ("", path):
                return ()
            key = (path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
            if key not in _cache:
                _cache[key] = _decoded(file.read(MAX_SOURCE))
            _cache.move_to_end(key)
            lines = _cache[key]
            while len(_cache) > MAX_CACHED_FILES or sum(each[-1] for each in list(_cache)) > MAX_CACHED_BYTES:
                _cache.popitem(last=False)
            return lines
    except (OSError, ValueError, KeyError):  # the last: another thread has made room
        return ()


def _decoded(data: bytes) -> tuple[str, ...]:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return tuple(data.decode(encoding, "replace").splitlines())
    except (SyntaxError, LookupError):
        return tuple(data.decode("utf-8", "replace").splitlines())
