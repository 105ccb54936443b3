"""Damaged and hostile crash files: reading is bounded and raises only CrashFileError."""

from __future__ import annotations

import asyncio
import copy
import random
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iqdebug.core.errors import CrashFileError
from iqdebug.core.json_text import json_text
from iqdebug.core.readable_files import reach_of_project
from iqdebug.core.state_lines import snapshot_lines
from iqdebug.crash import RecordedSession, open_crash
from iqdebug.crash.folder import groups_of, listed, prune
from iqdebug.crash.recorded_sources import RecordedSources
from iqdebug.crash.summary import about_sections
from iqdebug.crash.table import crash_table
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis
from tests.hostile.fuzzing import bounded, chance_of, mutated_bytes, no_growth
from tests.support.crashfile import HEAD, chunk, container, contents, sample, written

pytestmark = pytest.mark.slow

SEED = 20261122

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1 << 200,
    -(1 << 63),
    1e308,
    float("nan"),
    float("inf"),
    "",
    "\x1b[31m\udc80\u202e\0",
    "../../etc/passwd",
    "/dev/zero",
    "x" * 50_000,
    [],
    {},
    [[]],
    [None, [None, {}]],
    {"": {"": []}},
    [[1, 2, 3]],
    ["a", "b", "c"],
    list(range(300)),
)


def use(path: Path) -> None:
    """Do everything that a screen does with a file."""
    try:
        crash = open_crash(path)
    except CrashFileError as error:
        assert 1 <= len(error.lines()) <= 3
        return
    now = crash.snapshot
    if len(crash.exceptions) < 100 and sum(len(t.frames) for t in now.threads) < 5_000:
        json_text(now)  # costs what it prints
    snapshot_lines(now)
    about_sections(crash)
    crash_diagnosis(crash, crash.read_source)
    asyncio.run(look_around(RecordedSession(crash)))
    sources = RecordedSources(crash, reach_of_project("/dev"))
    for file in [*list(crash.sources)[:5], "/dev/zero", "/", "\0"]:
        for today in (False, True):
            sources.lines(file, today)
            sources.words(file, 3, today)


async def look_around(session: RecordedSession) -> None:
    epoch = session.snapshot.epoch
    for thread in session.snapshot.threads[:5]:
        for frame in thread.frames[:5]:
            rows = list(await session.variables(frame, epoch))
            seen: set[int] = set()
            while rows and len(seen) < 60:
                row = rows.pop(0)
                if row.reference and row.reference not in seen:
                    seen.add(row.reference)
                    rows += await session.children(row.reference, epoch)
                    await session.full_value(row.reference, frame, epoch)
                if row.evaluate_name:
                    await session.evaluate(row.evaluate_name, frame, epoch)
            for text in ("rows[3]['x']", "user.na", "rows[", "p."):
                await session.evaluate(text, frame, epoch)
                await session.complete(text, len(text), frame, epoch)


