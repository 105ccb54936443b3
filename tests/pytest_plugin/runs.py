"""Runs a real pytest on generated test files, and reads the crash files."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.chunks import crash_files, read

_CONFIG = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"


@dataclass
class Failure:
    """One crash file."""

    content: dict[str, list[Any]]

    @property
    def title(self) -> str:
        return str(self.content["META"][0]["title"])

    @property
    def test(self) -> dict[str, Any]:
        return dict(self.content["TEST"][0])

    @property
    def message(self) -> str:
        return str(self.content["EXCN"][0]["nodes"][0]["message"])

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The exception's frames, innermost first."""
        known = {row["id"]: row for chunk in self.content["FRAM"] for row in chunk["frames"]}
        return [known[number] for number in self.content["EXCN"][0]["nodes"][0]["frames"]]

    @property
    def functions(self) -> list[str]:
        return [row["function"].rsplit(".", 1)[-1] for row in self.frames]

    def local(self, name: str, frame: int = 0) -> str:
        values = {key: row for chunk in self.content["VALU"] for key, row in chunk["values"].items()}
        (number,) = (number for known, _, number in self.frames[frame]["locals"] if known == name)
        return str(values[str(number)]["text"])


@dataclass
class Run:
    output: str
    code: int
    folder: Path

    @property
    def failures(self) -> dict[str, Failure]:
        """The crash files by test and phase; asserts that there is one for each."""
        listed = [Failure(read(path)) for path in crash_files(self.folder)]
        by_test = {f"{each.test['nodeid']} {each.test['when']}": each for each in listed}
        assert len(by_test) == len(listed)
        return by_test

    @property
    def printed_lines(self) -> list[str]:
        """The lines that iqdebug printed."""
        return [line for line in self.output.splitlines() if line.startswith("iqdebug: ")]


def environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IQDEBUG", "PYTEST", "COV"))}
    return {**kept, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "200", "NO_COLOR": "1"}


def prepare(folder: Path, *sources: str, **files: str) -> None:
    """``sources`` become test_a.py; ``files`` are named by their stem."""
    named = {"test_a": "\n".join(map(textwrap.dedent, sources)), **files}
    for stem, text in named.items():
        if text:
            (folder / f"{stem}.py").write_text(textwrap.dedent(text))
    (folder / "pytest.ini").write_text(_CONFIG)


def pytest_words(*options: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]


def run(folder: Path, *options: str, **environ: str) -> Run:
    """Run pytest in the folder. Crash files are expected in ``crashes``: use ``--iqdebug=crashes``."""
    done = subprocess.run(
        pytest_words(*options),
        cwd=folder,
        env={**environment(folder), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
    )
    return Run(done.stdout + done.stderr, done.returncode, folder / "crashes")
