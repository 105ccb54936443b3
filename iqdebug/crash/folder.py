"""The folder of crash files: what is in it, grouped by fingerprint, and how long it is kept."""

from __future__ import annotations

import contextlib
import os
import re
import struct
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from iqdebug.capture.container import write
from iqdebug.core.errors import CrashFileError, UsageError
from iqdebug.core.store import state_folder
from iqdebug.crash import untrusted_rows
from iqdebug.crash.container import HEADER, MAGIC, MARK, chunks_of
from iqdebug.crash.crash import Crash
from iqdebug.crash.model import Meta
from iqdebug.crash.rows import exception_of, frame_of, meta_of, threads_of
from iqdebug.crash.to_snapshot import place_of
from iqdebug.system.source_files import open_regular

__all__ = ["Group", "Limits", "Recorded", "crash_folder", "find", "groups_of", "listed", "prune", "put"]

ENDING = ".iqcrash"
MAX_FILES = 10_000
_MAX_META_BYTES = 1 << 20
_MAX_FRAME_BYTES = 4 << 20
_TAIL_BYTES = 1 << 16
_MAX_FIRST_CHUNKS = 30
_PLAIN_NAME = re.compile(r"\w[\w.-]{0,200}\.iqcrash", re.ASCII)
_PARTIAL_SUFFIX = ".part"  # what a writer that was killed leaves
_MIN_PREFIX_LENGTH = 3
_MAX_TIMESTAMP = 253_402_300_799.0


@dataclass(frozen=True, slots=True)
class Limits:
    """``days``: age by the file's own time; ``size``: bytes of all files together; ``each``: files
    of one fingerprint."""

    each: int = 20
    size: int = 500 << 20
    days: float = 30.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """One file, as far as its first and last chunks tell. ``seen`` is when it was recorded,
    ``changed`` the file's own time, both seconds since the Unix epoch; ``left_out`` counts what
    its writer had no room for; ``whole`` is False for a file that was cut short; ``times`` counts how often
    what it tells of happened."""

    path: Path
    size: int
    changed: float
    meta: Meta
    left_out: int = 0
    whole: bool = True
    times: int = 1

    @property
    def seen(self) -> float:
        created = self.meta.created
        return created if 0 < created <= _MAX_TIMESTAMP else self.changed

    @property
    def fingerprint(self) -> str:
        """Of a file without one: its own name, so that it is a group by itself."""
        return self.meta.fingerprint or self.path.name


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
        raise UsageError(f"{path} cannot be written", error.strerror or str(error)) from None
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
        raise CrashFileError(f"{folder} cannot be read", error.strerror or str(error)) from None
    files = (_recorded(folder / name) for name in names)
    return tuple(sorted((f for f in files if f is not None), key=lambda f: (-f.seen, str(f.path))))


def groups_of(files: Iterable[Recorded], *, places: bool = True) -> tuple[Group, ...]:
    """By fingerprint, the one seen last first. ``places`` reads the newest file of each for it."""
    by_print: dict[str, list[Recorded]] = {}
    for file in files:
        by_print.setdefault(file.fingerprint, []).append(file)
    return tuple(
        Group(name, tuple(same), _place(same[0]) if places else None) for name, same in by_print.items()
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
            f"No crash is recorded in {folder}", fix="`iqdebug crashes` says how to record one"
        )
    prefix = wanted.lower()
    fitting = [g for g in groups if g.fingerprint.startswith(prefix) and len(prefix) >= _MIN_PREFIX_LENGTH]
    if len(fitting) > 1:
        names = ", ".join(g.fingerprint for g in fitting[:4])
        raise UsageError(f"{wanted!r} fits {len(fitting)} fingerprints", names, "Type more of it")
    if not fitting:
        raise CrashFileError(
            f"There is no file {wanted!r}, and no fingerprint in {folder} begins so",
            fix="`iqdebug crashes` lists what is recorded",
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
        if _first_bytes(path, len(MAGIC)) != MAGIC:
            return False
        os.unlink(path)
    except OSError:
        return False
    return True


def _first_bytes(path: Path, count: int) -> bytes:
    with open_regular(path, follow=False) as file:
        return file.read(count)


def _recorded(path: Path) -> Recorded | None:
    """From the first chunk and the last one; None for what is no crash file of this format."""
    try:
        with open_regular(path, follow=False) as file:
            status = os.fstat(file.fileno())
            data = file.read(_HEAD_BYTES)
            if data[: len(MAGIC)] != MAGIC or data[len(MAGIC) : len(MAGIC) + 2] != b"\x01\x00":
                return None
            needed = _first_length(data)
            if len(data) < needed <= _MAX_META_BYTES:
                data += file.read(needed - len(data))
            file.seek(max(status.st_size - _TAIL_BYTES, HEADER))
            ending = file.read(_TAIL_BYTES)
    except OSError:
        return None
    first = next(chunks_of(data, []), None)
    row = untrusted_rows.decoded(first.data) if first is not None and first.tag == "META" else None
    end = _last(ending, "ENDE")
    return Recorded(
        path=path,
        size=status.st_size,
        changed=status.st_mtime,
        meta=meta_of(row or {}),
        left_out=len(untrusted_rows.texts(end, "left_out")) if end is not None else 0,
        whole=end is not None and row is not None,
        times=max(untrusted_rows.number(_last(ending, "AGAN") or {}, "times", 1), 1),
    )


_HEAD_BYTES = 1 << 14


def _first_length(data: bytes) -> int:
    """Bytes up to the end of the first chunk."""
    if len(data) < HEADER + 20:
        return len(data)
    return HEADER + 20 + int(struct.unpack_from("<I", data, HEADER + 8)[0])


def _last(ending: bytes, tag: str) -> untrusted_rows.Row | None:
    """The chunk of that tag, sought from the end of the file."""
    name = tag.encode("ascii")
    at = ending.rfind(MARK + name)
    if at < 0 or len(ending) - at < 20:
        return None
    length, _, checksum = struct.unpack_from("<III", ending, at + 8)
    stored = ending[at + 20 : at + 20 + length]
    if len(stored) != length or zlib.crc32(name + stored) != checksum:
        return None
    try:
        return untrusted_rows.decoded(zlib.decompressobj().decompress(stored, _MAX_META_BYTES))
    except zlib.error:
        return None


def _place(file: Recorded) -> tuple[str, int, str] | None:
    """The innermost frame of the person's own code; read from the first frames where the
    first chunk does not say."""
    if file.meta.place is not None:
        return file.meta.place
    try:
        data = _first_bytes(file.path, _MAX_FRAME_BYTES)
    except OSError:
        return None
    crash = Crash(file.path, meta=file.meta)
    for chunk in islice(chunks_of(data, []), _MAX_FIRST_CHUNKS):
        row = untrusted_rows.decoded(chunk.data) if chunk.tag in ("EXCN", "THRD", "FRAM") else None
        if row is None:
            continue
        if chunk.tag == "EXCN":
            nodes = (exception_of(node) for node in untrusted_rows.rows(row, "nodes"))
            exceptions = {node.id: node for node in nodes if node is not None}
            crash = replace(crash, root=untrusted_rows.whole(row.get("root")), exceptions=exceptions)
        elif chunk.tag == "THRD":
            crash = replace(crash, threads=threads_of(row))
        else:
            frames = (frame_of(frame) for frame in untrusted_rows.rows(row, "frames"))
            crash = replace(crash, frames={f.id: f for f in frames if f is not None})
        if crash.frames and (crash.exceptions or crash.threads):
            break
    return place_of(crash)
