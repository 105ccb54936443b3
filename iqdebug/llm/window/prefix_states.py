"""States of models after the constant beginning of a log, on disk, so that each is evaluated once a machine.

A file is what llama.cpp writes of a sequence (its tokens, then its keys and values) with a checksum behind
it; its name says of what. The checksum covers the name, so that no file passes for another's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import time
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from iqdebug.core.store import state_folder

__all__ = ["MAX_FILES", "MIN_TOKENS", "PrefixStates", "prefix_folder"]

MAX_FILES = 16
MIN_TOKENS = 128
"""A shorter beginning is evaluated each time: about a second on a slow processor, and not worth a file."""
_CHECKSUM_BYTES = 32
_READ_BYTES = 1 << 20
_ABANDONED_SECONDS = 3600.0  # after which a file that was never finished is removed
_NAME = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}")


def prefix_folder() -> Path:
    """Where a user's are kept."""
    return state_folder() / "prefixes"


class PrefixStates:
    """A folder of them, which several processes may use at once. Blocking. Nothing here raises: what cannot
    be kept or used is evaluated instead.

    Files have mode 0600, the folder 0700. What lies in the folder and is none of them is removed, and so
    are those that are damaged.

    :param max_bytes: of all files; the least recently used go. 0 keeps none.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self.max_bytes = max_bytes

    @staticmethod
    def name(state_identity: str, tokens: Sequence[int]) -> str:
        """Of the state after these tokens.

        :param state_identity: :attr:`iqdebug.llm.worker_protocol.Ready.state_identity`.
        """
        return hashlib.sha256(state_identity.encode() + b"\0" + array("i", tokens).tobytes()).hexdigest()

    def find(self, name: str) -> Path | None:
        """The state's file, if it is there and whole. It counts as used now."""
        self._tidy()
        path = self._folder / name
        with contextlib.suppress(OSError):
            if _is_whole(path):
                os.utime(path)
                return path
        self.remove(path)
        return None

    def new_file(self) -> Path | None:
        """An empty file to write a state to, for :meth:`keep`; None when none can be kept."""
        file = self._folder / f".{secrets.token_hex(8)}"
        try:
            if not self.max_bytes or not self._is_ours(make=True):
                return None
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError:
            return None
        return file

    def keep(self, file: Path, name: str) -> None:
        """Give a state that was written to :meth:`new_file` its name."""
        try:
            with file.open("r+b") as written:
                checksum = _checksum(written, name, file.stat().st_size)
                written.seek(0, os.SEEK_END)
                written.write(checksum)
            os.replace(file, self._folder / name)
        except OSError:
            self.remove(file)
        self._tidy()

    def remove(self, file: Path) -> None:
        with contextlib.suppress(OSError):
            file.unlink()

    def _tidy(self) -> None:
        """Remove what is foreign or abandoned, and of the rest what is beyond the bounds."""
        with contextlib.suppress(OSError):
            if not self._is_ours():
                return
            kept: list[tuple[float, int, Path]] = []
            for path in self._folder.iterdir():
                with contextlib.suppress(OSError):  # another process may have removed it
                    about = path.lstat()
                    age = time.time() - about.st_mtime
                    if stat.S_ISREG(about.st_mode) and _NAME.fullmatch(path.name):
                        kept.append((age, about.st_size, path))
                    elif not _UNFINISHED.fullmatch(path.name) or age > _ABANDONED_SECONDS:
                        self.remove(path)
            total = 0
            for count, (_, size, path) in enumerate(sorted(kept), 1):
                total += size
                if count > MAX_FILES or total > self.max_bytes:
                    self.remove(path)

    def _is_ours(self, make: bool = False) -> bool:
        """Whether the folder is there and nobody else can write to it.

        :raises OSError: it cannot be looked at or made.
        """
        if make:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        about = self._folder.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
            return False
        if about.st_mode & 0o077:
            self._folder.chmod(0o700)
        return True


def _is_whole(path: Path) -> bool:
    """:raises OSError: it is not there, or cannot be read."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size - _CHECKSUM_BYTES
        return size > 0 and _checksum(file, path.name, size) == file.read()


def _checksum(file: BinaryIO, name: str, size: int) -> bytes:
    """Of the file's first ``size`` bytes under that name; what is behind them can be read next."""
    digest = hashlib.sha256(name.encode())
    while size > 0 and (part := file.read(min(size, _READ_BYTES))):
        digest.update(part)
        size -= len(part)
    return digest.digest()
