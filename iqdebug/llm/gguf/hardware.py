"""The GPUs, memory and cores that a model can use on this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    :param note: why no GPU was found, "" when there is one.
    """

    gpus: tuple[Gpu, ...]
    ram: int
    cores: int
    note: str = ""


def look(root: Path = Path("/"), command: Sequence[str] = ("nvidia-smi",)) -> Machine:
    """The hardware. Never raises; takes at most 3 s, and only if nvidia-smi hangs."""
    gpus, note = _gpus(command)
    return Machine(gpus, _ram(root), _cores(root), note)


def _gpus(command: Sequence[str]) -> tuple[tuple[Gpu, ...], str]:
    try:
        run = subprocess.run(
            [*command, *_QUERY], capture_output=True, timeout=_NVIDIA_SMI_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return (), "no GPU found (nvidia-smi is not installed)"
    except subprocess.TimeoutExpired:
        return (), f"nvidia-smi gave no answer in {_NVIDIA_SMI_TIMEOUT:g} s"
    except OSError as error:
        return (), f"nvidia-smi cannot be run: {error.strerror}"
    text = run.stdout.decode("utf-8", "replace")
    if run.returncode:
        last = (text or run.stderr.decode("utf-8", "replace")).strip().splitlines()
        return (), f"nvidia-smi failed: {last[-1][:100] if last else run.returncode}"
    gpus = []
    for line in text.splitlines():
        name, *numbers = (part.strip() for part in line.rsplit(",", 2))
        if len(numbers) == 2 and all(number.isdecimal() for number in numbers):
            gpus.append(Gpu(name, int(numbers[0]) << 20, int(numbers[1]) << 20))
    return tuple(gpus), "" if gpus else "nvidia-smi lists no GPU whose memory it knows"


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
