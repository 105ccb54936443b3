"""Files that are wrong are refused in words, and plain models are left as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.native.harness import evaluate
from tests.native.tiny import Shape, make_weights, write_gguf

pytestmark = pytest.mark.slow

SHAPE = Shape()
LABELS = ("iquestloopcoder", "llama")
Weights = dict[str, Any]


def without(name: str) -> Callable[[Weights], Weights]:
    return lambda weights: {key: value for key, value in weights.items() if key != name}


WRONG: dict[str, tuple[dict[str, Any], Callable[[Weights], Weights], str]] = {
    "three passes": ({"loop_num": 3}, dict, "loop.num is 3"),
    "no window": ({"window": None}, dict, "loop.window_size is missing"),
    "a window of nothing": ({"window": 0}, dict, "loop.window_size is missing or 0"),
    "a gate's weight is missing": (
        {},
        without("blk.1.loop_gate.weight"),
        "'blk.1.loop_gate.weight' is missing",
    ),
    "a gate's bias is missing": ({}, without("blk.0.loop_gate.bias"), "'blk.0.loop_gate.bias' is missing"),
    "a gate for other heads": (
        {},
        lambda weights: {**weights, "blk.0.loop_gate.bias": np.zeros(5, np.float32)},
        "blk.0.loop_gate.bias",
    ),
}


@pytest.fixture(scope="module")
def refused(library: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("wrong")
    jobs = []
    for label in LABELS:
        for name, (keys, change, _) in WRONG.items():
            path = folder / f"{label}-{name.replace(' ', '-')}.gguf"
            write_gguf(path, SHAPE, change(make_weights(SHAPE)), label=label, **keys)
            jobs.append({"name": f"{label}, {name}", "model": str(path), "steps": []})
    path = write_gguf(folder / "once.gguf", SHAPE, make_weights(SHAPE), loop_num=1)
    jobs.append({"name": "one pass", "model": str(path), "steps": []})
    path = write_gguf(folder / "none.gguf", SHAPE, make_weights(SHAPE), loop_num=None)
    jobs.append({"name": "no number", "model": str(path), "steps": []})
    return {name: answer.about for name, answer in evaluate(library, jobs, folder).items()}


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_file_is_refused_in_words(refused: dict[str, Any], label: str, name: str) -> None:
    about = refused[f"{label}, {name}"]
    assert not about["loaded"]
    assert WRONG[name][2] in "".join(about["log"])


def test_the_label_alone_needs_its_number_of_passes(refused: dict[str, Any]) -> None:
    assert "loop.num is 1, and only 2 passes are implemented" in "".join(refused["one pass"]["log"])
    assert "loop.num is 0, and only 2 passes are implemented" in "".join(refused["no number"]["log"])


def test_stock_llama_cpp_refuses_loop_files_under_either_label(library: Path, tmp_path: Path) -> None:
    weights = make_weights(SHAPE)
    jobs = [
        {"name": label, "model": str(write_gguf(tmp_path / label, SHAPE, weights, label=label)), "steps": []}
        for label in LABELS
    ]
    stock = evaluate(None, jobs, tmp_path)
    assert "unknown model architecture" in "".join(stock["iquestloopcoder"].about["log"])
    assert "wrong number of tensors" in "".join(stock["llama"].about["log"])


@pytest.mark.parametrize("loop_num", [None, 0, 1])
def test_a_plain_llama_computes_the_same_bits_as_with_stock(
    library: Path, tmp_path: Path, loop_num: int | None
) -> None:
    weights = make_weights(SHAPE, loop=False)
    kinds = ("f32", "q8_0")
    jobs = []
    for kind in kinds:
        path = tmp_path / f"{kind}.gguf"
        write_gguf(path, SHAPE, weights, label="llama", loop_num=loop_num, window=None, weights_type=kind)
        tokens = np.random.default_rng(3).integers(0, SHAPE.words, 200).tolist()
        steps = [{"eval": tokens[:150]}, {"cut": {"at": 70}}, {"eval": tokens[150:]}, {"eval": [7]}]
        for name, context in (("f16", {"kv": "f16"}), ("flash", {"kv": "q8_0", "flash": True})):
            jobs.append({"name": f"{kind} {name}", "model": str(path), "context": context, "steps": steps})
    ours, stock = evaluate(library, jobs, tmp_path), evaluate(None, jobs, tmp_path)
    for name in ours:
        assert ours[name].about["layers"] == SHAPE.layers
        assert ours[name].rows.tobytes() == stock[name].rows.tobytes()
