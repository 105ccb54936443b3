"""Crash files for the reader's tests, written by hand from docs/iqcrash.md: independent of the
capture, so that a mistake cannot hide by being made on both sides."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MAGIC = b"\x89IQC\r\n\x1a\n"
HEAD = len(MAGIC) + 4
NOON = 1_795_356_180.0  # 2026-11-22 14:03 UTC
PROGRAM = """\
import collections

Point = collections.namedtuple("Point", "x y")


class User:
    def __init__(self, name):
        self.name = name

    @property
    def mail(self):
        raise AssertionError("properties are not read")


def greet(user, rows):
    first = rows[0]
    return "hello " + first["uid"]


def main():
    rows = [{"x": n, "uid ": "u%d" % n} for n in range(1000)]
    user = User("Ada")
    try:
        print(greet(user, rows))
    except KeyError as error:
        raise ValueError("no such user") from error


main()
"""
PATH = "/srv/app/main.py"


def chunk(tag: str, content: Any, *, raw: bytes | None = None) -> bytes:
    data = raw if raw is not None else json.dumps(content).encode("ascii")
    stored = zlib.compress(data)
    name = tag.encode("ascii")
    head = struct.pack("<III", len(stored), len(data), zlib.crc32(name + stored))
    return b"\xf1iqc" + name + head + stored


def container(chunks: Iterable[bytes], version: tuple[int, int] = (1, 0)) -> bytes:
    return MAGIC + struct.pack("<HH", *version) + b"".join(chunks)


def line_of(words: str) -> int:
    return next(n for n, text in enumerate(PROGRAM.splitlines(), 1) if words in text)


def contents(path: str = PATH) -> list[tuple[str, dict[str, Any]]]:
    """A crash with a cause, notes, a property, a masked value and a list too long to keep."""
    greet, raising = line_of("first["), line_of("raise ValueError")
    data = PROGRAM.encode()

    def frame(number: int, function: str, line: int, names: list[list[Any]], **more: Any) -> dict[str, Any]:
        row = {"id": number, "file": path, "line": line, "function": function, "module": "__main__"}
        return {**row, "first_line": 1, "locals": names, **more}

    rows = {"type": "list", "text": "[{'x': 0, 'uid ': 'u0'}, … 1,000 items]", "size": 1000, "cut": True}
    rows |= {"children": [["item", f"[{n}]", 20 + n] for n in range(40)], "left_out": 960}
    values: dict[str, Any] = {
        "1": {
            "type": "User",
            "text": "<User name='Ada'>",
            "children": [["attribute", "name", 2], ["property", "mail", None], ["attribute", "key", 3]],
        },
        "2": {"type": "str", "text": "'Ada'", "size": 3},
        "3": {"type": "str", "text": "<masked>", "masked": True},
        "4": rows,
        "5": {"type": "str", "text": "'aaaa… (20,000 long)", "size": 20000, "cut": True, "long": "a" * 16384},
        "6": {"type": "Point", "text": "Point(x=1, y=2)", "children": [["item", "x", 7], ["item", "y", 8]]},
        "7": {"type": "int", "text": "1"},
        "8": {"type": "int", "text": "2"},
        "9": {
            "type": "numpy.ndarray",
            "text": "<ndarray (1000, 3) float64: 0.0, 1.5, …>",
            "size": 1000,
            "array": {"dtype": "float64", "shape": [1000, 3], "min": 0.0, "max": 9.5, "mean": 4.1, "nan": 7},
            "children": [["item", "[0, 0]", 7], ["item", "[0, 1]", 8]],
        },
        "10": {"type": "KeyError", "text": "KeyError('uid')"},
        "11": {"type": "dict", "text": "{'me': {…} (1)}", "size": 1, "children": [["item", "'me'", 11]]},
    }
    for n in range(40):
        values[str(20 + n)] = {
            "type": "dict",
            "text": f"{{'x': {n}, 'uid ': 'u{n}'}}",
            "size": 2,
            "children": [["item", "'x'", 7], ["item", "'uid '", 2]],
        }
    return [
        (
            "META",
            {
                "why": "uncaught",
                "title": "ValueError: no such user",
                "created": NOON,
                "writer": "tests",
                "fingerprint": "a1b2c3d4e5f60718",
                "pid": 4711,
                "python": "3.12.1",
                "implementation": "cpython",
                "executable": "/usr/bin/python3.12",
                "argv": ["main.py", "--fast"],
                "cwd": "/srv/app",
                "platform": "Linux 6.1 x86_64",
                "prefixes": ["/usr", "/usr/lib/python3.12"],
                "thread": 99,
                "masked": True,
            },
        ),
        (
            "EXCN",
            {
                "root": 1,
                "nodes": [
                    {
                        "id": 1,
                        "type": "ValueError",
                        "message": "no such user",
                        "notes": ["while greeting Ada"],
                        "cause": 2,
                        "context": 2,
                        "suppress": True,
                        "members": [],
                        "frames": [1, 2],
                        "frames_total": 2,
                        "attributes": [["code", 7]],
                    },
                    {
                        "id": 2,
                        "type": "KeyError",
                        "message": "'uid'",
                        "cause": None,
                        "context": None,
                        "suppress": False,
                        "members": [],
                        "frames": [3, 4],
                        "frames_total": 2,
                        "attributes": [],
                    },
                ],
            },
        ),
        (
            "FRAM",
            {
                "frames": [
                    frame(
                        1,
                        "main",
                        raising,
                        [["rows", "local", 4], ["user", "local", 1], ["long", "local", 5]],
                        globals=[["Point", 6]],
                        span=[raising, raising, 8, 54],
                    ),
                    frame(
                        2, "<module>", len(PROGRAM.splitlines()), [["table", "local", 9], ["p", "local", 6]]
                    ),
                    frame(
                        3,
                        "greet",
                        greet,
                        [["user", "argument", 1], ["rows", "argument", 4], ["first", "local", 20]],
                        locals_left_out=2,
                    ),
                    frame(4, "main", line_of("print("), [["rows", "local", 4], ["loop", "local", 11]]),
                    {
                        "id": 5,
                        "file": "/usr/lib/python3.12/threading.py",
                        "line": 355,
                        "function": "Condition.wait",
                        "locals": [],
                    },
                ]
            },
        ),
        ("SRCE", source(path, data)),
        ("VALU", {"values": values}),
        (
            "LOGS",
            {
                "records": [
                    {"time": NOON - 2, "stream": "stdout", "text": "starting"},
                    {
                        "time": NOON - 1,
                        "stream": "logging",
                        "text": "no user",
                        "level": 40,
                        "logger": "app",
                        "path": path,
                        "line": greet,
                    },
                ],
                "dropped": 3,
            },
        ),
        (
            "THRD",
            {
                "threads": [
                    {
                        "id": 99,
                        "os": 4711,
                        "name": "MainThread",
                        "main": True,
                        "crashed": True,
                        "frames": [1, 2],
                        "frames_total": 2,
                    },
                    {
                        "id": 100,
                        "os": 4712,
                        "name": "worker",
                        "daemon": True,
                        "frames": [5],
                        "frames_total": 1,
                    },
                ],
                "tasks": [
                    {
                        "name": "fetch-1",
                        "coroutine": "fetch",
                        "state": "pending",
                        "awaiting": "Future",
                        "frames": [4],
                    }
                ],
            },
        ),
        (
            "ENVI",
            {
                "environ": {"HOME": "/root", "TOKEN": "<masked>"},
                "sys_path": ["/srv/app"],
                "flags": {"dev_mode": 1},
            },
        ),
        ("DIST", {"distributions": [["msgspec", "0.19"], ["textual", "8.2.8"]]}),
        (
            "GITR",
            {
                "root": "/srv/app",
                "revision": "0123456789abcdef",
                "branch": "main",
                "diff": "--- a/main.py\n+++ b/main.py\n-old\n+new\n",
                "diff_cut": False,
            },
        ),
    ]


def source(path: str, data: bytes) -> dict[str, Any]:
    lines = data.decode().splitlines()
    return {
        "file": path,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "parts": [[1, lines]],
        "whole": True,
    }


def written(listed: Iterable[tuple[str, Mapping[str, Any]]], *, left_out: Iterable[str] = ()) -> bytes:
    """The file with its closing chunk."""
    rows = [chunk(tag, content) for tag, content in listed]
    return container([*rows, chunk("ENDE", {"chunks": len(rows), "left_out": list(left_out)})])


def sample(folder: Path, name: str = "sample.iqcrash", **changes: Any) -> Path:
    """A whole file; ``changes`` replace keys of META."""
    listed = contents()
    listed[0][1].update(changes)
    path = folder / name
    path.write_bytes(written(listed, left_out=["the environment of 3 children"]))
    return path
