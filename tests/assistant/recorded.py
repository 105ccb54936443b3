"""Programs that really crash in a folder of their own, recorded by the real capture."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.state import Diagnosis
from iqdebug.crash import Crash, open_crash
from iqdebug.diagnosis import diagnose

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Recorded:
    crash: Crash
    diagnosis: Diagnosis
    root: Path
    program: Path


def record(
    root: Path, *words: str, environ: dict[str, str] | None = None, cwd: Path | None = None
) -> Recorded:
    """Run ``python -m iqdebug.capture WORDS`` in the folder and open what it left."""
    crashes = root.parent / f"{root.name}-crashes"
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "IQDEBUG", "COV"))}
    settings.update(environ or {})
    command = [sys.executable, "-m", "iqdebug.capture", "--dir", str(crashes), *words]
    done = subprocess.run(command, cwd=cwd or root, env=settings, capture_output=True, text=True, timeout=50)
    files = sorted(crashes.glob("*.iqcrash"))
    assert files, done.stdout + done.stderr
    crash = open_crash(files[-1])
    diagnosis = diagnose(crash.snapshot, read_source=crash.read_source)
    return Recorded(crash, diagnosis, root, root / words[0])


def record_example(name: str, folder: Path) -> Recorded:
    """An example, copied into a project of its own."""
    root = folder / "shop"
    root.mkdir()
    shutil.copy(EXAMPLES / f"{name}.py", root)
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    return record(root, f"{name}.py")


def record_text(source: str, folder: Path, name: str = "program.py") -> Recorded:
    root = folder / "shop"
    root.mkdir(exist_ok=True)
    (root / name).write_text(source)
    return record(root, name)
