"""A proposal's way into the files, on consent, and back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iqdebug.assistant.actions.fix import Change, Proposal
from iqdebug.core.errors import UsageError
from iqdebug.core.messages import message
from iqdebug.core.store import state_folder
from iqdebug.system.atomic_write import atomic_write

__all__ = ["Receipt", "apply", "receipts", "undo"]

MAX_BACKUPS = 50  # fixes that can be undone
_UNCHANGED = message("assistant.actions.apply.unchanged")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A fix that was applied. ``folder`` holds the files as they were; ``applied`` is in seconds
    since the epoch; ``files`` are the paths that were changed."""

    folder: Path
    files: tuple[str, ...]
    applied: float


def apply(proposal: Proposal, folder: Path | None = None) -> Receipt:
    """Write the proposal's files. To be called on a person's consent.

    Every file is written as a whole or not at all, with its mode and owner; if one fails, those before
    it are put back. A backup of each lies under the state folder first. Git is neither asked nor told:
    index, stash and other changes stay as they are.

    :raises UsageError: a file changed since the proposal, or cannot be written. Nothing has changed.
    """
    for change in proposal.files:
        _check(change)
    receipt = _backed_up(proposal, folder or state_folder() / "fixes")
    written: list[Change] = []
    try:
        for change in proposal.files:
            _write(change.path, change.after)
            written.append(change)
    except OSError as error:
        failed = proposal.files[len(written)]
        for change in reversed(written):
            with contextlib.suppress(OSError):
                _write(change.path, change.before)
        _forget(receipt.folder)
        raise UsageError(
            message("assistant.actions.apply.not_written", name=failed.name),
            error.strerror or str(error),
            _UNCHANGED,
        ) from None
    return receipt


def undo(receipt: Receipt) -> tuple[str, ...]:
    """Put the files back byte for byte; their paths.

    :raises UsageError: a file was changed after the fix, or the backup is not whole. Nothing changes.
    """
    back = []
    for row in _manifest(receipt.folder):
        path = str(row["path"])
        try:
            now = Path(path).read_bytes()
            before = (receipt.folder / str(row["backup"])).read_bytes()
        except OSError as error:
            raise UsageError(
                message("assistant.actions.undo.impossible", path=path), error.strerror or str(error)
            ) from None
        if _hash(before) != row["before"]:
            raise UsageError(
                message("assistant.actions.undo.damaged", path=path),
                message("assistant.actions.undo.damaged.why", folder=str(receipt.folder)),
            )
        if _hash(now) not in (row["after"], row["before"]):
            raise UsageError(
                message("assistant.actions.undo.changed", path=path),
                message("assistant.actions.undo.changed.why"),
                message(
                    "assistant.actions.undo.changed.fix", backup=str(receipt.folder / str(row["backup"]))
                ),
            )
        back.append((path, before))
    for path, before in back:
        try:
            _write(path, before)
        except OSError as error:
            raise UsageError(
                message("assistant.actions.undo.impossible", path=path), error.strerror or str(error)
            ) from None
    _forget(receipt.folder)
    return tuple(path for path, _ in back)


def receipts(folder: Path | None = None) -> tuple[Receipt, ...]:
    """The fixes that can be undone, newest first."""
    undoable = []
    for path in sorted((folder or state_folder() / "fixes").glob("*/manifest.json"), reverse=True):
        with contextlib.suppress(UsageError, OSError, KeyError):
            rows = _manifest(path.parent)
            files = tuple(str(row["path"]) for row in rows)
            undoable.append(Receipt(path.parent, files, path.stat().st_mtime))
    return tuple(undoable)


def _check(change: Change) -> None:
    try:
        status = os.lstat(change.path)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(message("assistant.actions.apply.no_file", name=change.name), _UNCHANGED)
        now = Path(change.path).read_bytes()
    except OSError as error:
        raise UsageError(
            message("assistant.actions.apply.not_read", name=change.name), error.strerror or ""
        ) from None
    if now != change.before:
        raise UsageError(
            message("assistant.actions.apply.changed", name=change.name),
            _UNCHANGED,
            message("assistant.actions.apply.changed.fix"),
        )
    if not status.st_mode & 0o222 or not os.access(change.path, os.W_OK):
        raise UsageError(
            message("assistant.actions.apply.read_only", name=change.name),
            _UNCHANGED,
            message("assistant.actions.apply.read_only.fix", path=change.path),
        )


def _backed_up(proposal: Proposal, base: Path) -> Receipt:
    now = time.time()
    try:
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}-"
        folder = Path(tempfile.mkdtemp(prefix=stamp, dir=base))
        rows = []
        for number, change in enumerate(proposal.files):
            (folder / f"{number}.before").write_bytes(change.before)
            rows.append(
                {
                    "path": change.path,
                    "backup": f"{number}.before",
                    "before": _hash(change.before),
                    "after": _hash(change.after),
                }
            )
        (folder / "fix.diff").write_text(proposal.diff, "utf-8", "surrogateescape")
        (folder / "manifest.json").write_text(json.dumps({"files": rows}), "utf-8")
    except OSError as error:
        raise UsageError(
            message("assistant.actions.apply.no_backup", folder=str(base)),
            error.strerror or str(error),
            _UNCHANGED,
        ) from None
    for old in sorted(base.iterdir())[:-MAX_BACKUPS]:
        _forget(old)
    return Receipt(folder, tuple(c.path for c in proposal.files), now)


def _manifest(folder: Path) -> Sequence[dict[str, object]]:
    try:
        rows = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
        return [{k: str(row[k]) for k in ("path", "backup", "before", "after")} for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            message("assistant.actions.undo.nothing", folder=str(folder)),
            message("assistant.actions.undo.nothing.why"),
        ) from None


def _forget(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: str, data: bytes) -> None:
    """Atomically, with mode and owner; in place where the file has other names, which would be cut
    off otherwise."""
    status = os.stat(path)
    if status.st_nlink > 1:
        with open(path, "r+b") as file:
            file.write(data)
            file.truncate()
        return
    atomic_write(path, data, like=status)
