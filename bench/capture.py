"""The cost of installed crash hooks for a program that does not crash, and of recording one crash.

Usage: python -m bench capture [--quick] [--python PY ...]

1. Steady state: the time of a workload with ``iqdebug.capture.install()`` over the time without, in
   fresh processes that alternate; the median of the ratios of neighbours. Log records and printed
   lines are kept in a ring, and are listed apart.
2. Start: ``python -m iqdebug.capture script`` against ``python script``.
3. One capture: time and size of the file for a deep stack, a gigabyte of reachable data, many
   threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.interpreters import interpreters, python_version

__all__ = ["BIG", "WORKLOADS", "main", "one_capture", "steady"]

ROOT = str(Path(__file__).resolve().parent.parent)

WORKLOADS = {
    "hot loop": "t = 0\nfor i in range(4_000_000): t += i * i % 7",
    "calls": "def f(x): return x + 1\nfor i in range(1_500_000): f(i)",
    "exceptions caught": """
for i in range(400_000):
    try: raise ValueError(i)
    except ValueError: pass""",
    "imports": """
import importlib, sys
for _ in range(6):
    for name in ("json", "email", "http.client", "xml.dom", "decimal", "argparse", "csv", "sqlite3"):
        for known in [m for m in sys.modules if m.split(".")[0] == name.split(".")[0]]: del sys.modules[known]
        importlib.import_module(name)""",
    "asyncio": """
import asyncio
async def work():
    for _ in range(60_000): await asyncio.sleep(0)
asyncio.run(work())""",
    "log records": """
import logging
logging.basicConfig(stream=open("/dev/null", "w"), level=20)
log = logging.getLogger("shop")
for i in range(40_000): log.info("order %d of %s", i, "ann")""",
    "printed lines": "import sys\nsys.stdout = sys.__stdout__\nfor i in range(300_000): print('line', i)",
}
_KEPT_APART = ("log records", "printed lines")

BIG = {
    "1,000 frames": """
import sys
sys.setrecursionlimit(3000)
def down(n):
    kept = {"n": n, "rows": list(range(50))}
    return down(n - 1) if n else kept["missing"]
down(1000)""",
    "1 GB reachable": """
class Row:
    def __init__(self, n): self.n, self.text, self.tags = n, "x" * 1000, [n, n + 1]
def work():
    rows = [Row(n) for n in range(150_000)]
    blob = [bytearray(1 << 20) for _ in range(750)]
    index = {row.n: row for row in rows}
    return index["missing"]
work()""",
    "200 threads": """
import threading
stop = threading.Event()
def wait(n):
    rows = [n] * 10
    stop.wait(30)
for n in range(200): threading.Thread(target=wait, args=(n,), daemon=True).start()
[][1]""",
}

_TIMER = """
import sys, time
sys.path.insert(0, {root!r})
if sys.argv[1] == "on":
    import iqdebug.capture
    iqdebug.capture.install(sys.argv[2])
code = compile(sys.argv[3], "<work>", "exec")
started = time.perf_counter()
exec(code, {{"__name__": "__main__"}})
sys.stdout.flush()
sys.stderr.write(repr(time.perf_counter() - started))
"""

_ONE = """
import json, os, sys, time
sys.path.insert(0, {root!r})
import iqdebug.capture
from iqdebug.capture import hooks
original = hooks.record
def timed(*arguments):
    started = time.perf_counter()
    path = original(*arguments)
    spent = time.perf_counter() - started
    os.write(2, json.dumps([spent, os.path.getsize(path)]).encode() + b"\\n")
    return path
hooks.record = timed
sys.excepthook = lambda *arguments: None
iqdebug.capture.install(sys.argv[1], native=False)
exec(compile(sys.argv[2], "<work>", "exec"), {{"__name__": "__main__"}})
"""


def _seconds(python: str, on: bool, folder: str, work: str) -> float:
    words = [python, "-c", _TIMER.format(root=ROOT), "on" if on else "off", folder, work]
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=120)
    return float(done.stderr)


def steady(python: str, work: str, pairs: int) -> float:
    """The median ratio of neighbouring runs, on over off; which goes first alternates."""
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(pairs):
            order = (True, False) if number % 2 else (False, True)
            spent = {on: _seconds(python, on, folder, work) for on in order}
            ratios.append(spent[True] / spent[False])
    return statistics.median(ratios)


def start(python: str, runs: int) -> tuple[float, float]:
    """Seconds of an empty script, without and with ``-m iqdebug.capture``."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "empty.py")
        script.write_text("")
        environ = {**os.environ, "PYTHONPATH": ROOT, "IQDEBUG_CAPTURE": folder}
        spent: dict[bool, list[float]] = {False: [], True: []}
        for number in range(2 * runs):
            watched = bool(number % 2)
            words = [python, *(["-m", "iqdebug.capture"] if watched else []), str(script)]
            started = time.perf_counter()
            subprocess.run(words, env=environ if watched else None, check=True, timeout=60)
            spent[watched].append(time.perf_counter() - started)
    return statistics.median(spent[False]), statistics.median(spent[True])


def one_capture(python: str, work: str) -> tuple[float, int]:
    """Seconds to record the program's crash, and bytes of the file."""
    with tempfile.TemporaryDirectory() as folder:
        words = [python, "-c", _ONE.format(root=ROOT), folder, work]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    seconds, size = json.loads(done.stderr.strip().splitlines()[0])
    return seconds, size


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="this interpreter alone, few runs")
    parser.add_argument("--python", nargs="*", metavar="PY")
    options = parser.parse_args(arguments)
    pythons = options.python or ([sys.executable] if options.quick else list(interpreters()))
    pairs = 3 if options.quick else 9
    print(
        f"{'installed / not, median of ' + str(pairs) + ' pairs':34}"
        + "".join(f"{python_version(p):>10}" for p in pythons)
    )
    for name, work in WORKLOADS.items():
        mark = " (kept in a ring)" if name in _KEPT_APART else ""
        cells = "".join(f"{steady(p, work, pairs):10.3f}" for p in pythons)
        print(f"{name + mark:34}{cells}", flush=True)
    for python in pythons:
        plain, watched = start(python, pairs)
        words = f"{plain * 1000:.0f} ms, with -m iqdebug.capture {watched * 1000:.0f} ms"
        print(f"{python_version(python):8}start of an empty script: {words}", flush=True)
    for name, work in BIG.items():
        sizes: list[str] = []
        for python in pythons:
            seconds, size = one_capture(python, work)
            sizes.append(f"{python_version(python)} {seconds:.2f} s {size / 1000:,.0f} kB")
        print(f"{name:16}" + "   ".join(sizes), flush=True)
    return 0
