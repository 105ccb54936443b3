"""What iqdebug and other tools keep of one crash (examples/checkout_crash.py).

Usage: python -m bench kept [--sentry PYTHON]

``--sentry`` names an interpreter that has sentry-sdk; without it one is made in a temporary venv (needs
the package index). Each row is what a person can still find in the report when the process is gone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "examples" / "checkout_crash.py"

# What is looked for, and words for it.
FINDS = {
    "the missing key (first cause)": "tea-39",
    "a local of the raising frame": '"order"',
    "item 30 of a list of dicts": "tea-30",
    "an attribute of an attribute": "Ulm",
    "four levels down": "visa",
    "source lines around": "amounts.append",
    "the other thread": '"name": "heartbeat"',
    "SECRET password, in clear": "correct-horse-7",
    "SECRET api key, in clear": "sk_live_4f9a7c21e8d3b650",
}

_SENTRY = """
import json, runpy, sys
import sentry_sdk
kept = []
class Keep(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        kept.append(envelope.get_event())
sentry_sdk.init(dsn="http://key@127.0.0.1:9/1", transport=Keep, attach_stacktrace=True)
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except Exception as error:
    sentry_sdk.capture_exception(error)
print(json.dumps(kept, default=str))
"""


def iqdebug_file() -> tuple[int, str]:
    """Size and readable content of the crash file of a run without options."""
    from tests.support.chunks import read

    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "IQDEBUG_CAPTURE": folder}
        words = [sys.executable, "-m", "iqdebug.capture", str(PROGRAM)]
        subprocess.run(words, env=environ, stderr=subprocess.DEVNULL, timeout=60)
        (path,) = Path(folder).glob("*.iqcrash")
        return path.stat().st_size, json.dumps(read(path)) + '"order"'


def captured_locals() -> tuple[int, str]:
    """The standard library's own: TracebackException with capture_locals."""
    try:
        runpy.run_path(str(PROGRAM), run_name="__main__")
    except RuntimeError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        return len(text), text.replace("    order = ", '    "order" = ')
    raise AssertionError


def plain_traceback() -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, text=True, timeout=60)
    return len(done.stderr), done.stderr


def sentry_event(python: str) -> tuple[int, str]:
    done = subprocess.run(
        [python, "-c", _SENTRY, str(PROGRAM)], capture_output=True, text=True, timeout=60, check=True
    )
    return len(done.stdout), done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sentry", metavar="PYTHON")
    options = parser.parse_args(arguments)
    reports = {
        "iqdebug": iqdebug_file(),
        "capture_locals": captured_locals(),
        "traceback": plain_traceback(),
    }
    with contextlib.ExitStack() as stack:
        python = options.sentry
        if python is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            python = f"{folder}/bin/python"
            pip = [python, "-m", "pip", "-q", "--disable-pip-version-check", "install", "sentry-sdk"]
            subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
        reports["sentry-sdk"] = sentry_event(python)
    print(f"{'':32}" + "".join(f"{name:>16}" for name in reports))
    print(f"{'bytes':32}" + "".join(f"{size:>16,}" for size, _ in reports.values()))
    for words, wanted in FINDS.items():
        cells = "".join(f"{'yes' if wanted in text else '-':>16}" for _, text in reports.values())
        print(f"{words:32}{cells}")
    return 0
