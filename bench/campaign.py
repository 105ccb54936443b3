"""Attaches to busy and to sleeping targets, again and again: does any of them die, hang or refuse?

Usage: python -m bench.campaign [--count N] [--minutes M] [--at-once K] [PYTHON ...]

Prints a table a row an interpreter and way in: attaches made, deaths (the target ended), hangs
(the attach or the detach did not end in time, or the target did nothing for five seconds
afterwards) and failures (an error in words, the target well). A death or hang ends the target it
happened to; the next attach starts a new one.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from unittest import mock

import iqdebug.dap.attach as attach_module
from bench.targets import interpreters, python_version
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.dap.inject import Entry, inject
from iqdebug.errors import IqdebugError
from iqdebug.state import ProcessInfo

__all__ = ["KINDS", "Outcome", "Tally", "campaign"]

PROGRAM = """
import os, sys, threading, time

counter = os.open(sys.argv[2], os.O_RDWR)
kind = sys.argv[1]
chunks = 0

class Node:
    def __init__(self, value):
        self.value = value
        self.words = str(value) * 3

def chunk():
    global chunks
    found = {}
    for i in range(2000):
        found[i % 97] = [Node(i), i * i % 7]
    chunks += 1
    os.pwrite(counter, b"%20d" % chunks, 0)

def busy():
    while True:
        chunk()

def sleepy():
    while True:
        chunk()
        time.sleep(0.2)

def waiting():
    lock = threading.Lock()
    lock.acquire()
    threading.Thread(target=sleepy, daemon=True).start()
    while True:
        lock.acquire(timeout=1000)

for _ in range(3 if kind == "busy4" else 0):
    threading.Thread(target=busy, daemon=True).start()
{"busy": busy, "busy4": busy, "sleepy": sleepy, "waiting": waiting}[kind]()
"""

KINDS = ("busy", "busy4", "sleepy", "waiting")
"""One or four CPU-bound threads; a main thread that mostly sleeps; one that waits for a lock."""

_HANG = 100.0  # seconds: every deadline within an attach is shorter


@dataclass
class Outcome:
    attaches: int = 0
    deaths: int = 0
    hangs: int = 0
    failures: collections.Counter[str] = field(default_factory=collections.Counter)


Tally = dict[tuple[str, str], Outcome]
"""By interpreter version and way in."""


class _Target:
    """A process that counts its work in a file."""

    def __init__(self, process: asyncio.subprocess.Process, counter: int) -> None:
        self.process = process
        self.counter = counter

    def count(self) -> int:
        return int(os.pread(self.counter, 20, 0) or 0)

    async def advances(self, by: int = 1, timeout: float = 5.0) -> bool:
        """Whether it works on: ``by`` more chunks than now, in time."""
        wanted, deadline = self.count() + by, time.monotonic() + timeout
        while self.count() < wanted:
            if self.process.returncode is not None or time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.005)
        return True

    async def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        self.process._transport.close()  # type: ignore[attr-defined]
        os.close(self.counter)


async def _start(python: str, kind: str) -> _Target:
    handle, path = tempfile.mkstemp(prefix="iqdebug-campaign-")
    process = await asyncio.create_subprocess_exec(
        # A target with the same claim to the CPU as gdb would only make a campaign longer.
        *("nice", "-n", "10", python, "-B", "-c", PROGRAM, kind, path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    target = _Target(process, handle)
    working = await target.advances(2, 20.0)
    os.unlink(path)
    if not working:
        await target.close()
        raise RuntimeError(f"{python} did not start to work")
    return target


async def _once(target: _Target, version: str, tally: Tally, entries: dict[int, Entry]) -> bool:
    """One attach and detach; whether the target is fit for another."""
    pid = target.process.pid
    entries.pop(pid, None)
    problem: str | None = None
    hung = False
    try:
        info = ProcessInfo(pid, "", version, "", "")
        session = await asyncio.wait_for(attach(info, AttachOptions(wait=30.0)), _HANG)
        await asyncio.wait_for(session.detach(), _HANG)
    except IqdebugError as error:
        problem = f"{type(error).__name__}: {error.what.replace(str(pid), 'PID')}"
    except asyncio.TimeoutError:
        hung = True
    entry = entries.get(pid)
    outcome = tally.setdefault((version, entry.value if entry else "not entered"), Outcome())
    outcome.attaches += 1
    alive = await target.advances()
    if target.process.returncode is not None:
        outcome.deaths += 1
        return False
    if hung or not alive:
        outcome.hangs += 1
        return False
    if problem is not None:
        outcome.failures[problem] += 1
    return True


async def campaign(
    pythons: Iterable[str],
    count: int,
    *,
    kinds: Iterable[str] = KINDS,
    at_once: int = 2,
    each: int = 5,
    seconds: float | None = None,
) -> Tally:
    """``count`` attaches spread evenly over the interpreters and kinds of target, ``each`` to one
    process, ``at_once`` at a time. None is begun after ``seconds``."""
    tally: Tally = {}
    entries: dict[int, Entry] = {}
    started = time.monotonic()
    combinations = [(python, kind) for python in pythons for kind in kinds]
    rounds = -(-count // (each * len(combinations)))
    work = collections.deque((p, k) for _ in range(rounds) for p, k in combinations)
    left = count

    async def noted(pid: int, *arguments: object) -> Entry:
        entries[pid] = entry = await inject(pid, *arguments)  # type: ignore[arg-type]
        return entry

    async def worker() -> None:
        nonlocal left
        while work and left > 0:
            python, kind = work.popleft()
            target = await _start(python, kind)
            try:
                for _ in range(each):
                    late = seconds is not None and time.monotonic() - started > seconds
                    if left <= 0 or late:
                        return
                    left -= 1
                    if not await _once(target, python_version(python), tally, entries):
                        break
            finally:
                await target.close()

    with mock.patch.object(attach_module, "inject", noted):
        await asyncio.gather(*(worker() for _ in range(at_once)))
    return tally


def table(tally: Tally) -> list[str]:
    lines = [f"{'python':9}{'way in':15}{'attaches':>9}{'deaths':>8}{'hangs':>7}{'failures':>10}"]
    total = Outcome()
    for (version, way), found in sorted(
        tally.items(), key=lambda i: ([*map(int, i[0][0].split("."))], i[0][1])
    ):
        failures = sum(found.failures.values())
        lines.append(f"{version:9}{way:15}{found.attaches:9}{found.deaths:8}{found.hangs:7}{failures:10}")
        lines += [f"{'':9}  {n} x {words}" for words, n in found.failures.items()]
        total.attaches += found.attaches
        total.deaths += found.deaths
        total.hangs += found.hangs
        total.failures += found.failures
    failures = sum(total.failures.values())
    lines.append(f"{'all':24}{total.attaches:9}{total.deaths:8}{total.hangs:7}{failures:10}")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pythons", nargs="*", metavar="PYTHON")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=None, help="begin no attach after this")
    parser.add_argument("--at-once", type=int, default=2, metavar="K")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    tally = asyncio.run(
        campaign(
            options.pythons or interpreters(),
            options.count,
            at_once=options.at_once,
            seconds=options.minutes and options.minutes * 60,
        )
    )
    print("\n".join(table(tally)))
    print(f"{time.monotonic() - started:.0f} s, {options.at_once} at once")
    return 1 if any(o.deaths or o.hangs for o in tally.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
