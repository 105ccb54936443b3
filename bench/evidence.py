"""Time of a diagnosis: 200 frames over 10 MB of source, a recursion, a hostile file.

Usage: python -m bench evidence [--repetitions N]

Each line: median and worst of N diagnoses with the evidence packed at 16,000 tokens, warm (the
source is in memory, as it is in a session), beside the time to merely parse the files of the frames
with ``ast``: what a localiser that reads whole files cannot go below.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import time
from collections.abc import Callable, Sequence

from iqdebug.core.state import ExceptionInfo, Frame, Origin, Phase, Snapshot, Thread, Variable
from iqdebug.diagnosis import diagnose
from iqdebug.diagnosis.prompt.pack import packed

__all__ = ["main", "shop"]

Sources = dict[str, tuple[str, ...]]


def shop(frames: int, files: int, size: int) -> tuple[Snapshot, Sources]:
    """A crash with ``frames`` frames in ``files`` files of ``size`` bytes each."""
    sources: Sources = {}
    places: dict[str, list[int]] = {}
    function = (
        "def step_{n}(order, depth):\n"
        '    """Take the order one step on."""\n'
        "    total = prepare_{n}(order)\n"
        "    if total is None:\n"
        "        total = depth * 2\n"
        "    result = step_{m}(total, depth + 1)\n"
        "    return result.amount\n"
        "\n\n"
        "def prepare_{n}(order):\n"
        "    lines = [line for line in order if line]\n"
        "    return lines or None\n"
        "\n\n"
    )
    for number in range(files):
        path = f"/srv/shop/module_{number}.py"
        text: list[str] = []
        places[path] = []
        used = 0
        while used < size:
            block = function.format(n=len(text), m=len(text) + 1)
            places[path].append(len(text) + 6)
            text += block.splitlines()
            used += len(block)
        sources[path] = tuple(text)
    listed = []
    paths = list(sources)
    for index in range(frames):
        path = paths[index % files]
        line = places[path][(index * 37) % len(places[path])]
        name = sources[path][line - 6].split("(")[0].removeprefix("def ")
        values = (
            Variable("order", "[1, 2, 3]", "list", size=3, kind="argument"),
            Variable("depth", str(index), "int", kind="argument"),
            Variable("total", "None", "NoneType"),
        )
        listed.append(Frame(name, path, line, id=index + 1, kind="user", locals=values))
    error = ExceptionInfo(
        "AttributeError", "'NoneType' object has no attribute 'amount'", frames=tuple(listed)
    )
    thread = Thread(1, "MainThread", frames=tuple(listed), is_main=True)
    snapshot = Snapshot(
        pid=1,
        epoch=1,
        phase=Phase.CRASHED,
        origin=Origin.RECORDED,
        taken_at=0.0,
        threads=(thread,),
        focus=1,
        exception=error,
    )
    return snapshot, sources


def recursion(depth: int) -> tuple[Snapshot, Sources]:
    snapshot, sources = shop(1, 1, 2_000)
    frame = snapshot.threads[0].frames[0]
    frames = (frame,) * depth
    error = ExceptionInfo("RecursionError", "maximum recursion depth exceeded", frames=frames)
    thread = Thread(1, "MainThread", frames=frames, is_main=True)
    return Snapshot(
        1, 1, Phase.CRASHED, Origin.RECORDED, 0.0, threads=(thread,), focus=1, exception=error
    ), sources


def hostile() -> tuple[Snapshot, Sources]:
    """Hostile sources: a line of a million characters, endless brackets, binary data."""
    snapshot, _ = shop(3, 3, 2_000)
    noise = tuple("\x00\xff" * 50 for _ in range(20_000))
    nested = ("def step_0(order):", "    return " + "(" * 5_000 + "1" + ")" * 5_000)
    long = ("def step_0(order):", "    total = [" + "1, " * 400_000 + "]", *["    x = 1"] * 60_000)
    paths = [f.path for f in snapshot.threads[0].frames]
    return snapshot, dict(zip(paths, (noise, nested, long), strict=True))


def _timed(work: Callable[[], object], repetitions: int) -> tuple[float, float]:
    work()
    spent = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent), max(spent)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=10)
    options = parser.parse_args(arguments)
    cases = {
        "200 frames, 10 MB of source": shop(200, 10, 1_000_000),
        "10,000 frames of one function": recursion(10_000),
        "hostile source": hostile(),
    }
    print(f"{'case':32}{'diagnose ms':>14}{'worst':>8}{'with pack':>12}{'ast.parse ms':>14}")
    for name, (snapshot, sources) in cases.items():

        def read(path: str, sources: Sources = sources) -> Sequence[str]:
            return sources.get(path, ())

        def alone(snapshot: Snapshot = snapshot, read: Callable[[str], Sequence[str]] = read) -> object:
            return diagnose(snapshot, read_source=read)

        def both(snapshot: Snapshot = snapshot, read: Callable[[str], Sequence[str]] = read) -> object:
            return packed(snapshot, diagnose(snapshot, read_source=read), read_source=read, budget=16_000)

        median, worst = _timed(alone, options.repetitions)
        whole, _ = _timed(both, options.repetitions)
        print(f"{name:32}{median:14.1f}{worst:8.1f}{whole:12.1f}{_parsed(sources):>14}", flush=True)
    return 0


def _parsed(sources: Sources) -> str:
    started = time.perf_counter()
    for lines in sources.values():
        try:
            ast.parse("\n".join(lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return f"{(time.perf_counter() - started) * 1000:.0f}"
