"""Reads a crash file into a :class:`~iqdebug.crash.crash.Crash`, with sentences about damaged parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from iqdebug.core.errors import CrashFileError
from iqdebug.core.messages import Message, message
from iqdebug.crash import untrusted_rows
from iqdebug.crash.container import Chunk, read_chunks
from iqdebug.crash.crash import Crash
from iqdebug.crash.model import RecordedException, RecordedFrame, SourceText, Value
from iqdebug.crash.rows import (
    exception_of,
    flags_of,
    frame_of,
    git_of,
    meta_of,
    pairs_of_texts,
    record_of,
    source_of,
    task_of,
    test_of,
    texts_by_name,
    threads_of,
    value_of,
)
from iqdebug.crash.untrusted_rows import Row, number, rows, text, texts, whole

__all__ = ["open_crash"]

_MAX_MISSING_SENTENCES = 60


def open_crash(path: Path | str) -> Crash:
    """Read a crash file. Nothing of it is executed, imported or evaluated.

    :raises CrashFileError: it is not there, no crash file, of a newer format, or nothing of it is
        whole.
    """
    path = Path(path)
    collector = _ChunkCollector()
    for chunk in read_chunks(path, collector.missing):
        collector.take(chunk)
    if not collector.known:
        damages = collector.missing[:3]
        raise CrashFileError(
            message("crash.file.nothing", path=str(path)),
            message("crash.file.nothing.why", damages=damages) if damages else message("crash.file.no_chunk"),
        )
    return collector.crash(path)


class Values(Mapping[int, Value]):
    """Values that are decoded on access. Raises only KeyError."""

    def __init__(self, raw: dict[int, object]) -> None:
        self._raw = raw
        self._decoded: dict[int, Value] = {}

    def __getitem__(self, key: int) -> Value:
        value = self._decoded.get(key)
        if value is None:
            value = self._decoded[key] = value_of(_row(self._raw[key]))
        return value

    def __iter__(self) -> Iterator[int]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def _row(raw: object) -> Row:
    if isinstance(raw, msgspec.Raw):
        return untrusted_rows.decoded(bytes(raw)) or {}
    return raw if type(raw) is dict else {}


@dataclass(slots=True)
class _ChunkCollector:
    """Collects the chunks. Of a kind that may occur once, the first is used."""

    known: int = 0
    chunks: int = 0
    missing: list[Message] = field(default_factory=list)
    once: dict[str, Row] = field(default_factory=dict)
    frames: dict[int, RecordedFrame] = field(default_factory=dict)
    values: dict[int, object] = field(default_factory=dict)
    sources: dict[str, SourceText] = field(default_factory=dict)

    def take(self, chunk: Chunk) -> None:
        if chunk.tag == "AGAN":
            return  # after the end mark; only the list of crashes reads it
        self.chunks += 1
        if chunk.tag == "VALU":
            self._take_values(chunk)
            return
        several: dict[str, Callable[[Row], None]] = {"FRAM": self._take_frames, "SRCE": self._take_source}
        if chunk.tag not in several and chunk.tag not in _SINGLE_CHUNKS:
            return  # of a later minor version
        row = untrusted_rows.decoded(chunk.data)
        if row is None:
            self.missing.append(message("crash.damage.content", tag=chunk.tag))
        elif chunk.tag in several:
            self.known += 1
            several[chunk.tag](row)
        elif chunk.tag in self.once:
            self.missing.append(message("crash.damage.second", tag=chunk.tag))
        else:
            self.known += 1
            self.once[chunk.tag] = row

    def _take_values(self, chunk: Chunk) -> None:
        values = untrusted_rows.lazily_decoded(chunk.data)
        if values is None:
            self.missing.append(message("crash.damage.content", tag=chunk.tag))
            return
        self.known += 1
        for key, raw in values.items():
            if key.isascii() and key.isdecimal() and len(key) < 18:
                self.values.setdefault(int(key), raw)

    def _take_frames(self, chunk: Row) -> None:
        for row in rows(chunk, "frames"):
            frame = frame_of(row)
            if frame is not None:
                self.frames.setdefault(frame.id, frame)

    def _take_source(self, row: Row) -> None:
        source = source_of(row)
        self.sources.setdefault(source.file, source)

    def crash(self, path: Path) -> Crash:
        def once(tag: str) -> Row:
            return self.once.get(tag, {})

        excn, thrd, logs, native = once("EXCN"), once("THRD"), once("LOGS"), once("NATV")
        self._say_what_is_missing()
        exceptions: dict[int, RecordedException] = {}
        for row in rows(excn, "nodes"):
            node = exception_of(row)
            if node is not None:
                exceptions.setdefault(node.id, node)
        root = whole(excn.get("root"))
        if exceptions and root not in exceptions:
            self.missing.append(message("crash.damage.no_root"))
            root = next(iter(exceptions))
        meta = meta_of(once("META"))
        return Crash(
            path=path,
            meta=meta,
            root=root,
            exceptions=exceptions,
            frames=self.frames,
            values=Values(self.values),
            threads=threads_of(thrd),
            tasks=tuple(task_of(row) for row in rows(thrd, "tasks")),
            sources=self.sources,
            logs=tuple(record_of(row) for row in rows(logs, "records")),
            logs_dropped=number(logs, "dropped"),
            environ=texts_by_name(once("ENVI"), "environ"),
            sys_path=texts(once("ENVI"), "sys_path"),
            flags=flags_of(once("ENVI")),
            distributions=pairs_of_texts(once("DIST"), "distributions"),
            git=git_of(once("GITR")) if "GITR" in self.once else None,
            signal=text(native, "signal"),
            native=text(native, "text"),
            test=test_of(once("TEST")) if "TEST" in self.once else None,
            left_out=texts(once("ENDE"), "left_out"),
            missing_messages=_at_most(self.missing),
        )

    def _say_what_is_missing(self) -> None:
        if "META" not in self.once:
            self.missing.append(message("crash.damage.no_description"))
        end = self.once.get("ENDE")
        if end is None:
            if not any(damage.id == "crash.damage.cut_short" for damage in self.missing):
                self.missing.append(message("crash.damage.no_end"))
            return
        lost = number(end, "chunks") - (self.chunks - 1)
        if lost > 0:
            count = number(end, "chunks")
            self.missing.append(message("crash.damage.lost", lost=f"{lost:,}", count=f"{count:,}"))


_SINGLE_CHUNKS = frozenset({"META", "EXCN", "THRD", "LOGS", "ENVI", "DIST", "GITR", "NATV", "TEST", "ENDE"})


def _at_most(damages: list[Message]) -> tuple[Message, ...]:
    """Each damage once, with how often it occurred; a limited number of them."""
    sentences = [
        damage if times == 1 else message("crash.damage.times", damage=damage, times=times)
        for damage, times in Counter(damages).items()
    ]
    left = len(sentences) - _MAX_MISSING_SENTENCES
    if left > 0:
        sentences[_MAX_MISSING_SENTENCES:] = [message("crash.damage.more", count=left)]
    return tuple(sentences)
