"""Finds the Python interpreter in a process by the files it has mapped.

The command's name proves nothing: a renamed or embedded interpreter counts, ``bash -c python``
does not, nor does another program that is named ``python3.14``. The target is neither run nor stopped;
versions are read from the files, and are those of file names only where the files cannot be read.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace

from iqdebug.peek.elf import Binary, read_binary
from iqdebug.peek.procfs import ProcFS

__all__ = ["Interpreter", "find_interpreter", "version_tuple"]

_LIBRARY = re.compile(r"/libpython(\d)\.(\d{1,2})([a-z]*)\.so[^/]*$")
_PROGRAM = re.compile(r"^(?:python|pypy)(?:(\d)(?:\.(\d{1,2}))?)?(t|d|td|m)?$")
_EXTENSION = re.compile(
    r"\.cpython-(\d)(\d{1,2})([a-z]*)-[^/]*\.so$|/lib/python(\d)\.(\d{1,2})(t?)/lib-dynload/"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """``version`` is as exact as can be told: "3.11.7", "3.11" or "". ``file`` is the path of
    the program or library that holds the interpreter, as the process itself sees it. ``bits`` is
    the program's word size, 0 when unknown."""

    exe: str
    version: str
    file: str = ""
    bits: int = 0
    free_threaded: bool = False
    implementation: str = "CPython"


_binaries: dict[tuple[int, int, int, int], Binary] = {}
_by_program: dict[tuple[str, int, int], Interpreter] = {}


def find_interpreter(proc: ProcFS, pid: int) -> Interpreter | None:
    """The interpreter in the process, or None when there is none.

    Raises ProcessLookupError when the process is gone or a kernel thread. When the kernel does
    not allow the look (another user's process), the answer rests on the first word of the
    command line alone and names no ``file``.
    """
    try:
        exe = proc.link(pid, "exe").removesuffix(" (deleted)")
    except PermissionError:
        return _from_command(proc.cmdline(pid))
    program = _binary(proc.path(pid, "exe"), _minor_of(os.path.basename(exe)))
    name = os.path.basename(exe)
    if name.startswith("pypy"):
        return Interpreter(exe, _minor_of(name), exe, program.bits, implementation="PyPy")
    if program.python:
        version = program.python if program.python != "?" else _minor_of(name)
        interpreter = Interpreter(exe, version, exe, program.bits, name.endswith(("t", "td")))
        return interpreter if version else _with_version_of_extensions(proc, pid, interpreter)
    return _from_maps(proc, pid, exe, program)


def version_tuple(version: str) -> tuple[int, int] | None:
    """(3, 11) for "3.11" and "3.11.7rc1"; None when it cannot be told."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else None


def _from_maps(proc: ProcFS, pid: int, exe: str, program: Binary) -> Interpreter | None:
    # A plain interpreter always maps the same library, so its map is read for the first of many
    # only; any other program may have loaded Python later, so it is looked at each time.
    plain = _PROGRAM.match(os.path.basename(exe)) is not None
    key = _identity(proc, pid, exe) if plain else None
    if key is not None and key in _by_program:
        return replace(_by_program[key], exe=exe)
    try:
        files = proc.mapped_files(pid)
    except PermissionError:
        return _from_command(proc.cmdline(pid))
    interpreter: Interpreter | None = None
    for path in files:
        if match := _LIBRARY.search(path):
            minor = f"{match[1]}.{match[2]}"
            # The library may lie in another mount namespace: look through the process's own root.
            library = _binary(proc.path(pid, "root") + path, minor)
            if library.bits and not library.python:
                continue  # it only has the name
            exact = library.python if library.python not in ("", "?") else minor
            interpreter = Interpreter(exe, exact, path, program.bits or library.bits, "t" in match[3])
            break
    if interpreter is None:
        extension = _extension_version(files)
        if extension is not None:
            interpreter = Interpreter(exe, extension[0], exe, program.bits, extension[1])
        elif plain and not program.bits:
            interpreter = Interpreter(exe, _minor_of(os.path.basename(exe)), exe, program.bits)
    if key is not None and interpreter is not None:
        _by_program[key] = interpreter
    return interpreter


def _with_version_of_extensions(proc: ProcFS, pid: int, interpreter: Interpreter) -> Interpreter:
    try:
        extension = _extension_version(proc.mapped_files(pid))
    except PermissionError:
        extension = None
    return (
        replace(interpreter, version=extension[0], free_threaded=extension[1]) if extension else interpreter
    )


def _extension_version(files: list[str]) -> tuple[str, bool] | None:
    """The version that the interpreter's own extension modules were built for."""
    for path in files:
        if match := _EXTENSION.search(path):
            major, minor, abi = match[1] or match[4], match[2] or match[5], match[3] or match[6] or ""
            return f"{major}.{minor}", "t" in abi
    return None


def _from_command(command: list[str]) -> Interpreter | None:
    name = os.path.basename(command[0]) if command else ""
    if not _PROGRAM.match(name):
        return None
    return Interpreter(
        command[0], _minor_of(name), implementation="PyPy" if name.startswith("pypy") else "CPython"
    )


def _minor_of(name: str) -> str:
    match = _PROGRAM.match(name)
    return f"{match[1]}.{match[2]}" if match and match[2] else ""


def _identity(proc: ProcFS, pid: int, exe: str) -> tuple[str, int, int] | None:
    try:
        info = os.stat(proc.path(pid, "exe"))
    except OSError:
        return None
    return exe, info.st_dev, info.st_ino


def _binary(path: str, minor_hint: str) -> Binary:
    """``read_binary`` once per file; ``Binary()`` for a file that cannot be read."""
    try:
        info = os.stat(path)
        key = (info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size)
        if key not in _binaries:
            _binaries[key] = read_binary(path, minor_hint)
        return _binaries[key]
    except (OSError, ValueError):
        return Binary()
