"""The programs that measurements attach to."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PROGRAMS", "running"]


PROGRAMS = {
    "busy loop": """
import time
def step(i):
    square = i * i
    return square % 7
def work(n):
    total = 0
    for i in range(n):
        total += step(i)
    return total
def serve_forever():
    print("ready", flush=True)
    while True:
        work(20000)
serve_forever()
""",
    "sleeping service": """
import time
def handle(number):
    order = {"id": number, "items": list(range(10))}
    return sum(order["items"])
def wait_for_orders():
    time.sleep(0.05)
def serve_forever():
    print("ready", flush=True)
    number = 0
    while True:
        wait_for_orders()
        number += 1
        handle(number)
serve_forever()
""",
}
"""Programs by what they are like; each has a function ``serve_forever`` and says ``ready`` first."""


@contextmanager
def running(python: str, program: str) -> Iterator[int]:
    """The pid of a fresh process that runs one of :data:`PROGRAMS`; killed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "target.py")
        script.write_text(PROGRAMS[program])
        process = subprocess.Popen(
            [python, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"{python} did not start the program")
            yield process.pid
        finally:
            process.kill()
            process.communicate()
