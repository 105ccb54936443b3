"""Speed of a hot loop while attached, after a pause, with a breakpoint elsewhere, and after detach.

Usage: python -m bench.overhead [--seconds N] [--windows N] [--no-rival] [PYTHON ...]

A figure is the speed of a process in chunks of work for each second of its main thread's own CPU
time, divided by the same process's speed before anything was attached. Beside it runs an untouched
twin, and speeds are taken as ratios to the twin's in the same window, so that what the machine
does meanwhile (other load, clock changes) cancels out; medians of several windows are compared.
The rival in the same run is stock debugpy (``debugpy --listen --pid``), attached and disconnected
by a bare client. n/a: the rival does not work on that interpreter.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.rival import StockAttach
from bench.stepping import Stops
from iqdebug.core.errors import IqdebugError
from iqdebug.core.state import Breakpoint, ProcessInfo
from iqdebug.dap.attach import AttachOptions, attach
from tests.support.interpreters import interpreters, python_version

__all__ = ["HotLoop", "Pair", "main"]

GOAL = 0.95  # of the speed before, after detach
TARGET = """
import os, sys, threading, time
def work(n):
    total = 0
    for i in range(n):
        total += step(i)
    return total
def step(i):
    return i * i % 7
def elsewhere(chunks):
    return chunks + 1
def count(counter):
    chunks = 0
    while True:
        work(20000)
        chunks = elsewhere(chunks)
        os.pwrite(counter, b"%20d" % chunks, 0)
if "blocked" in sys.argv:
    threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
count(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT))
"""
ELSEWHERE = 1 + TARGET.splitlines().index("    return chunks + 1")
COLUMNS = ("attached", "after a pause", "breakpoint", "after", "stock attached", "stock after")


class HotLoop:
    """A context manager: a process that counts its chunks of work in a file.

    :param blocked: with a second thread that is blocked in C.
    """

    def __init__(self, python: str, blocked: bool = False) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.script = Path(self.folder.name, "hot.py")
        self.script.write_text(TARGET)
        self.counter = Path(self.folder.name, "count")
        self.counter.write_bytes(b"%20d" % 0)
        self.process = subprocess.Popen(
            [python, str(self.script), str(self.counter), *(["blocked"] if blocked else [])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> HotLoop:
        deadline = time.monotonic() + 20
        while self.count() < 3:
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.__exit__()
                raise RuntimeError("the hot loop did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def count(self) -> int:
        return int(self.counter.read_bytes() or 0)

    def cpu(self) -> float:
        """CPU seconds of the main thread so far.

        :raises RuntimeError: the process is gone.
        """
        try:
            stat = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/schedstat").read_text()
        except OSError:
            raise RuntimeError("the process died") from None
        return int(stat.split()[0]) / 1e9


class Pair:
    """A context manager: the loop under test and its untouched twin."""

    def __init__(self, python: str, seconds: float, windows: int, blocked: bool = False) -> None:
        self.loop, self.twin = HotLoop(python, blocked), HotLoop(python, blocked)
        self._seconds, self._windows = seconds, windows
        self._before = 0.0

    def __enter__(self) -> Pair:
        self.loop.__enter__()
        self.twin.__enter__()
        processor = max(os.sched_getaffinity(0))
        for process in (self.loop.process, self.twin.process):
            os.sched_setaffinity(process.pid, {processor})
        self._before = self._relative()
        return self

    def __exit__(self, *exc: object) -> None:
        self.loop.__exit__()
        self.twin.__exit__()

    def speed(self) -> float:
        """The current speed, as a ratio to the speed before."""
        return self._relative() / self._before

    def _relative(self) -> float:
        return statistics.median(self._window() for _ in range(self._windows))

    def _window(self) -> float:
        """Wait until both have had their share of the processor."""
        pair = (self.loop, self.twin)
        before = [(p.count(), p.cpu()) for p in pair]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(self._seconds / 2)
            done = [(p.count() - n, p.cpu() - t) for p, (n, t) in zip(pair, before, strict=True)]
            if all(cpu >= self._seconds / 2 and chunks for chunks, cpu in done):
                (chunks, cpu), (twin_chunks, twin_cpu) = done
                return (chunks / cpu) / (twin_chunks / twin_cpu)
        raise RuntimeError(f"no progress for a minute: chunks and seconds of CPU were {done}")


async def with_iqdebug(pair: Pair, version: str) -> dict[str, float]:
    info = ProcessInfo(pid=pair.loop.process.pid, user="", python=version, command="", cwd="")
    session = await attach(info, AttachOptions())
    row = {"attached": await asyncio.to_thread(pair.speed)}
    stops = Stops()
    session.subscribe(stops)
    epoch = session.snapshot.epoch
    await session.pause()
    await stops.after(epoch)
    await session.resume()
    row["after a pause"] = await asyncio.to_thread(pair.speed)
    never = Breakpoint(path=str(pair.loop.script), line=ELSEWHERE, condition="chunks < 0")
    await session.set_breakpoints([never])
    row["breakpoint"] = await asyncio.to_thread(pair.speed)
    await session.detach()
    row["after"] = await asyncio.to_thread(pair.speed)
    return row


def with_stock(pair: Pair) -> dict[str, float]:
    try:
        with StockAttach(pair.loop.process.pid):
            attached = pair.speed()
    except (RuntimeError, OSError, EOFError, subprocess.SubprocessError):
        return {}
    return {"stock attached": attached, "stock after": pair.speed()}


def measure(python: str, seconds: float, windows: int, rival: bool, blocked: bool) -> dict[str, float]:
    with Pair(python, seconds, windows, blocked) as pair:
        row = asyncio.run(with_iqdebug(pair, python_version(python)))
    if rival:
        with Pair(python, seconds, windows, blocked) as pair:
            row |= with_stock(pair)
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench overhead", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", help="default: each of 3.8 to 3.14 found")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a window (default %(default)s)")
    parser.add_argument("--windows", type=int, default=5, help="for each figure (default %(default)s)")
    parser.add_argument("--no-rival", action="store_true", help="leave stock debugpy out")
    options = parser.parse_args(arguments)
    print("speed as a ratio to the same process before, by CPU time, beside an untouched twin")
    print(
        f"{'python':9}{'threads':13}" + "".join(f"{name:>15}" for name in COLUMNS) + "  goal: after >= 0.95"
    )
    for python in options.pythons or interpreters():
        for blocked in (False, True):
            head = f"{python_version(python):9}{'one, one in C' if blocked else 'one':13}"
            rival = not options.no_rival and not blocked
            try:
                row = measure(python, options.seconds, options.windows, rival, blocked)
            except (IqdebugError, RuntimeError, asyncio.TimeoutError) as error:
                print(f"{head}  failed: {error}", flush=True)
                continue
            shown = [f"{row[n]:15.2f}" if n in row else f"{'n/a' if rival else '':>15}" for n in COLUMNS]
            print(f"{head}{''.join(shown)}  {'met' if row['after'] >= GOAL else 'NOT MET'}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
