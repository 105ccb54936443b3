"""Replace a file as a whole: whoever opens it sees the old contents or the new, never a part."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

__all__ = ["atomic_write"]


def atomic_write(path: Path | str, data: bytes, *, like: os.stat_result | None = None) -> None:
    """Write ``data`` to a new file in the same folder, then give it the name.

    The data is on the disk before the name changes, so a machine that stops leaves a whole file as well.
    A symbolic link is replaced, not followed. When it fails, the file that was there is untouched and
    nothing is left beside it.

    :param like: the mode and, where we may give it away, the owner of the new file; without it the file
        is ours, of mode 0600.
    :raises OSError: the folder is missing, full or not ours to write in.
    """
    handle, temporary = tempfile.mkstemp(prefix=".iqdebug-", dir=os.path.dirname(os.path.abspath(path)))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if like is not None:
                with contextlib.suppress(OSError):
                    os.fchown(handle, like.st_uid, like.st_gid)
                os.fchmod(handle, stat.S_IMODE(like.st_mode))
            file.flush()
            os.fsync(handle)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
