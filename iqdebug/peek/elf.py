"""As much of the ELF format as it takes to tell a Python interpreter from its file.

Layout from the System V ABI, chapters 4 and 5 (ELF header, sections, symbol table). The file is its
owner's, who may be hostile and may change it meanwhile: it is read, never mapped (a file that is made
shorter kills who has it mapped), and no part of it is longer than what is allowed here.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from iqdebug.system.source_files import open_regular

__all__ = ["Binary", "read_binary"]

_SHT_PROGBITS, _SHT_DYNSYM = 1, 11
MAX_TABLE = 64 << 20
"""Bytes of one table (symbols, names) that are read."""
MAX_SEARCHED = 256 << 20
"""Bytes of read-only data that are searched for a version."""
_READ_BYTES = 4 << 20
_READ_OVERLAP = 256


@dataclass(frozen=True, slots=True)
class Binary:
    """``bits`` is 0 for a file that is not ELF. ``python`` is the full version of the interpreter
    that the file holds, "" when it holds none, and "?" when it holds one that does not say."""

    bits: int = 0
    python: str = ""


@dataclass(frozen=True, slots=True)
class _Section:
    name: int
    type: int
    address: int
    offset: int
    size: int
    link: int


class _File:
    def __init__(self, path: str) -> None:
        self._file = open_regular(path)

    def close(self) -> None:
        self._file.close()

    def read(self, offset: int, size: int) -> bytes:
        """Raises ValueError for a part that is too long or not there."""
        if not 0 <= size <= MAX_TABLE or not 0 <= offset < 1 << 62:
            raise ValueError("out of bounds")
        data = os.pread(self._file.fileno(), size, offset)
        if len(data) != size:
            raise ValueError("out of bounds")
        return data

    def unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        return struct.unpack(layout, self.read(offset, struct.calcsize(layout)))


def read_binary(path: str, minor_hint: str = "") -> Binary:
    """What the file holds. ``minor_hint`` ("3.11") narrows the search for the full version.

    Raises OSError when the file cannot be read or is not a regular one; a file that is damaged or
    not ELF gives ``Binary()``. Reads the symbol table first and the read-only data only of interpreters.
    """
    file = _File(path)
    try:
        return _examine(file, minor_hint) if file.read(0, 4) == b"\x7fELF" else Binary()
    except (struct.error, IndexError, ValueError):
        return Binary()
    finally:
        file.close()


def _examine(file: _File, minor_hint: str) -> Binary:
    head = file.read(0, 6)
    wide = head[4] == 2
    order = ">" if head[5] == 2 else "<"
    bits = 64 if wide else 32
    sections = _sections(file, wide, order)
    symbols = next((s for s in sections if s.type == _SHT_DYNSYM), None)
    if symbols is None:
        return Binary(bits, _static(file, sections, minor_hint))
    names = sections[symbols.link]
    strings = file.read(names.offset, names.size)
    if _defined_at(file, wide, order, symbols, strings, b"PyRun_SimpleStringFlags") is None:
        return Binary(bits)  # a program that only uses Python, such as gdb, imports the name
    version = _version_from_symbol(file, wide, order, sections, symbols, strings)
    return Binary(bits, version or _version_from_text(file, sections, minor_hint) or "?")


def _static(file: _File, sections: list[_Section], minor_hint: str) -> str:
    """The version in a program without dynamic symbols, where its texts are an interpreter's."""
    if not minor_hint or not any(True for _ in _matches(file, sections, re.compile(rb"PYTHONHASHSEED\0"))):
        return ""
    return _version_from_text(file, sections, minor_hint)


def _sections(file: _File, wide: bool, order: str) -> list[_Section]:
    (table,) = file.unpack(order + ("Q" if wide else "I"), 0x28 if wide else 0x20)
    size, count = file.unpack(order + "HH", 0x3A if wide else 0x2E)
    layout = order + ("IIQQQQI" if wide else "IIIIIII")
    rows = file.read(table, size * count)
    sections = []
    for index in range(count):
        name, kind, _, address, offset, length, link = struct.unpack_from(layout, rows, index * size)
        sections.append(_Section(name, kind, address, offset, length, link))
    return sections


def _defined_at(
    file: _File, wide: bool, order: str, symbols: _Section, strings: bytes, name: bytes
) -> int | None:
    """The address of a symbol that this file defines; None when it is absent or only imported."""
    at = strings.find(b"\0" + name + b"\0") + 1
    if at == 0:
        return None
    table = file.read(symbols.offset, symbols.size)
    if wide:
        rows = ((n, section, value) for n, _, section, value, _ in struct.iter_unpack(order + "IHHQQ", table))
    else:
        rows = ((n, section, value) for n, value, _, _, section in struct.iter_unpack(order + "IIIHH", table))
    return next((value for n, section, value in rows if n == at and section), None)


def _version_from_symbol(
    file: _File, wide: bool, order: str, sections: list[_Section], symbols: _Section, strings: bytes
) -> str:
    """``Py_Version``: PY_VERSION_HEX, exported by CPython 3.11 and later."""
    address = _defined_at(file, wide, order, symbols, strings, b"Py_Version")
    home = next(
        (s for s in sections if address and s.type == _SHT_PROGBITS and 0 <= address - s.address < s.size),
        None,
    )
    if address is None or home is None:
        return ""
    (number,) = file.unpack(order + ("Q" if wide else "I"), home.offset + address - home.address)
    return _from_hex(number)


def _from_hex(number: int) -> str:
    major, minor, micro, level, serial = (
        number >> 24 & 0xFF,
        number >> 16 & 0xFF,
        number >> 8 & 0xFF,
        number >> 4 & 0xF,
        number & 0xF,
    )
    suffix = {0xA: f"a{serial}", 0xB: f"b{serial}", 0xC: f"rc{serial}"}.get(level, "")
    return f"{major}.{minor}.{micro}{suffix}"


def _version_from_text(file: _File, sections: list[_Section], minor_hint: str) -> str:
    """The text of PY_VERSION, which older interpreters keep in their read-only data.

    The linker may keep it as the tail of a longer text, such as an installation prefix. Only an
    answer that all candidates agree on is believed, and none without a hint, because other
    libraries' versions look the same.
    """
    if not minor_hint:
        return ""
    version = re.escape(minor_hint).encode() + rb"\.\d{1,2}(?:(?:a|b|rc)\d+)?\+?"
    pattern = re.compile(rb"(?<![0-9.])(" + version + rb")\0")
    versions = {text.decode() for text in _matches(file, sections, pattern)}
    return versions.pop() if len(versions) == 1 else ""


def _matches(file: _File, sections: list[_Section], pattern: re.Pattern[bytes]) -> Iterator[bytes]:
    """The matches of the pattern in the program's data, or of its first group if it has one."""
    left = MAX_SEARCHED
    for section in sections:
        if section.type != _SHT_PROGBITS or not section.address:
            continue
        for start in range(0, section.size, _READ_BYTES):
            left -= _READ_BYTES
            if left < 0:
                return
            size = min(_READ_BYTES + _READ_OVERLAP, section.size - start)
            for match in pattern.finditer(file.read(section.offset + start, size)):
                yield match[match.re.groups]
