"""Source text of a frame's file, as it is on this machine's disk now."""

from __future__ import annotations

import functools
import io
import os
import tokenize

__all__ = ["read_lines"]

_LARGEST = 20 << 20  # bytes; what is larger is generated, not written


def read_lines(path: str) -> tuple[str, ...]:
    """The file's lines without line ends; () when it is not there, not text or too large.

    Read again when the file has changed. The encoding is the one that Python would use.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ()
    if status.st_size > _LARGEST:
        return ()
    return _read(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=256)
def _read(path: str, changed: int, size: int) -> tuple[str, ...]:
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST)
    except (OSError, ValueError):
        return ()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return tuple(data.decode(encoding, "replace").splitlines())
    except (SyntaxError, LookupError):
        return tuple(data.decode("utf-8", "replace").splitlines())
