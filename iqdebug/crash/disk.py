"""Opening files that somebody else named: regular ones only, and never waiting."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_regular"]


def open_regular(path: Path | str, *, follow: bool = True) -> BinaryIO:
    """A regular file opened for reading.

    :param follow: whether a symbolic link leads to its target.
    :raises OSError: it is not there, may not be read, or is no regular file.
    :raises ValueError: the name is none that a file could have.
    """
    # Without O_NONBLOCK, opening a pipe waits for somebody to write to it.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    handle = os.open(path, flags)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError("it is a folder")
        if not stat.S_ISREG(mode):
            raise OSError("it is not a regular file")
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise
