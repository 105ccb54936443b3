"""Reading a crash file: what is in it, and what is said when something is not."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from iqdebug.core.errors import CrashFileError
from iqdebug.core.messages import render
from iqdebug.core.state import Origin, Phase, ThreadState
from iqdebug.crash import open_crash
from iqdebug.crash.summary import about_sections
from iqdebug.crash.to_snapshot import kind_of
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis
from tests.support.crashfile import (
    MAGIC,
    NOON,
    PATH,
    chunk,
    container,
    contents,
    line_of,
    sample,
    source,
    written,
)

pytestmark = pytest.mark.slow


def opened(tmp_path: Path, data: bytes) -> Any:
    path = tmp_path / "x.iqcrash"
    path.write_bytes(data)
    return open_crash(path)


def test_a_whole_file_becomes_a_snapshot(tmp_path: Path) -> None:
    crash = open_crash(sample(tmp_path))
    assert crash.missing == () and crash.left_out == ("the environment of 3 children",)
    now = crash.snapshot
    assert (now.origin, now.phase, now.pid, now.python) == (Origin.RECORDED, Phase.CRASHED, 4711, "3.12.1")
    assert (now.taken_at, render(now.reason), now.command) == (NOON, "ValueError in main", "main.py --fast")
    crashed = now.focused
    assert crashed is not None and crashed.name == "MainThread" and crashed.is_main
    assert [f.name for f in crashed.frames] == ["main", "<module>"] and crashed.wait == "crashed"
    frame = crashed.frames[0]
    assert (frame.path, frame.line, frame.kind) == (PATH, line_of("raise ValueError"), "user")
    assert frame.span == (frame.line, frame.line, 8, 54) and frame.locals is not None
    assert [v.name for v in frame.locals] == ["rows", "user", "long"]
    assert frame.locals[0].size == 1000 and frame.locals[0].reference and frame.locals[0].state == "cut"
    worker = now.threads[1]
    assert (worker.name, worker.state, worker.frames[0].kind) == ("worker", ThreadState.UNKNOWN, "stdlib")
    assert now.tasks[0].awaiting == "Future" and now.tasks[0].frames[0].name == "main"


def test_the_exception_keeps_its_causes_notes_and_tracebacks(tmp_path: Path) -> None:
    error = open_crash(sample(tmp_path)).snapshot.exception
    assert error is not None
    assert (error.type, error.message, error.notes) == ("ValueError", "no such user", ("while greeting Ada",))
    (cause,) = error.chain
    assert (cause.type, cause.link, [f.name for f in cause.frames]) == (
        "KeyError",
        "cause",
        ["greet", "main"],
    )


def test_the_evidence_reads_the_recorded_source_not_todays(tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    listed = contents(str(path))
    excn = listed[1][1]
    excn["root"] = 2
    path.write_text("entirely = 'another file'\n" * 50)
    crash = opened(tmp_path, written(listed))
    found = crash_diagnosis(crash, crash.read_source)
    assert found.suspects[0].line == line_of('first["uid"]')
    assert "no key 'uid'" in found.headline and "'uid '" in found.headline


def test_the_stack_below_the_traceback_is_what_called_it(tmp_path: Path) -> None:
    """A traceback ends where the exception was caught or recorded; the thread's stack goes on."""
    listed = contents()
    listed[1][1]["nodes"][0]["frames"] = [1]
    threads = listed[6][1]["threads"]
    threads[0].update(frames=[1, 2], frames_total=7)
    now = opened(tmp_path, written(listed)).snapshot
    assert [f.name for f in now.threads[0].frames] == ["main", "<module>"]
    assert now.threads[0].frames_total == 8  # five callers that were not kept, one of the traceback
    threads[0].update(frames=[5, 4, 2], frames_total=3)  # the thread went on, in the same call of main
    now = opened(tmp_path, written(listed)).snapshot
    assert [f.id for f in now.threads[0].frames] == [1, 2]


def test_without_the_list_of_threads_the_traceback_is_still_shown(tmp_path: Path) -> None:
    crash = opened(tmp_path, written([c for c in contents() if c[0] != "THRD"]))
    (thread,) = crash.snapshot.threads
    assert thread.id == 99 and [f.name for f in thread.frames] == ["main", "<module>"]


def test_a_snapshot_is_paused_and_has_no_exception(tmp_path: Path) -> None:
    listed = [c for c in contents() if c[0] != "EXCN"]
    listed[0][1].update(why="snapshot", title="snapshot")
    now = opened(tmp_path, written(listed)).snapshot
    assert now.phase is Phase.PAUSED and now.exception is None and render(now.reason) == "snapshot"
    assert [t.name for t in now.threads] == ["MainThread", "worker"] and now.focus == 99


def test_groups_are_trees_and_a_suppressed_context_is_not_shown(tmp_path: Path) -> None:
    def node(number: int, **more: Any) -> dict[str, Any]:
        return {"id": number, "type": f"E{number}", "message": "", "frames": [], **more}

    nodes = [
        node(1, members=[2, 3], context=4, suppress=True),
        node(2, cause=5),
        node(3, members=[6], context=7),
        node(4),
        node(5, context=8),
        *(node(n) for n in (6, 7, 8)),
    ]
    data = written([*contents()[:1], ("EXCN", {"root": 1, "nodes": nodes})])
    error = opened(tmp_path, data).snapshot.exception
    assert error is not None and error.chain == ()
    first, second = error.members
    assert [(e.type, e.link) for e in first.chain] == [("E5", "cause"), ("E8", "context")]
    assert [(e.type, e.link) for e in second.members] == [("E6", "member")]
    assert [(e.type, e.link) for e in second.chain] == [("E7", "context")]


