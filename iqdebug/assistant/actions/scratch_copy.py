"""A copy of a project to try things in, so that the person's own files stay as they are."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iqdebug.assistant.actions.fix import Change, Proposal
from iqdebug.core.errors import UsageError
from iqdebug.core.messages import Message, Value, message

__all__ = ["Scratch", "scratch_copy"]

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache", ".ruff_cache"}
    | {".pytest_cache", ".hypothesis", ".eggs", ".idea", ".vscode", ".ipynb_checkpoints"}
)
MAX_FILE_BYTES = 16 << 20  # bytes of one file
MAX_TOTAL_BYTES = 512 << 20
MAX_FILES = 30_000
MAX_NAMES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Scratch:
    """``folder`` stands for ``root``; ``left_out`` says what the copy lacks."""

    root: str
    folder: str
    files: int
    size: int
    left_out: tuple[Message, ...] = ()

    def path(self, path: str) -> str:
        """Where a path of the project is in the copy; any other path as it is."""
        if not os.path.isabs(path):
            return path
        for each in (os.path.normpath(path), os.path.realpath(path)):
            if each == self.root:
                return self.folder
            if each.startswith(self.root + os.sep):
                return self.folder + each[len(self.root) :]
        return path

    def original(self, text: str) -> str:
        """A text of a run in the copy with the project's own paths."""
        return text.replace(self.folder, self.root)

    def write(self, proposal: Proposal) -> None:
        """The files as they would be with the fix. They replace the copied ones."""
        for change in proposal.files:
            self._put(change, change.after)

    def restore(self, proposal: Proposal) -> None:
        """The files as they were before :meth:`write`."""
        for change in proposal.files:
            self._put(change, change.before)

    def _put(self, change: Change, data: bytes) -> None:
        path = self.path(change.path)
        if path == change.path:
            raise UsageError(
                message("assistant.actions.copy.not_in_it", name=change.name, root=self.root),
                message("assistant.actions.copy.not_in_it.why"),
            )
        self._clear_caches()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        Path(path).write_bytes(data)

    def _clear_caches(self) -> None:
        """Python takes compiled code for current by second and size alone: a quick edit of equal size
        would run the old one."""
        for cache in Path(self.folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)


@contextlib.contextmanager
def scratch_copy(root: str, needed: Sequence[str] = (), where: Path | None = None) -> Iterator[Scratch]:
    """A private copy of the working tree, as it is with its uncommitted changes, deleted at the end.

    Version control, virtual environments, caches, devices and files of more than 16 MiB are left out,
    except those in ``needed``; links within the tree lead to the copies, others to where they led.

    :raises UsageError: there is no such folder, or it is too much to copy.
    """
    top = os.path.realpath(root)
    if not root or not os.path.isdir(top):
        raise UsageError(
            message("assistant.actions.copy.no_folder"),
            message("assistant.actions.copy.no_folder.why", folder=root)
            if root
            else message("assistant.actions.copy.no_folder.why_none"),
        )
    if os.path.dirname(top) == top or top == os.path.realpath(os.path.expanduser("~")):
        raise UsageError(
            message("assistant.actions.copy.too_much", folder=top),
            message("assistant.actions.copy.too_much.why"),
        )
    folder = tempfile.mkdtemp(prefix="iqdebug-try-", dir=where)
    inner = os.path.join(os.path.realpath(folder), os.path.basename(top))
    try:
        yield _copied(top, inner, frozenset(os.path.realpath(p) for p in needed))
    finally:
        _make_deletable(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _copied(top: str, folder: str, needed: frozenset[str]) -> Scratch:
    large: list[str] = []
    unread: list[str] = []
    files = size = 0
    for at, names, plain in _walked(top):
        into = folder + at[len(top) :]
        os.makedirs(into, exist_ok=True)
        linked = [n for n in names if os.path.islink(os.path.join(at, n))]
        for name in (*linked, *plain):
            source, target = os.path.join(at, name), os.path.join(into, name)
            try:
                status = os.lstat(source)
                if stat.S_ISLNK(status.st_mode):
                    _link(source, target, top, folder)
                    continue
                if not stat.S_ISREG(status.st_mode):
                    continue
                if status.st_size > MAX_FILE_BYTES and source not in needed:
                    large.append(f"{os.path.relpath(source, top)} ({status.st_size >> 20} MiB)")
                    continue
                shutil.copyfile(source, target)
                shutil.copystat(source, target)
                os.chmod(target, stat.S_IMODE(status.st_mode) | stat.S_IWUSR)
            except OSError:
                unread.append(os.path.relpath(source, top))
                continue
            files, size = files + 1, size + status.st_size
            if files > MAX_FILES or size > MAX_TOTAL_BYTES:
                raise UsageError(
                    message("assistant.actions.copy.too_large", folder=top),
                    message(
                        "assistant.actions.copy.too_large.why",
                        files=f"{MAX_FILES:,}",
                        size=MAX_TOTAL_BYTES >> 20,
                    ),
                )
    left_out: list[Message] = []
    if large:
        left_out.append(message("assistant.actions.copy.large_files", names=_first(large)))
    if unread:
        left_out.append(message("assistant.actions.copy.unread_files", names=_first(unread)))
    return Scratch(top, folder, files, size, tuple(left_out))


def _walked(top: str) -> Iterator[tuple[str, list[str], list[str]]]:
    for at, names, plain in os.walk(top):
        kept = (name for name in names if name not in SKIPPED_FOLDERS)
        names[:] = sorted(name for name in kept if not os.path.exists(os.path.join(at, name, "pyvenv.cfg")))
        yield at, names, sorted(plain)


def _link(source: str, target: str, top: str, folder: str) -> None:
    """A link within the tree leads to the copy; one that leads elsewhere still does."""
    to = os.readlink(source)
    full = os.path.normpath(os.path.join(os.path.dirname(source), to))
    if full == top or full.startswith(top + os.sep):
        full = folder + full[len(top) :]
    os.symlink(full, target)


def _first(names: list[str]) -> Value:
    if len(names) <= MAX_NAMES_SHOWN:
        return tuple(names)
    shown, more = names[:MAX_NAMES_SHOWN], len(names) - MAX_NAMES_SHOWN
    return message("assistant.actions.copy.and_more", names=shown, more=more)


def _make_deletable(folder: str) -> None:
    for at, names, _ in os.walk(folder):
        for name in (".", *names):
            path = os.path.join(at, name)
            if not os.path.islink(path):
                with contextlib.suppress(OSError):
                    os.chmod(path, 0o700)
