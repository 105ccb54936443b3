"""A log and the model's state on disk: two files that change together, or not at all.

The log names its state by size and checksum; the log's file is replaced last, so that whenever the
machine stops there is a whole pair, and a state that does not belong to its log is never used.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import zlib
from pathlib import Path

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message
from iqdebug.llm.window.token_log import DamagedLog, TokenLog
from iqdebug.system.atomic_write import atomic_write

__all__ = ["new_state_file", "read_log", "sound_state", "write_log"]

_READ_BYTES = 1 << 22


def new_state_file(path: Path) -> Path:
    """An empty file, mode 0600, for the state that goes with a log at ``path``.

    :raises OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    state = path.with_name(f"{path.name}.{secrets.token_hex(4)}.state")
    os.close(os.open(state, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return state


def write_log(path: Path, log: TokenLog, identity: str, state: Path | None) -> None:
    """Replace what is at ``path``, and remove the states of earlier logs there. Atomic; mode 0600.

    :raises OSError: it cannot be written; what was there is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if state is None:
        data = log.dump(identity)
    else:
        data = log.dump(identity, state.name, state.stat().st_size, _checksum(state))
    atomic_write(path, data)
    for other in path.parent.glob(f"{_quoted(path.name)}.*.state"):
        if other != state:
            with contextlib.suppress(OSError):
                other.unlink()


def read_log(path: Path, identity: str) -> tuple[TokenLog, tuple[str, int, int]]:
    """The log at ``path``, and its state file's name, size and checksum ("" for no state).

    :raises ModelError: it cannot be read, is damaged, or is of another model than ``identity``.
    """
    what = message("llm.saved.cannot_open", file=path.name)
    try:
        log, whose, state = TokenLog.parse(path.read_bytes())
    except OSError as error:
        raise ModelError(what, f"{error.strerror or error}.") from error
    except DamagedLog as error:
        raise ModelError(
            what, message("llm.saved.damaged", why=error.why), message("llm.saved.damaged.fix")
        ) from error
    if whose != identity:
        raise ModelError(what, message("llm.saved.other_model"), message("llm.saved.other_model.fix"))
    return log, state


def sound_state(path: Path, state: tuple[str, int, int]) -> Path | None:
    """The state file of the log at ``path``, if it is whole."""
    name, size, check = state
    if not name or os.path.basename(name) != name:
        return None
    file = path.with_name(name)
    try:
        if file.stat().st_size == size and _checksum(file) == check:
            return file
    except OSError:
        pass
    return None


def _checksum(path: Path) -> int:
    check = 0
    with open(path, "rb") as file:
        while chunk := file.read(_READ_BYTES):
            check = zlib.crc32(chunk, check)
    return check


def _quoted(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
