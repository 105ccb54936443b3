"""Speed of a hot loop before, while attached, paused-and-continued, and after detach.

Usage: python -m bench.overhead [--seconds N] [PYTHON ...]

The figures are ratios to the same process's own speed before iqdebug came, on each interpreter.
The rival in the same run is stock debugpy (``debugpy --pid``), attached and disconnected with a
bare DAP client; `--no-rival` leaves it out.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.rival import StockAttach
from bench.targets import interpreters, python_version
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.state import ProcessInfo

TARGET = """
import os, sys, time
def work(n):
    total = 0
    for i in range(n):
        total += step(i)
    return total
def step(i):
    return i * i % 7
def main(counter):
    chunks = 0
    while True:
        work(20000)
        chunks += 1
        os.pwrite(counter, b"%20d" % chunks, 0)
main(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT))
"""


class HotLoop:
    """A process that counts its chunks of work into a file. A context manager."""

    def __init__(self, python: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        script = Path(self.folder.name, "hot.py")
        script.write_text(TARGET)
        self.counter = Path(self.folder.name, "count")
        self.counter.write_bytes(b"%20d" % 0)
        self.process = subprocess.Popen([python, str(script), str(self.counter)])

    def __enter__(self) -> HotLoop:
        while self.count() < 3:
            time.sleep(0.01)
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def count(self) -> int:
        return int(self.counter.read_bytes() or 0)

    def speed(self, seconds: float) -> float:
        """Chunks per second of its own CPU time: other load on the machine does not count."""
        chunks, cpu = self.count(), self._cpu()
        time.sleep(seconds)
        spent = self._cpu() - cpu
        return (self.count() - chunks) / spent if spent else 0.0

    def _cpu(self) -> float:
        """Seconds of CPU of the main thread."""
        fields = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/schedstat").read_text().split()
        return int(fields[0]) / 1e9


async def with_iqdebug(loop: HotLoop, version: str, seconds: float) -> dict[str, float]:
    info = ProcessInfo(pid=loop.process.pid, user="", python=version, command="", cwd="")
    session = await attach(info, AttachOptions())
    attached = await asyncio.to_thread(loop.speed, seconds)
    await session.detach()
    after = await asyncio.to_thread(loop.speed, seconds)
    return {"attached": attached, "after": after}


def measure(python: str, seconds: float, rival: bool) -> dict[str, float]:
    version = python_version(python)
    row: dict[str, float] = {}
    with HotLoop(python) as loop:
        before = statistics.median(loop.speed(seconds) for _ in range(3))
        row |= {k: v / before for k, v in asyncio.run(with_iqdebug(loop, version, seconds)).items()}
    if rival:
        with HotLoop(python) as loop:
            before = statistics.median(loop.speed(seconds) for _ in range(3))
            with StockAttach(loop.process.pid):
                row["debugpy attached"] = loop.speed(seconds) / before
            row["debugpy after"] = loop.speed(seconds) / before
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs="*", default=None)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--no-rival", action="store_true")
    options = parser.parse_args()
    names = ("attached", "after", "debugpy attached", "debugpy after")
    print("speed as a ratio to the same process before; CPU time of its main thread")
    print(f"{'python':10}" + "".join(f"{name:>18}" for name in names))
    for python in options.pythons or interpreters():
        try:
            row = measure(python, options.seconds, not options.no_rival)
        except Exception as error:  # one interpreter's failure is a row, not the end of the table
            print(f"{python_version(python):10} failed: {error}")
            continue
        print(
            f"{python_version(python):10}" + "".join(f"{row.get(n, float('nan')):18.3f}" for n in names),
            flush=True,
        )


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