def test_ids_that_dangle_or_go_in_circles_end_somewhere(tmp_path: Path) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": 1, "type": "A", "cause": 2, "members": [1, 2, 77], "frames": [1, 999]},
        {"id": 2, "type": "B", "cause": 1, "context": 3, "members": [1]},
    ]
    listed = contents()
    listed[1] = ("EXCN", {"root": 1, "nodes": nodes})
    error = opened(tmp_path, written(listed)).snapshot.exception
    assert error is not None and [e.type for e in error.chain] == ["B"] and error.members == ()
    assert [f.id for f in error.frames] == [1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x89IQC\r\n", "ends after 6 bytes"),
        (MAGIC, "ends after 8 bytes"),
        (b"hello, this is a text", "is not a crash file"),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 40, "is not a crash file"),
        (MAGIC.replace(b"\r\n", b"\n") + b"\1\0\0\0", "line ends were converted"),
        (container([], (2, 0)), "newer format (2.0)"),
        (container([], (0, 9)), "unknown format (0.9)"),
        (container([]), "Nothing in"),
        (container([b"\0" * 100]), "Nothing in"),
    ],
)
def test_what_is_no_crash_file_is_said_in_words(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(CrashFileError) as caught:
        opened(tmp_path, data)
    assert words in str(caught.value) and 1 <= len(caught.value.lines()) <= 3
    assert caught.value.exit_code == 11


def test_what_is_no_regular_file_is_said_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe.iqcrash"
    os.mkfifo(fifo)
    for path, words in (
        (tmp_path, "is a folder"),
        (fifo, "not a regular file"),
        (Path("/dev/zero"), "not a"),
    ):
        with pytest.raises(CrashFileError, match=words):
            open_crash(path)
    with pytest.raises(CrashFileError, match="There is no file"):
        open_crash(tmp_path / "gone")
    with pytest.raises(CrashFileError):
        open_crash("a\0b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = sample(tmp_path)
    path.chmod(0)
    with pytest.raises(CrashFileError, match="cannot be read"):
        open_crash(path)


def test_a_newer_minor_version_is_read_and_what_is_new_is_ignored(tmp_path: Path) -> None:
    rows = [chunk(tag, {**content, "later": [1]}) for tag, content in contents()]
    rows.insert(2, chunk("NEWS", {"x": 1}))
    crash = opened(tmp_path, container([*rows, chunk("ENDE", {"chunks": len(rows)})], (1, 9)))
    assert crash.missing == () and render(crash.snapshot.reason) == "ValueError in main"


def test_damage_costs_the_chunk_it_is_in_and_is_named(tmp_path: Path) -> None:
    rows = [chunk(tag, content) for tag, content in contents()]
    damaged = bytearray(rows[2])
    damaged[40] ^= 0xFF
    rows[2] = bytes(damaged)
    crash = opened(tmp_path, container([*rows, chunk("ENDE", {"chunks": len(rows)})]))
    assert crash.missing == ("a part of the frames is damaged", "1 of 10 chunks are missing")
    assert crash.meta.title == "ValueError: no such user" and crash.values[2].text == "'Ada'"
    assert crash.snapshot.exception is not None and render(crash.snapshot.detail).startswith(
        "damaged: 2 things"
    )
    assert about_sections(crash)[0].heading == "What is damaged or missing"


def test_a_tag_that_changed_is_no_other_chunk(tmp_path: Path) -> None:
    """The checksum covers the tag: what zlib finds whole may still be in the wrong place."""
    rows = [chunk(tag, content) for tag, content in contents()]
    rows[7] = rows[7].replace(b"ENVI", b"TEST", 1)
    crash = opened(tmp_path, container(rows))
    assert crash.test is None and crash.missing[0] == "the test report is damaged"


def test_a_length_that_lies_costs_one_chunk(tmp_path: Path) -> None:
    rows = [chunk(tag, content) for tag, content in contents()]
    rows[1] = rows[1][:8] + b"\xff\xff\xff\x7f" + rows[1][12:]
    crash = opened(tmp_path, container(rows))
    assert crash.missing[0] == "the exception is cut short: the file ends within it"
    assert len(crash.frames) == 5 and len(crash.threads) == 2
    rows = [chunk(tag, content) for tag, content in contents()]
    rows[1] = rows[1][:12] + b"\xff\xff\xff\x7f" + rows[1][16:]  # the length when decompressed
    assert opened(tmp_path, container(rows)).root == 1


def test_a_file_cut_short_keeps_what_came_before(tmp_path: Path) -> None:
    data = written(contents())
    crash = opened(tmp_path, data[: len(data) // 2])
    assert crash.meta.title and crash.missing and "cut short" in " ".join(crash.missing)
    crash = opened(tmp_path, container([chunk(*c) for c in contents()]))
    assert crash.missing == ("the file has no end mark: its last chunks may be missing",)


def test_what_comes_twice_counts_once(tmp_path: Path) -> None:
    listed = contents()
    listed.append(("META", {"title": "another", "pid": 1}))
    listed.append(("FRAM", {"frames": [{"id": 1, "file": "/other.py", "line": 1, "function": "evil"}]}))
    listed.append(("VALU", {"values": {"2": {"type": "str", "text": "'Eve'"}}}))
    listed.append(("SRCE", source(PATH, b"evil = 1\n")))
    crash = opened(tmp_path, written(listed))
    assert crash.meta.pid == 4711 and crash.frames[1].function == "main"
    assert crash.values[2].text == "'Ada'" and "import collections" in crash.read_source(PATH)
    assert crash.missing == ("there is a second chunk META, which was not read",)


def test_bombs_are_refused_by_their_limits(tmp_path: Path) -> None:
    started = time.monotonic()
    listed = [chunk(tag, content) for tag, content in contents()]
    large = chunk("FRAM", None, raw=b'{"frames":"' + b"a" * (65 << 20) + b'"}')
    many = chunk("DIST", None, raw=b'{"distributions":[' + b"[]," * (4 << 20) + b"[]]}")
    values = chunk("VALU", None, raw=b'{"values":{' + b'"1":{},' * (5 << 20) + b'"2":{}}}')
    crash = opened(tmp_path, container([*listed, large, many, values]))
    assert "is larger than a crash file may be" in " ".join(crash.missing)
    assert "chunk DIST is not what it should be" in " ".join(crash.missing)
    assert "chunk VALU is not what it should be" in " ".join(crash.missing)
    assert render(crash.snapshot.reason) == "ValueError in main" and time.monotonic() - started < 10


def test_texts_that_json_would_rather_not_have(tmp_path: Path) -> None:
    raw = rb'{"values":{"1":{"text":"a\udc80b\ud83d\ude00\\ud800\"","size":3},"2":{"text":"x","size":1}}}'
    nan = b'{"values":{"3":{"text":"y","array":{"dtype":"f8","shape":[1],"mean":NaN,"max":-Infinity}}}}'
    crash = opened(
        tmp_path, container([chunk("META", {}), chunk("VALU", None, raw=raw), chunk("VALU", None, raw=nan)])
    )
    assert crash.values[1].text == 'a\\udc80b\U0001f600\\ud800"' and crash.values[2].text == "x"
    assert crash.values[3].array["mean"] is None
    frames = rb'{"frames":[{"id":1,"file":"/tmp/\udcff.py","line":1e999,"function":"f"}]}'
    crash = opened(tmp_path, container([chunk("META", {}), chunk("FRAM", None, raw=frames)]))
    assert crash.frames[1].file == "/tmp/\udcff.py" and crash.frames[1].line == 0


def test_a_large_file_opens_within_a_second(tmp_path: Path) -> None:
    """Eight megabytes: 1,000 frames, 200,000 values, 100 files of source."""
    listed = contents()
    frames = [
        {**listed[2][1]["frames"][0], "id": n, "locals": [[f"v{k}", "local", n * 200 + k] for k in range(20)]}
        for n in range(10, 1010)
    ]
    rows = {
        str(n): {
            "type": "dict",
            "text": f"{{'number': {n * 7919 % 100003}, 'other': {hash(str(n))}}}",
            "size": 2,
            "children": [["item", "'number'", n + 1], ["item", "'other'", n + 2]],
        }
        for n in range(1000, 201_000)
    }
    numbers = list(rows)
    listed += [("FRAM", {"frames": frames[n : n + 30]}) for n in range(0, 1000, 30)]
    listed += [
        ("VALU", {"values": {k: rows[k] for k in numbers[n : n + 4000]}}) for n in range(0, len(rows), 4000)
    ]
    text = "\n".join(f"line_{n} = {n * 31337 % 9973}" for n in range(2000)).encode()
    listed += [("SRCE", source(f"/srv/app/{n}.py", text)) for n in range(100)]
    listed[1][1]["nodes"][0].update(frames=list(range(10, 1010)), frames_total=1000)
    path = tmp_path / "large.iqcrash"
    path.write_bytes(written(listed))
    started = time.thread_time()
    crash = open_crash(path)
    assert len(crash.snapshot.threads[0].frames) == 1001
    took = time.thread_time() - started
    print(f"{path.stat().st_size / 1e6:.1f} MB opened in {took:.2f} s")
    assert took < 3  # one second on a core of one's own


def test_the_recorded_interpreters_own_folders_are_no_code_of_the_persons() -> None:
    prefixes = ("/build", "/build/Modules-3.12", "/srv/app/.venv")
    assert kind_of("/build/Modules-3.12/json/decoder.py", prefixes) == "stdlib"
    assert kind_of("/build/main.py", prefixes) == "user"
    assert kind_of("/srv/app/.venv/lib/python3.12/site-packages/x.py", prefixes) == "library"
    assert kind_of("/srv/app/main.py", prefixes) == "user"
