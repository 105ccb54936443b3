"""As much of the ELF format as it takes to tell a Python interpreter from its file.

Layout from the System V ABI, chapters 4 and 5 (ELF header, sections, symbol table).
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass

__all__ = ["Binary", "read_binary"]

_SHT_PROGBITS, _SHT_DYNSYM = 1, 11


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


def read_binary(path: str, minor_hint: str = "") -> Binary:
    """What the file holds. ``minor_hint`` ("3.11") narrows the search for the full version.

    Raises OSError when the file cannot be read; a file that is damaged or not ELF gives
    ``Binary()``. Reads the symbol table first and the read-only data only of interpreters.
    """
    with open(path, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return Binary()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _examine(data, minor_hint)
            except (struct.error, IndexError, ValueError):
                return Binary()


def _examine(data: mmap.mmap, minor_hint: str) -> Binary:
    wide = data[4] == 2
    order = ">" if data[5] == 2 else "<"
    bits = 64 if wide else 32
    sections = _sections(data, wide, order)
    symbols = next((s for s in sections if s.type == _SHT_DYNSYM), None)
    if symbols is None:
        return Binary(bits)
    names = sections[symbols.link]
    strings = data[names.offset : names.offset + names.size]
    if _defined_at(data, wide, order, symbols, strings, b"PyRun_SimpleStringFlags") is None:
        return Binary(bits)  # a program that only uses Python, such as gdb, imports the name
    version = _version_from_symbol(data, wide, order, sections, symbols, strings)
    return Binary(bits, version or _version_from_text(data, sections, minor_hint) or "?")


def _sections(data: mmap.mmap, wide: bool, order: str) -> list[_Section]:
    if wide:
        (table,) = struct.unpack_from(order + "Q", data, 0x28)
        size, count = struct.unpack_from(order + "HH", data, 0x3A)
        layout = order + "IIQQQQI"
    else:
        (table,) = struct.unpack_from(order + "I", data, 0x20)
        size, count = struct.unpack_from(order + "HH", data, 0x2E)
        layout = order + "IIIIIII"
    found = []
    for index in range(count):
        name, kind, _, address, offset, length, link = struct.unpack_from(layout, data, table + index * size)
        found.append(_Section(name, kind, address, offset, length, link))
    return found


def _defined_at(
    data: mmap.mmap, wide: bool, order: str, symbols: _Section, strings: bytes, name: bytes
) -> int | None:
    """The address of a symbol that this file defines; None when it is absent or only imported."""
    at = strings.find(b"\0" + name + b"\0") + 1
    if at == 0:
        return None
    table = data[symbols.offset : symbols.offset + symbols.size]
    if wide:
        rows = ((n, section, value) for n, _, section, value, _ in struct.iter_unpack(order + "IHHQQ", table))
    else:
        rows = ((n, section, value) for n, value, _, _, section in struct.iter_unpack(order + "IIIHH", table))
    return next((value for n, section, value in rows if n == at and section), None)


def _version_from_symbol(
    data: mmap.mmap, wide: bool, order: str, sections: list[_Section], symbols: _Section, strings: bytes
) -> str:
    """``Py_Version``: PY_VERSION_HEX, exported by CPython 3.11 and later."""
    address = _defined_at(data, wide, order, symbols, strings, b"Py_Version")
    home = next(
        (s for s in sections if address and s.type == _SHT_PROGBITS and 0 <= address - s.address < s.size),
        None,
    )
    if address is None or home is None:
        return ""
    (number,) = struct.unpack_from(order + ("Q" if wide else "I"), data, home.offset + address - home.address)
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


def _version_from_text(data: mmap.mmap, sections: list[_Section], minor_hint: str) -> str:
    """The text of PY_VERSION, which older interpreters keep in their read-only data.

    The linker may keep it as the tail of a longer text, such as an installation prefix. Only an
    answer that all candidates agree on is believed, and none without a hint, because other
    libraries' versions look the same.
    """
    if not minor_hint:
        return ""
    pattern = re.compile(re.escape(minor_hint).encode() + rb"\.\d{1,2}(?:(?:a|b|rc)\d+)?\+?(?=\0)")
    found = {
        match[0].decode()
        for section in sections
        if section.type == _SHT_PROGBITS and section.address
        for match in pattern.finditer(data, section.offset, section.offset + section.size)
        if data[match.start() - 1 : match.start()] not in b"0123456789."
    }
    return found.pop() if len(found) == 1 else ""
