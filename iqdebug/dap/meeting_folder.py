"""A folder in which the socket may lie where a target's agent meets the client."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from iqdebug.core.errors import CannotAttach
from iqdebug.core.messages import Text, message

__all__ = ["MAX_SOCKET_NAME", "meeting_folder"]

MAX_SOCKET_NAME = 107
"""Bytes of a Unix socket's path (``sun_path`` of unix(7), without its end)."""

_PREFIX = "iqdebug-"


def meeting_folder(uid: int) -> Path:
    """A new folder of ours for meeting the user's process.

    Below the folder for temporary files, unless a socket's name would be too long there, the user could
    not come there, or somebody else could put another folder in its place; then below one that suits.
    """
    why: Text = ""
    for base in _candidates():
        unsuitable = _unsuitable(base, uid)
        if not unsuitable:
            try:
                return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
            except OSError as error:
                unsuitable = f"{base}: {error.strerror or error}"
        why = why or unsuitable
    raise CannotAttach(
        message("dap.meeting.no_folder"),
        why,
        message("dap.meeting.no_folder.fix"),
    )


def _candidates() -> Iterator[str]:
    with contextlib.suppress(OSError):  # the working directory may be gone
        yield os.path.abspath(tempfile.gettempdir())
    yield from ("/tmp", "/var/tmp", "/dev/shm")


def _unsuitable(base: str, uid: int) -> Text:
    """Why a folder is no place to meet in; "" when it is one."""
    try:
        name = base.encode()
    except UnicodeEncodeError:
        return message("dap.meeting.no_text", folder=ascii(base))
    if "\n" in base or len(name) + len(f"/{_PREFIX}12345678/") + 16 > MAX_SOCKET_NAME:
        return message("dap.meeting.too_long", beginning=base[:60])
    ours = os.geteuid()
    try:
        steps = [Path(base).resolve(), *Path(base).resolve().parents]
        for step in steps:
            about = os.stat(step)
            if about.st_mode & 0o022 and not about.st_mode & stat.S_ISVTX:
                return message("dap.meeting.changeable", folder=str(step))
            if uid != ours and not about.st_mode & (stat.S_IXUSR if about.st_uid == uid else stat.S_IXOTH):
                return message("dap.meeting.not_passable", folder=str(step))
    except (OSError, RuntimeError) as error:
        return f"{base}: {error}"
    return ""
