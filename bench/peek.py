"""Compares py-spy and pystack, which read a process from outside.

Runs one target per interpreter and situation, looks at it many times with each tool without
stopping it, and prints a table: share of looks that gave the expected innermost function, the
median time of a look, and whether the look showed locals, the holder of the GIL and thread names. A second
table gives the speed of a busy loop that is looked at five times a second, relative to the same loop
left alone.

    python bench/peek.py [--looks 50] [--seconds 2] [--python /path/to/python ...]
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TARGET = """
import asyncio, ctypes, mmap, struct, sys, threading, time

def marker(mode, path):
    customer = "Ada"
    if mode == "sleep":
        print("ready", flush=True); time.sleep(1000)
    elif mode == "gil in C":
        print("ready", flush=True); ctypes.PyDLL(None).sleep(1000)
    elif mode == "deep":
        deeper(900)
    elif mode == "loop":
        with open(path, "r+b") as file:
            shared = mmap.mmap(file.fileno(), 8)
        print("ready", flush=True); spin(shared)
    elif mode == "calls":
        print("ready", flush=True); churn()
    elif mode == "threads":
        for number in range(50):
            threading.Thread(target=work, args=(number,), name="work-%d" % number, daemon=True).start()
        print("ready", flush=True); time.sleep(1000)
    elif mode == "asyncio":
        asyncio.run(serve())

def spin(shared):
    count = 0
    while True:
        for step in range(1000):
            count += 1
        struct.pack_into("q", shared, 0, count)

def leaf(x):
    order = {"id": x}
    return order

def middle(x):
    return leaf(x + 1)

def churn():
    while True:
        for step in range(1000):
            middle(step)

def deeper(depth):
    if depth:
        deeper(depth - 1)
    else:
        print("ready", flush=True); time.sleep(1000)

def work(number):
    while True:
        time.sleep(0.05)
        sum(range(2000))

async def serve():
    asyncio.get_running_loop().call_later(0.05, lambda: print("ready", flush=True))
    await asyncio.sleep(1000)

marker(sys.argv[1], sys.argv[2])
"""

SITUATIONS = {  # situation: a function that must be somewhere on a stack
    "asyncio": "select",
    "sleep": "marker",
    "loop": "spin",
    "calls": "churn",
    "threads": "work",
    "deep": "deeper",
    "gil in C": "marker",
}

PYSTACK_PROGRAM = """
import json, sys
from pystack.engine import NativeReportingMode, StackMethod, get_process_threads
threads = []
for thread in get_process_threads(int(sys.argv[1]), stop_process=False,
                                  native_mode=NativeReportingMode.OFF, locals=True, method=StackMethod.AUTO):
    frames = [{"name": f.code.scope, "locals": dict(f.locals) or dict(f.arguments)} for f in thread.frames]
    threads.append({"os_thread_id": thread.tid, "thread_name": thread.name,
                    "owns_gil": bool(thread.holds_the_gil), "frames": frames})
print(json.dumps(threads))
"""


@dataclass
class Looks:
    good: int = 0
    total: int = 0
    seconds: float = 0.0
    locals: bool = False
    gil: int = 0
    names: bool = False
    error: str = ""


@contextmanager
def target(python: str, situation: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "target.py")
        program.write_text(TARGET)
        shared = Path(folder, "count")
        shared.write_bytes(bytes(8))
        process = subprocess.Popen(
            [python, str(program), situation, str(shared)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            yield process, str(shared)
        finally:
            process.kill()
            process.communicate()


def pyspy(pid: int) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("py-spy", path=os.path.dirname(sys.executable)) or "py-spy"
    return subprocess.run(
        [tool, "dump", "--nonblocking", "--json", "--locals", "--full-filenames", "--pid", str(pid)],
        capture_output=True,
        text=True,
        timeout=20,
    )


def pystack(pid: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PYSTACK_PROGRAM, str(pid)], capture_output=True, text=True, timeout=20
    )


Tool = Callable[[int], subprocess.CompletedProcess[str]]
TOOLS: dict[str, Tool] = {"py-spy": pyspy, "pystack": pystack}


def look_many(tool: Tool, pid: int, expected: str, looks: int) -> Looks:
    result = Looks(total=looks)
    times = []
    for _ in range(looks):
        started = time.perf_counter()
        try:
            done = tool(pid)
            threads = json.loads(done.stdout) if done.returncode == 0 else []
            error = done.stderr.strip().splitlines()[-1:] if done.returncode else []
        except (ValueError, subprocess.TimeoutExpired) as problem:
            threads, error = [], [str(problem)]
        times.append(time.perf_counter() - started)
        result.error = error[0] if error else result.error
        frames = [f for t in threads for f in t["frames"] if f["name"].rpartition(".")[2] == expected]
        result.good += bool(frames)
        result.locals |= any(f["locals"] for f in frames)
        result.gil += any(t["owns_gil"] for t in threads)
        result.names |= any((t["thread_name"] or "").startswith("work-") for t in threads)
    result.seconds = statistics.median(times)
    return result


def speed(shared: str, seconds: float, look: Callable[[], object] | None) -> float:
    with open(shared, "r+b") as file, mmap.mmap(file.fileno(), 8) as memory:
        before, started = struct.unpack("q", memory[:])[0], time.perf_counter()
        while time.perf_counter() - started < seconds:
            if look:
                look()
            time.sleep(0.2)
        return float(struct.unpack("q", memory[:])[0] - before) / (time.perf_counter() - started)


def interpreters() -> list[str]:
    by_version: dict[str, str] = {}
    for minor in range(8, 15):
        paths = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        path = str(paths[-1]) if paths else shutil.which(f"python3.{minor}")
        if path:
            by_version[f"3.{minor}"] = path
    return list(by_version.values())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--looks", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--python", action="append")
    parser.add_argument("--tool", action="append", choices=TOOLS)
    options = parser.parse_args(arguments)
    pythons = options.python or interpreters()
    tools = {name: TOOLS[name] for name in options.tool or TOOLS}
    print(f"{'python':9}{'situation':11}{'tool':9}{'good':>8}{'ms':>7}  locals GIL names  last error")
    for python in pythons:
        version = subprocess.run([python, "-V"], capture_output=True, text=True).stdout.split()[1]
        for situation, expected in SITUATIONS.items():
            for name, tool in tools.items():
                with target(python, situation) as (process, _):
                    r = look_many(tool, process.pid, expected, options.looks)
                print(
                    f"{version:9}{situation:11}{name:9}{r.good:>4}/{r.total:<3}{r.seconds * 1000:>7.1f}"
                    f"  {'yes' if r.locals else '-':6} {r.gil:<3}"
                    f" {'yes' if r.names else '-':5}  {r.error[:60]}",
                    flush=True,
                )
    print("\nspeed of a busy loop while looked at five times a second (alone = 1)")
    for python in pythons:
        version = subprocess.run([python, "-V"], capture_output=True, text=True).stdout.split()[1]
        ratios = []
        for name, tool in tools.items():
            with target(python, "loop") as (process, shared):
                alone = [speed(shared, options.seconds, None)]
                looked = speed(shared, options.seconds, lambda t=tool, p=process.pid: t(p))  # type: ignore[misc]
                alone.append(speed(shared, options.seconds, None))
                ratios.append(f"{name} {looked / statistics.mean(alone):.2f}")
        print(f"{version:9}{'   '.join(ratios)}", flush=True)


if __name__ == "__main__":
    main()
