"""Plans, and what llama.cpp really allocates."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from iqdebug.core.errors import ModelError
from iqdebug.llm.gguf.hardware import Gpu, Machine, look
from iqdebug.llm.gguf.inspect import Shape, inspect
from iqdebug.llm.gguf.plan import Weights, compute_bytes, kv_bytes, output_bytes, plan
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow

GIB = 1 << 30
BIG = Shape(80, 5120, 40, 8, 128, 27648, 76800, 131072)
Q4 = Weights((290 << 20,) * 80, 220 << 20, 320 << 20)
TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
LOAD = """
import sys, llama_cpp
path, ctx, ubatch, flash, kind = sys.argv[1], *map(int, sys.argv[2:])
more = dict(flash_attn=bool(flash), type_k=kind, type_v=kind)
llama_cpp.Llama(path, n_ctx=ctx, n_batch=512, n_ubatch=ubatch, **more)
"""
# layers, width, heads, kv heads, vocabulary, window, KV type, flash attention, ubatch
MATRIX = [
    (8, 512, 8, 2, 4000, 8192, "f16", True, 128),
    (8, 512, 8, 2, 4000, 8192, "q8_0", True, 128),
    (8, 512, 8, 2, 4000, 8192, "q4_0", True, 64),
    (6, 768, 12, 4, 2000, 16384, "f16", True, 64),
    (12, 512, 8, 8, 1000, 4096, "f16", True, 256),
    (8, 512, 8, 4, 4000, 5000, "f16", False, 32),
]


def allocated(path: Path, n_ctx: int, ubatch: int, flash: bool, kind: str) -> dict[str, float]:
    command = [sys.executable, "-c", LOAD, path, n_ctx, ubatch, int(flash), TYPES[kind]]
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=50)
    assert run.returncode == 0, run.stderr[-2000:]
    found: dict[str, float] = {}
    for what, size in re.findall(r"(model|KV|compute|output) buffer size = +([\d.]+) MiB", run.stderr):
        found[what] = found.get(what, 0.0) + float(size)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("row", MATRIX, ids=str)
def test_against_llama_cpp(row: tuple[int, ...], tmp_path: Path) -> None:
    layers, width, heads, kv_heads, extra, n_ctx, kind, flash, ubatch = row
    path = write_tiny(
        tmp_path / "t.gguf",
        layers=layers,
        width=width,
        heads=heads,
        kv_heads=kv_heads,
        vocab_extra=extra,
        ftype="f16",
    )
    what, real = inspect(path), allocated(path, n_ctx, ubatch, bool(flash), str(kind))
    ours = {
        "model": sum(what.layer_bytes) + what.embedding_bytes + what.output_bytes,
        "KV": layers * kv_bytes(what.shape, n_ctx, str(kind)),
        "compute": compute_bytes(what.shape, n_ctx, ubatch, bool(flash)),
        "output": output_bytes(what.shape),
    }
    for name in ours:
        print(f"{name:<8} {ours[name] / (1 << 20):9.2f} planned {real[name]:9.2f} real MiB")
    for name in ("model", "KV"):
        assert ours[name] / (1 << 20) == pytest.approx(real[name], rel=0.01)
    assert ours["output"] / (1 << 20) == pytest.approx(real["output"], abs=0.01)
    total = sum(ours.values()) / (1 << 20)
    print(f"together {total / sum(real.values()) - 1:+.2%}")
    assert total == pytest.approx(sum(real.values()), rel=0.03)


def test_the_known_cache_size() -> None:
    assert 80 * kv_bytes(BIG, 131072, "f16") == 40 * GIB


def test_loop_keeps_a_window_more_and_swa_full_doubles() -> None:
    loop = Shape(80, 5120, 40, 8, 128, 27648, 76800, 131072, 2, 64)
    one = kv_bytes(BIG, 131072, "f16")
    assert kv_bytes(loop, 131072, "f16") == one + one * 768 // 131072
    assert kv_bytes(loop, 131072, "f16", swa_full=True) == 2 * one


def test_a_large_gpu_takes_all() -> None:
    made = plan(BIG, Q4, Machine((Gpu("a", 80 * GIB, 80 * GIB),), 64 * GIB, 8))
    assert made.fits and made.n_gpu_layers == 81 and made.n_ctx == 131072 and made.kv_type == "f16"
    assert made.gpu <= 80 * GIB


def test_a_small_gpu_takes_a_part_and_says_so() -> None:
    made = plan(BIG, Q4, Machine((Gpu("a", 16 * GIB, 16 * GIB),), 64 * GIB, 8))
    assert made.fits and 0 < made.n_gpu_layers < 80
    assert made.gpu <= 16 * GIB and "All layers" in made.next_up


def test_two_gpus_take_more_than_one() -> None:
    one, two = Gpu("a", 16 * GIB, 16 * GIB), Gpu("b", 16 * GIB, 16 * GIB)
    ram = 64 * GIB
    assert (
        plan(BIG, Q4, Machine((one, two), ram, 8)).n_gpu_layers
        > plan(BIG, Q4, Machine((one,), ram, 8)).n_gpu_layers
    )


def test_no_room_at_all() -> None:
    made = plan(BIG, Q4, Machine((), 4 * GIB, 8))
    assert not made.fits and "does not fit" in made.reasons[0]


def test_wishes_are_kept_or_refused() -> None:
    made = plan(BIG, Q4, Machine((), 128 * GIB, 8), n_ctx=5000, kv_type="q4_0")
    assert (made.n_ctx, made.kv_type, made.fits) == (5120, "q4_0", True)
    odd = Shape(2, 96, 4, 2, 24, 192, 300, 4096)
    with pytest.raises(ModelError, match="not possible"):
        plan(odd, Q4, Machine((), GIB, 1), kv_type="q8_0")


def test_the_machine_is_read_from_its_files(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   1048576 kB\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/memory.max").write_text("536870912\n")
    (tmp_path / "sys/fs/cgroup/memory.current").write_text("436870912\n")
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("100000 100000\n")
    machine = look(tmp_path, ("no-such-nvidia-smi",))
    assert (machine.gpus, machine.ram, machine.cores) == ((), 100_000_000, 1)
    assert "not installed" in machine.note


def test_nvidia_smi(tmp_path: Path) -> None:
    script = tmp_path / "smi"
    script.write_text("#!/bin/sh\necho 'NVIDIA X, 24564, 20000'\necho 'odd, [N/A], [N/A]'\n")
    script.chmod(0o755)
    assert look(command=(str(script),)).gpus == (Gpu("NVIDIA X", 24564 << 20, 20000 << 20),)
    script.write_text("#!/bin/sh\necho 'no driver'; exit 9\n")
    assert "no driver" in look(command=(str(script),)).note
