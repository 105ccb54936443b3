"""Which models are recommended for which machine, and how fast they can be."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from iqdebug.llm.gguf.bandwidth import gpu_bandwidth, ram_bandwidth
from iqdebug.llm.gguf.hardware import Gpu, Machine
from iqdebug.llm.gguf.plan import plan
from iqdebug.llm.presets import Preset, presets
from iqdebug.llm.recommend import MIN_SPEED, MIN_WINDOW, Recommendation, recommended, tokens_per_second

GIB = 1 << 30
CARDS = {
    "RTX 4090": Gpu("NVIDIA GeForce RTX 4090", 24 * GIB, 23 * GIB),
    "H100": Gpu("NVIDIA H100 80GB HBM3", 80 * GIB, 79 * GIB),
    "unknown": Gpu("Card of 2031", 24 * GIB, 23 * GIB),
}


@pytest.fixture
def known(tmp_path: Path) -> dict[str, Preset]:
    return presets(tmp_path)


def machine(ram: float, *cards: str) -> Machine:
    return Machine(tuple(CARDS[card] for card in cards), int(ram * GIB), 8)


def names(found: list[Recommendation]) -> list[str]:
    return [each.preset.name for each in found]


@pytest.mark.parametrize(
    ("this", "ram_speed", "best"),
    [
        (machine(6), 20e9, "qwen2.5-coder-3b-instruct"),
        (machine(12), 40e9, "qwen2.5-coder-7b-instruct"),
        (machine(60), 200e9, "qwen2.5-coder-32b-instruct"),
        (machine(32, "RTX 4090"), 60e9, "qwen2.5-coder-32b-instruct"),
        (machine(128, "H100"), 100e9, "qwen2.5-coder-32b-instruct"),
        (machine(32, "unknown"), 60e9, "qwen2.5-coder-32b-instruct"),
    ],
)
def test_the_best_for_a_machine(this: Machine, ram_speed: float, best: str, known: dict[str, Preset]) -> None:
    found = recommended(known.values(), this, ram_speed)
    assert names(found)[0] == best and 2 <= len(found) <= 3
    for each in found:
        assert each.plan.fits and each.plan.n_ctx >= MIN_WINDOW
        assert each.speed >= MIN_SPEED or this.gpus == (CARDS["unknown"],)
        assert each.preset.code and each.preset.tool_format and each.file.gigabytes
        assert each.command.startswith(f"iqdebug models pull {each.preset.name} ")


def test_smaller_ones_are_named_because_they_are_faster(known: dict[str, Preset]) -> None:
    found = recommended(known.values(), machine(12), 60e9)
    assert len(found) == 3
    for larger, smaller in itertools.pairwise(found):
        assert smaller.file.gigabytes < larger.file.gigabytes and smaller.speed >= 1.5 * larger.speed


def test_where_all_are_too_slow_the_fastest_is_named(known: dict[str, Preset]) -> None:
    assert names(recommended(known.values(), machine(24), 2e9)) == ["qwen2.5-coder-0.5b-instruct"]


def test_where_nothing_fits_nothing_is_named(known: dict[str, Preset]) -> None:
    assert recommended(known.values(), machine(0.4), 20e9) == []


def test_a_file_that_is_not_the_usual_one_is_named_in_the_command(known: dict[str, Preset]) -> None:
    only = [known["iquest-coder-v1-7b-instruct"]]
    (found,) = recommended(only, machine(16), 60e9)
    assert found.command == "iqdebug models pull iquest-coder-v1-7b-instruct --file q3_k_m --use"


def test_speed_is_the_bandwidth_over_the_bytes_that_a_token_reads(known: dict[str, Preset]) -> None:
    preset = known["qwen3-coder-30b-a3b-instruct"]
    assert preset.shape is not None
    shape = preset.shape.shape()
    weights = preset.files[0].weights(shape)
    for this in (machine(60), machine(60, "RTX 4090")):
        made = plan(shape, weights, this)
        whole = tokens_per_second(made, weights, 1.0, this, 50e9)
        assert tokens_per_second(made, weights, 0.1, this, 50e9) == pytest.approx(whole * 10)
        if not this.gpus:
            assert whole == pytest.approx(50e9 / weights.total)
        else:  # all of it is on the card, but for the embedding
            assert whole == pytest.approx(1008e9 / (weights.total - weights.embedding))
    some = machine(60, "unknown")
    assert tokens_per_second(plan(shape, weights, some), weights, 1.0, some, 50e9) == 0


def test_bandwidths() -> None:
    assert ram_bandwidth(2) > 0
    assert gpu_bandwidth("NVIDIA A100-SXM4-80GB") == 2039e9
    assert gpu_bandwidth("Tesla T4") == 320e9
    assert gpu_bandwidth("NVIDIA GeForce RTX 4090 Laptop GPU") == 0
