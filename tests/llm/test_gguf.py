"""GGUF headers: what is read, and that nothing in a file is trusted."""

from __future__ import annotations

import contextlib
import struct
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import gguf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iqdebug.core.errors import ModelError
from iqdebug.llm.gguf.header import TYPES, Header, parse_header, read_header
from tests.support.tiny_model import write_tiny


@lru_cache
def tiny_bytes() -> bytes:
    with TemporaryDirectory() as folder:
        return write_tiny(Path(folder, "t.gguf")).read_bytes()


def test_a_real_header(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "t.gguf", layers=3, ftype="q8_0")
    header = read_header(path)
    assert header.number("llama.block_count") == 3
    assert len(header.tensors) == 3 * 9 + 3
    assert header.missing_bytes == 0
    assert {t.type for t in header.tensors} == {"q8_0", "f32"}


def test_type_sizes_are_those_of_the_gguf_package() -> None:
    """Every type that the package knows, with its block and bytes. For q8_1, which is never stored in a
    file, the package states an older layout: ggml has two halves where it has two floats."""
    theirs = {
        kind.value: (kind.name.lower(), *gguf.GGML_QUANT_SIZES[kind]) for kind in gguf.GGMLQuantizationType
    }
    ours = {number: (name.lower(), block, size) for number, (name, block, size) in TYPES.items()}
    assert theirs.pop(9) == ("q8_1", 32, 40) and ours.pop(9) == ("q8_1", 32, 36)
    assert len(theirs) > 30 and {number: ours[number] for number in theirs if number in ours} == theirs


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not begin with GGUF"),
        (b"<html>not found</html>", "does not begin with GGUF"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(16), "big-endian"),
        (b"GGUF" + struct.pack("<I", 1) + bytes(16), "version is 1"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0), "tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "keys"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 62), "bytes long"),
        (b"GGUF" + struct.pack("<IQQQcIIQ", 3, 0, 1, 1, b"k", 9, 8, 1 << 50), "strings"),
        (b"GGUF" + struct.pack("<IQQQcIIQ", 3, 0, 1, 1, b"k", 9, 12, 1 << 61), "ends within"),
    ],
)
def test_what_is_wrong_is_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_header(data)
    assert words in caught.value.why


@given(st.integers(0, 20_000))
@settings(max_examples=150, deadline=None)
def test_a_file_cut_anywhere(length: int) -> None:
    data = tiny_bytes()
    try:
        header = parse_header(data[:length])
    except ModelError:
        return
    assert header.missing_bytes > 0


@given(st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_a_damaged_file_is_a_header_or_a_sentence(changes: list[tuple[int, int]]) -> None:
    data = bytearray(tiny_bytes()[:16_000])
    for at, value in changes:
        data[at] = value
    try:
        assert isinstance(parse_header(bytes(data)), Header)
    except ModelError as error:
        assert error.why


@given(st.binary(max_size=2000))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    for start in (b"", b"GGUF" + struct.pack("<I", 3)):
        with contextlib.suppress(ModelError):
            assert isinstance(parse_header(start + data), Header)
