"""The folder of crash files: what is in it, grouped by fingerprint, and how long it is kept."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iqdebug.capture.container import write
from iqdebug.core.errors import CrashFileError, UsageError
from iqdebug.core.messages import message
from iqdebug.core.store import state_folder
from iqdebug.crash.container import MAGIC
from iqdebug.crash.recorded_file import Recorded, first_bytes, place_of_recorded, read_recorded

__all__ = ["Group", "Limits", "crash_folder", "find", "groups_of", "listed", "prune", "put"]

ENDING = ".iqcrash"
MAX_FILES = 10_000
_PLAIN_NAME = re.compile(r"\w[\w.-]{0,200}\.iqcrash", re.ASCII)
_PARTIAL_SUFFIX = ".part"  # what a writer that was killed leaves
_MIN_PREFIX_LENGTH = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """``days``: age by the file's own time; ``size``: bytes of all files together; ``each``: files
    of one fingerprint."""

    each: int = 20
    size: int = 500 << 20
    days: float = 30.0


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one fingerprint, newest first, and the place that the newest one names."""

    fingerprint: str
    files: tuple[Recorded, ...]
    place: tuple[str, int, str] | None = None

    @property
    def newest(self) -> Recorded:
        return self.files[0]

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)

    @property
    def times(self) -> int:
        """How often it happened, as far as that was counted."""
        return sum(f.times for f in self.files)


def crash_folder() -> Path:
    """``$IQDEBUG_CAPTURE``, else ``crashes`` in iqdebug's state folder: where captures write."""
    named = os.environ.get("IQDEBUG_CAPTURE")
    return Path(named) if named else state_folder() / "crashes"


def put(name: str, data: bytes) -> Path:
    """Write a crash file into the folder that captures write to.

    :param name: as the process named it; one that is no plain name gets another.
    :raises UsageError: it cannot be written.
    """
    plain = name if _PLAIN_NAME.fullmatch(name) else f"stop-{time.time_ns()}{ENDING}"
    path = crash_folder() / plain
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write(str(path), data)
    except OSError as error:
        what = message("crash.folder.cannot_be_written", path=str(path))
        raise UsageError(what, error.strerror or str(error)) from None
    return path


def listed(folder: Path) -> tuple[Recorded, ...]:
    """The crash files of a folder, newest first. What cannot be read is not listed; no symbolic
    link is followed.

    :raises CrashFileError: the folder exists and may not be read.
    """
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.endswith(ENDING)][:MAX_FILES]
    except FileNotFoundError:
        return ()
    except OSError as error:
        what = message("crash.folder.cannot_be_read", folder=str(folder))
        raise CrashFileError(what, error.strerror or str(error)) from None
    files = (read_recorded(folder / name) for name in names)
    return tuple(sorted((f for f in files if f is not None), key=lambda f: (-f.seen, str(f.path))))


def groups_of(files: Iterable[Recorded], *, places: bool = True) -> tuple[Group, ...]:
    """By fingerprint, the one seen last first. ``places`` reads the newest file of each for it."""
    by_print: dict[str, list[Recorded]] = {}
    for file in files:
        by_print.setdefault(file.fingerprint, []).append(file)
    return tuple(
        Group(name, tuple(same), place_of_recorded(same[0]) if places else None)
        for name, same in by_print.items()
    )


def find(wanted: str, folder: Path) -> Path:
    """The file that a person means: a path, ``latest``, or the beginning of a fingerprint.

    :raises CrashFileError: there is none such.
    :raises UsageError: the beginning fits several fingerprints.
    """
    path = Path(wanted)
    if os.path.lexists(wanted) or os.sep in wanted or wanted.endswith(ENDING):
        return path
    groups = groups_of(listed(folder), places=False)
    if wanted == "latest" and groups:
        return groups[0].newest.path
    if wanted == "latest":
        raise CrashFileError(
            message("crash.folder.empty", folder=str(folder)), fix=message("crash.folder.empty.fix")
        )
    prefix = wanted.lower()
    fitting = [g for g in groups if g.fingerprint.startswith(prefix) and len(prefix) >= _MIN_PREFIX_LENGTH]
    if len(fitting) > 1:
        names = ", ".join(g.fingerprint for g in fitting[:4])
        what = message("crash.folder.several", wanted=repr(wanted), count=len(fitting))
        raise UsageError(what, names, message("crash.folder.several.fix"))
    if not fitting:
        raise CrashFileError(
            message("crash.folder.none", wanted=repr(wanted), folder=str(folder)),
            fix=message("crash.folder.none.fix"),
        )
    return fitting[0].newest.path


def prune(folder: Path, limits: Limits | None = None, keep: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Delete what is older or more than the limits allow, oldest first; returns what was deleted.

    Only regular files of our own (by name and first bytes) directly in the folder are deleted;
    ``keep`` never. Never raises for a file that cannot be deleted.

    :raises CrashFileError: the folder exists and may not be read.
    """
    limits = limits or Limits()
    kept = {os.path.realpath(path) for path in keep}
    oldest = time.time() - limits.days * 86_400
    files = sorted(listed(folder), key=lambda f: -f.changed)
    deleted: list[Path] = []
    size = 0
    of_print: dict[str, int] = {}
    for file in files:
        size += file.size
        of_print[file.fingerprint] = count = of_print.get(file.fingerprint, 0) + 1
        too_many = file.changed < oldest or size > limits.size or count > limits.each
        if too_many and os.path.realpath(file.path) not in kept and _delete(file.path):
            deleted.append(file.path)
            size -= file.size
            of_print[file.fingerprint] -= 1
    return (*deleted, *_without_parts(folder))


def _without_parts(folder: Path) -> Iterator[Path]:
    """Deletes files whose writer was killed more than a day ago."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if ENDING + "." not in entry.name or not entry.name.endswith(_PARTIAL_SUFFIX):
                continue
            old = time.time() - entry.stat(follow_symlinks=False).st_mtime > 86_400
            if old and _delete(folder / entry.name):
                yield folder / entry.name


def _delete(path: Path) -> bool:
    """Whether the file was one of ours and is gone. A name that leads elsewhere stays."""
    try:
        if first_bytes(path, len(MAGIC)) != MAGIC:
            return False
        os.unlink(path)
    except OSError:
        return False
    return True
