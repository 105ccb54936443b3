"""Reads the header of a GGUF file: metadata and the list of tensors, never the weights.

Nothing in the file is trusted: every count and length is checked against what is there before
anything is read or reserved.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Message, Text, message
from iqdebug.system.source_files import open_regular

__all__ = ["TYPES", "Array", "Header", "Tensor", "Value", "parse_header", "read_header", "row_bytes"]

TYPES: Mapping[int, tuple[str, int, int]] = {
    0: ("f32", 1, 4),
    1: ("f16", 1, 2),
    2: ("q4_0", 32, 18),
    3: ("q4_1", 32, 20),
    6: ("q5_0", 32, 22),
    7: ("q5_1", 32, 24),
    8: ("q8_0", 32, 34),
    9: ("q8_1", 32, 36),
    10: ("q2_K", 256, 84),
    11: ("q3_K", 256, 110),
    12: ("q4_K", 256, 144),
    13: ("q5_K", 256, 176),
    14: ("q6_K", 256, 210),
    15: ("q8_K", 256, 292),
    16: ("iq2_xxs", 256, 66),
    17: ("iq2_xs", 256, 74),
    18: ("iq3_xxs", 256, 98),
    19: ("iq1_s", 256, 50),
    20: ("iq4_nl", 32, 18),
    21: ("iq3_s", 256, 110),
    22: ("iq2_s", 256, 82),
    23: ("iq4_xs", 256, 136),
    24: ("i8", 1, 1),
    25: ("i16", 1, 2),
    26: ("i32", 1, 4),
    27: ("i64", 1, 8),
    28: ("f64", 1, 8),
    29: ("iq1_m", 256, 56),
    30: ("bf16", 1, 2),
    34: ("tq1_0", 256, 54),
    35: ("tq2_0", 256, 66),
    39: ("mxfp4", 32, 17),
    40: ("nvfp4", 64, 36),
    41: ("q1_0", 128, 18),
    42: ("q2_0", 64, 18),
}
"""ggml's types: name, elements of a block, bytes of a block."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_KEYS = 65_536
_MAX_TENSORS = 1_000_000
_MAX_STRINGS = 4_000_000  # of all arrays together
_MAX_STRING_BYTES = 16 << 20
_MAX_ELEMENTS = 1 << 50  # of a tensor
_MAX_BYTES = 1 << 58  # of all tensors together
_KEPT_ELEMENTS = 64  # elements of an array of numbers that are kept


@dataclass(frozen=True, slots=True)
class Array:
    """An array of the metadata. ``first`` holds its first elements, numbers only."""

    count: int
    first: tuple[float, ...] = ()


Value: TypeAlias = str | int | float | bool | Array


