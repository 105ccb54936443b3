"""The GPUs, memory and cores that a model can use on this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.messages import Text, message, render

__all__ = ["Gpu", "Machine", "look"]

_QUERY = ("--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")
_NVIDIA_SMI_TIMEOUT = 3.0  # seconds for nvidia-smi


@dataclass(frozen=True, slots=True)
class Gpu:
    """Bytes; ``free`` is what other programs have left."""

    name: str
    total: int
    free: int


@dataclass(frozen=True, slots=True)
class Machine:
    """:param ram: bytes that may be used, now; a cgroup's limit counts.
    :param note_message: why no GPU was found, "" when there is one; ``note`` in words.
    """

    gpus: tuple[Gpu, ...]
    ram: int
    cores: int
    note_message: Text = ""

    @property
    def note(self) -> str:
        return render(self.note_message)


def look(root: Path = Path("/"), command: Sequence[str] = ("nvidia-smi",)) -> Machine:
    """The hardware. Never raises; takes at most 3 s, and only if nvidia-smi hangs."""
    gpus, note = _gpus(command)
    return Machine(gpus, _ram(root), _cores(root), note)


def _gpus(command: Sequence[str]) -> tuple[tuple[Gpu, ...], Text]:
    try:
        run = subprocess.run(
            [*command, *_QUERY], capture_output=True, timeout=_NVIDIA_SMI_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return (), message("llm.hardware.no_gpu")
    except subprocess.TimeoutExpired:
        return (), message("llm.hardware.no_answer", seconds=f"{_NVIDIA_SMI_TIMEOUT:g}")
    except OSError as error:
        return (), message("llm.hardware.cannot_run", why=str(error.strerror))
    text = run.stdout.decode("utf-8", "replace")
    if run.returncode:
        last = (text or run.stderr.decode("utf-8", "replace")).strip().splitlines()
        return (), message("llm.hardware.failed", why=last[-1][:100] if last else run.returncode)
    gpus = []
    for line in text.splitlines():
        name, *numbers = (part.strip() for part in line.rsplit(",", 2))
        if len(numbers) == 2 and all(number.isdecimal() for number in numbers):
            gpus.append(Gpu(name, int(numbers[0]) << 20, int(numbers[1]) << 20))
    return tuple(gpus), "" if gpus else message("llm.hardware.none_listed")


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""


def _ram(root: Path) -> int:
    available = 0
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) << 10
    rooms = [available]
    for limit, used in (
        ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        most, now = _text(root / limit), _text(root / used)
        if most.isdecimal() and int(most) < 1 << 60:
            rooms.append(max(0, int(most) - (int(now) if now.isdecimal() else 0)))
    return min(rooms)


def _cores(root: Path) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _text(root / "sys/fs/cgroup/cpu.max").partition(" ")
    if not quota:
        quota = _text(root / "sys/fs/cgroup/cpu/cpu.cfs_quota_us")
        period = _text(root / "sys/fs/cgroup/cpu/cpu.cfs_period_us")
    if quota.isdecimal() and period.isdecimal() and int(period):
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores
