"""A worker of gunicorn that dies by a signal leaves its stack, while the master goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import iqdebug
from iqdebug.capture.native import convert
from iqdebug.crash import open_crash

ROOT = str(Path(iqdebug.__file__).resolve().parent.parent)
APPLICATION = """\
import ctypes, os
import iqdebug.capture
iqdebug.capture.install(os.environ["CRASHES"])


def dies():
    ctypes.string_at(0)


def app(environ, start_response):
    if environ["PATH_INFO"] == "/die":
        dies()
    start_response("200 OK", [("Content-Length", "4")])
    return [b"fine"]
"""


def asked(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        found: bytes = answer.read()
        return found


def until(port: int, deadline: float) -> bytes:
    while True:
        try:
            return asked(port, "/")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.mark.real
@pytest.mark.parametrize("options", [[], ["--preload"]], ids=["in the worker", "in the master"])
def test_a_worker_that_dies(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "application.py").write_text(APPLICATION)
    folder = tmp_path / "crashes"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTHON", "COV"))}
    master = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", *options, "application:app"],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": ROOT, "CRASHES": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(port, time.monotonic() + 20) == b"fine"
        with pytest.raises((OSError, urllib.error.URLError)):
            asked(port, "/die")
        assert until(port, time.monotonic() + 20) == b"fine"  # from another worker
        made: list[str] = []
        deadline = time.monotonic() + 20
        while not made and time.monotonic() < deadline:
            made = [found for found in (convert(str(path)) for path in folder.glob("*.native")) if found]
        (path,) = made
        crash = open_crash(Path(path))
        assert crash.meta.title.startswith("SIGSEGV")
        assert "dies" in [frame.function for frame in crash.frames.values()]
    finally:
        master.send_signal(signal.SIGTERM)
        assert master.wait(20) == 0
    assert not list(folder.glob("*.native"))