@dataclass(frozen=True, slots=True)
class Tensor:
    """:param shape: as ggml writes it, the row's length first.
    :param offset: from the start of the tensor data.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    bytes: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """:param data_start: where the tensors' data begins, in bytes from the start of the file.
    :param file_bytes: the size of the file as it is.
    """

    version: int
    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    data_start: int
    file_bytes: int

    def text(self, key: str, default: str = "") -> str:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: int = 0) -> int:
        """A whole number; of an array (a value a layer) the greatest."""
        value = self.metadata.get(key)
        if isinstance(value, Array) and value.first:
            value = max(value.first)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return default
        return int(value)

    @property
    def missing_bytes(self) -> int:
        """What the tensors need beyond the end of the file; 0 when it is whole."""
        end = max((t.offset + t.bytes for t in self.tensors), default=0)
        return max(0, self.data_start + end - self.file_bytes) if self.tensors else 0


_Part: TypeAlias = tuple[str, str | int]
"""Of the header: its kind, and its name or number; what is said of it when it is wrong."""
_WITHIN = {
    "version": message("llm.gguf.within.version"),
    "tensor count": message("llm.gguf.within.tensor_count"),
    "key count": message("llm.gguf.within.key_count"),
    "key name": message("llm.gguf.within.key_name", name=""),
    "key": message("llm.gguf.within.key", name=""),
    "tensor name": message("llm.gguf.within.tensor_name", name=""),
    "tensor": message("llm.gguf.within.tensor", name=""),
}
_SUBJECTS = {
    "key name": message("llm.gguf.part.key_name", name=""),
    "key": message("llm.gguf.part.key", name=""),
    "tensor name": message("llm.gguf.part.tensor_name", name=""),
    "tensor": message("llm.gguf.part.tensor", name=""),
}
"""As a sentence about it begins."""


class _Reader:
    def __init__(self, data: bytes | mmap.mmap) -> None:
        self.data = data
        self.at = 0
        self.strings = 0

    def take(self, count: int, what: _Part) -> int:
        """Step over that many bytes; where they began."""
        start = self.at
        if count > len(self.data) - start:
            part = _WITHIN[what[0]].with_values(name=what[1])
            raise _bad(message("llm.gguf.ends_within", part=part), message("llm.gguf.ends_within.fix"))
        self.at = start + count
        return start

    def scalar(self, code: str, what: _Part) -> int | float | bool:
        start = self.take(struct.calcsize("<" + code), what)
        value: int | float | bool = struct.unpack_from("<" + code, self.data, start)[0]
        return value

    def whole(self, code: str, what: _Part) -> int:
        return int(self.scalar(code, what))

    def string(self, what: _Part) -> str:
        length = self.whole("Q", what)
        if length > _MAX_STRING_BYTES:
            raise _bad(message("llm.gguf.length", part=_subject(what), count=f"{length:,}"))
        start = self.take(length, what)
        return self.data[start : start + length].decode("utf-8", "replace")

    def value(self, kind: int, what: _Part) -> Value:
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind], what)
        if kind == _STRING:
            return self.string(what)
        if kind != _ARRAY:
            raise _bad(message("llm.gguf.unknown_type", part=_subject(what), type=kind))
        element = self.whole("I", what)
        count = self.whole("Q", what)
        if element == _STRING:
            return self._strings(count, what)
        if element not in _SCALARS:
            raise _bad(message("llm.gguf.array_type", part=_subject(what), type=element))
        code = _SCALARS[element]
        start = self.take(count * struct.calcsize("<" + code), what)
        return Array(count, struct.unpack_from(f"<{min(count, _KEPT_ELEMENTS)}{code}", self.data, start))

    def _strings(self, count: int, what: _Part) -> Array:
        self.strings += count
        if count > (len(self.data) - self.at) // 8 or self.strings > _MAX_STRINGS:
            raise _bad(message("llm.gguf.strings", part=_subject(what), count=f"{count:,}"))
        length = struct.Struct("<Q")
        for _ in range(count):
            start = self.take(8, what)
            self.take(length.unpack_from(self.data, start)[0], what)
        return Array(count)


def _subject(what: _Part) -> Message:
    return _SUBJECTS[what[0]].with_values(name=what[1])


def _bad(why: Text, fix: Text = "") -> ModelError:
    return ModelError(message("llm.gguf.unusable"), why, fix)


def row_bytes(kind: str, elements: int) -> int:
    """The bytes of a row of that many elements of the ggml type, rounded up to whole blocks."""
    for name, block, size in TYPES.values():
        if name == kind:
            return -(-elements // block) * size
    raise ValueError(kind)


def read_header(path: Path) -> Header:
    """:raises ModelError: it cannot be read, or is no GGUF file of version 2 or 3."""
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise _bad(message("llm.gguf.empty"), message("llm.gguf.empty.fix"))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return parse_header(data)
    except FileNotFoundError:
        raise ModelError(
            message("llm.gguf.no_file", path=str(path)), fix=message("llm.gguf.no_file.fix")
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(message("llm.gguf.unreadable", path=str(path)), str(error)) from None
    except ModelError as error:
        _, why, fix = error.texts
        raise ModelError(message("llm.gguf.file_unusable", file=path.name), why, fix) from None


def parse_header(data: bytes | mmap.mmap) -> Header:
    """:raises ModelError: for whatever is not a whole GGUF header. Time and memory are bounded by the
    size of the data."""
    reader = _Reader(data)
    magic = bytes(data[:4])
    if magic == b"FUGG":
        raise _bad(message("llm.gguf.big_endian"), message("llm.gguf.big_endian.fix"))
    if magic != b"GGUF":
        raise _bad(message("llm.gguf.other_beginning"), message("llm.gguf.other_beginning.fix"))
    reader.at = 4
    version = reader.whole("I", ("version", ""))
    if version not in (2, 3):
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
        if swapped in (2, 3):
            raise _bad(message("llm.gguf.big_endian"), message("llm.gguf.big_endian.fix"))
        raise _bad(message("llm.gguf.version", version=version), message("llm.gguf.version.fix"))
    tensor_count = reader.whole("Q", ("tensor count", ""))
    key_count = reader.whole("Q", ("key count", ""))
    if key_count > _MAX_KEYS:
        raise _bad(message("llm.gguf.keys", count=f"{key_count:,}"))
    if tensor_count > _MAX_TENSORS:
        raise _bad(message("llm.gguf.tensors", count=f"{tensor_count:,}"))
    metadata: dict[str, Value] = {}
    for number in range(key_count):
        key = reader.string(("key name", number + 1))
        what = ("key", key[:80])
        metadata[key] = reader.value(reader.whole("I", what), what)
    tensors = tuple(_tensor(reader, number + 1) for number in range(tensor_count))
    if sum(tensor.bytes for tensor in tensors) > _MAX_BYTES:
        raise _bad(message("llm.gguf.tensor_bytes"))
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or isinstance(alignment, bool) or not 1 <= alignment <= 1 << 20:
        raise _bad(message("llm.gguf.alignment", alignment=str(alignment)))
    start = -(-reader.at // alignment) * alignment
    return Header(version, metadata, tensors, start, len(data))


def _tensor(reader: _Reader, number: int) -> Tensor:
    name = reader.string(("tensor name", number))
    what = ("tensor", name[:80])
    dimensions = reader.whole("I", what)
    if dimensions > 4:
        raise _bad(message("llm.gguf.dimensions", part=_subject(what), count=dimensions))
    shape = tuple(reader.whole("Q", what) for _ in range(dimensions))
    if math.prod(shape) >= _MAX_ELEMENTS:
        raise _bad(message("llm.gguf.elements", part=_subject(what)))
    kind = reader.whole("I", what)
    offset = reader.whole("Q", what)
    if offset > _MAX_BYTES:
        raise _bad(message("llm.gguf.offset", part=_subject(what), count=f"{offset:,}"))
    if kind not in TYPES:
        raise _bad(
            message("llm.gguf.unknown_type", part=_subject(what), type=kind),
            message("llm.gguf.unknown_type.fix"),
        )
    label, block, size = TYPES[kind]
    if shape and shape[0] % block:
        raise _bad(message("llm.gguf.rows", part=_subject(what), count=f"{shape[0]:,}", block=block))
    return Tensor(name, shape, label, offset, math.prod(shape) // block * size)