def tried(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with bounded(data[:100]):
        use(path)


def borders(rows: list[bytes]) -> Iterator[int]:
    at = HEAD
    for row in rows:
        for inside in (0, 3, 4, 8, 12, 16, 20, 21, len(row) - 1):
            yield at + inside
        at += len(row)
    yield at


def test_cut_anywhere(tmp_path: Path) -> None:
    rows = [chunk(*c) for c in contents()]
    data = written(contents())
    chance = random.Random(SEED)
    path = tmp_path / "x.iqcrash"
    for at in [*range(HEAD + 2), *borders(rows), *(chance.randrange(len(data)) for _ in range(150))]:
        tried(path, data[:at])


def mutated(value: Any, chance: random.Random, rate: float) -> Any:
    if chance.random() < rate:
        return copy.deepcopy(chance.choice(HOSTILE))
    if isinstance(value, dict):
        kept = {k: mutated(v, chance, rate) for k, v in value.items() if chance.random() > rate / 2}
        if chance.random() < rate:
            kept[chance.choice(("", "id", "1" * 400, "\udc80", "-1"))] = chance.choice(HOSTILE)
        return kept
    if isinstance(value, list):
        return [mutated(v, chance, rate) for v in value]
    return value


def test_fuzz_crash_files(tmp_path: Path, fuzz_cases: int) -> None:
    """Flipped bits and lost bytes; chunks shuffled, doubled and dropped; JSON of any shape."""
    data, path = written(contents()), tmp_path / "x.iqcrash"
    rows = [chunk(*c) for c in contents()] + [chunk("ENDE", {"chunks": 9})]
    chance = chance_of("crash files")
    with no_growth():
        for _ in range(fuzz_cases):
            kind = chance.randrange(4)
            if kind == 0:
                tried(path, mutated_bytes(data, chance, data))
            elif kind == 1:
                mixed = [row for row in rows for _ in range(chance.choice((0, 1, 1, 1, 2)))]
                chance.shuffle(mixed)
                if chance.random() < 0.3:
                    mixed.insert(chance.randrange(len(mixed) + 1), chance.randbytes(chance.randrange(50)))
                tried(path, container(mixed))
            else:
                rate = chance.choice((0.005, 0.05, 0.3))
                tried(path, written([(tag, mutated(content, chance, rate)) for tag, content in contents()]))


@pytest.mark.parametrize(
    "raw", [b"", b"[", b"[]", b"7", b'"x"', b"\xff\xfe", b"[" * 200_000, b'{"a":' * 90_000]
)
def test_chunks_that_are_no_object(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.iqcrash"
    for tag in ("META", "EXCN", "FRAM", "VALU", "THRD", "SRCE", "LOGS", "ENVI", "TEST", "ENDE"):
        rows = [chunk(t, c) if t != tag else chunk(t, None, raw=raw) for t, c in contents()]
        tried(path, container(rows))


def test_cyclic_and_exploding_structures_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x.iqcrash"
    deep = [
        {"id": n, "type": "G", "members": [n + 1], "cause": n + 1, "frames": [1] * 50} for n in range(5000)
    ]
    wide = [{"id": 0, "type": "G", "members": list(range(1, 5000))}]
    wide += [{"id": n, "type": "E", "cause": n + 1} for n in range(1, 5000)]
    far = {"file": "/a.py", "parts": [[1 << 59, ["x"]], [999_999, ["y"]], [5, ["z"] * 9], [7, ["w"]]]}
    loop = {"1": {"text": "[[…]]", "children": [["item", "[0]", 1]] * 3000}}
    threads = [{"id": n, "frames": [1, 2] * 500} for n in range(400)]
    for tag, content in (
        ("EXCN", {"root": 0, "nodes": deep}),
        ("EXCN", {"root": 0, "nodes": wide}),
        ("SRCE", far),
        ("VALU", {"values": loop}),
        ("THRD", {"threads": threads, "tasks": threads}),
        (
            "META",
            {"title": "\n" * 5000, "argv": ["x" * 10_000] * 50, "created": 1e300, "prefixes": ["/"] * 500},
        ),
    ):
        tried(path, written([(t, content if t == tag else c) for t, c in contents()]))
    marks = container([b"\xf1iqcFRAM" + b"\xff\xff\x0f\0" * 3] * 200_000)
    tried(path, marks)
    tried(path, marks[:HEAD] + chunk("META", {}) + marks[HEAD:] + b"\0" * (4 << 20))


def test_a_folder_of_broken_files_is_listed_and_tidied(tmp_path: Path) -> None:
    chance = random.Random(SEED + 4)
    data = written(contents())
    for n in range(80):
        broken = bytearray(data[: chance.randrange(len(data))])
        if broken:
            broken[chance.randrange(len(broken))] ^= 0xFF
        (tmp_path / f"{n}.iqcrash").write_bytes(broken)
        shape = [(tag, mutated(content, chance, 0.2)) for tag, content in contents()]
        (tmp_path / f"{n}b.iqcrash").write_bytes(written(shape))
    groups = groups_of(listed(tmp_path))
    for width in (20, 80, 200):
        assert all(len(line) <= width and line.isprintable() for line in crash_table(groups, width))
    prune(tmp_path)


_WATCHED = """
import asyncio, sys
from pathlib import Path
from iqdebug.crash import (RecordedSession, open_crash)
from iqdebug.crash.summary import about_sections

async def look(session):
    for thread in session.snapshot.threads:
        for frame in thread.frames:
            for row in await session.variables(frame, 1):
                for child in await session.children(row.reference, 1):
                    await session.full_value(child.reference, frame, 1)
                await session.complete(row.name, 3, frame, 1)

def use(path):
    crash = open_crash(path)
    about_sections(crash)
    asyncio.run(look(RecordedSession(crash)))

use(sys.argv[1])  # imports what iqdebug imports when it is used
forbidden = {"import", "exec", "compile", "pickle.find_class", "os.system", "subprocess.Popen",
             "code.__new__", "marshal.loads", "os.exec", "os.posix_spawn", "ctypes.dlopen",
             "socket.connect", "os.remove", "os.rename", "os.mkdir", "shutil.rmtree"}

def watch(event, arguments):
    # The file is looked at and then opened for reading by its descriptor.
    own = (sys.argv[1], "/proc/self/fd/")
    other = event == "open" and not isinstance(arguments[0], int) and not str(arguments[0]).startswith(own)
    if event in forbidden or other:
        print(event, arguments, file=sys.stderr)
        raise SystemExit(1)

sys.addaudithook(watch)
use(sys.argv[1])
print("nothing was run")
"""


def test_opening_executes_nothing_and_touches_nothing_else(tmp_path: Path) -> None:
    """Names in the file that would import, evaluate or unpickle something are only text."""
    listed_ = contents()
    listed_[0][1].update(executable="/bin/sh", title="__import__('os').system('id')")
    frames = listed_[2][1]["frames"]
    frames[0].update(module="antigravity", function="eval", file="/etc/hostname")
    values = listed_[4][1]["values"]
    values["1"].update(type="os.system", text="__import__('os').system('touch /tmp/owned')")
    path = tmp_path / "x.iqcrash"
    path.write_bytes(written(listed_))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_WATCHED), str(path)],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("nothing was run\n", "", 0), done.stderr


def test_the_unmutated_sample_is_valid(tmp_path: Path) -> None:
    assert open_crash(sample(tmp_path)).missing == ()
