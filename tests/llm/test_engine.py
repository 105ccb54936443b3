"""The cache after any cut gives the logits of a fresh evaluation, on memories that forget and that do not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llama_cpp import llama_cpp as native

from iqdebug.llm.worker.engine import Engine
from iqdebug.llm.worker_protocol import LoadOptions
from tests.llm.odd import write_recurrent, write_sliding

pytestmark = pytest.mark.slow

CASES = ["plain", "sliding", "sliding, all kept", "recurrent"]


@pytest.fixture(scope="module", params=CASES)
def engine(
    request: pytest.FixtureRequest, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("odd") / "odd.gguf"
    if request.param == "plain":
        path = tiny_model
    elif request.param == "recurrent":
        write_recurrent(path)
    else:
        write_sliding(path)
    whole = request.param != "sliding"
    options = LoadOptions(
        model=str(path),
        n_ctx=1024,
        n_batch=32,
        n_ubatch=32,
        n_threads=1,
        type_k="f32",
        type_v="f32",
        flash_attn=False,
        swa_full=whole,
    )
    one = Engine(options, lambda fraction: None)
    _cases[id(one)] = request.param
    yield one
    one.close()


_cases: dict[int, str] = {}


def case(engine: Engine) -> str:
    return _cases[id(engine)]


def feed(engine: Engine, tokens: Sequence[int]) -> int:
    """Bring the cache to these tokens as the worker does; the tokens that were computed."""
    engine.keep_common(tokens)
    if len(engine.evaluated) == len(tokens):
        engine.redo_last()
    start = len(engine.evaluated)
    while len(engine.evaluated) < len(tokens):
        place = len(engine.evaluated)
        engine.extend(tokens[place : place + engine.batch_size])
    return len(tokens) - start


def logits(engine: Engine) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.ctypeslib.as_array(
        native.llama_get_logits_ith(engine.context, -1), shape=(engine.vocabulary,)
    ).copy()


def test_after_any_cut_the_logits_are_those_of_a_fresh_evaluation(engine: Engine) -> None:
    chance = random.Random(5)
    tokens: list[int] = []
    errors, computed, whole = [], 0, 0
    for _ in range(25):
        tokens = tokens[
            : chance.choice([len(tokens), len(tokens), max(0, len(tokens) - 5), len(tokens) // 2])
        ]
        tokens += [chance.randrange(256) for _ in range(chance.randrange(1, 90))]
        tokens = tokens if len(tokens) < 500 else tokens[:30]
        computed += feed(engine, tokens)
        whole += len(tokens)
        kept = logits(engine)
        state = list(engine.evaluated)
        fresh = other(engine, tokens)
        errors.append(float(np.abs(kept - fresh).max()))
        assert engine.evaluated == state == tokens
    spread = float(fresh.std())
    assert max(errors) < 1e-3 * max(1.0, spread), f"{max(errors)} of {spread}"
    assert computed < whole


def other(engine: Engine, tokens: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The same tokens from nothing, in the sequence beside the log."""
    for start in range(0, len(tokens), engine.batch_size):
        engine.extend_side(tokens[start : start + engine.batch_size], start)
    fresh = logits(engine)
    engine.clear_side()
    return fresh


def test_a_cut_costs_what_the_memory_makes_it_cost(engine: Engine) -> None:
    tokens = some(300)
    for keep, forgetful in ((297, 2), (100, 2), (40, 42)):  # llama.cpp keeps 256 positions of this window
        feed(engine, tokens)
        cost = feed(engine, [*tokens[:keep], 1, 2])
        assert cost == {"sliding": forgetful, "recurrent": keep + 2}.get(case(engine), 2)
    assert engine.cuts == (case(engine) != "recurrent")


def some(count: int) -> list[int]:
    chance = random.Random(6)
    return [chance.randrange(256) for _ in range(count)]


def test_asking_for_the_next_token_again_costs_one(engine: Engine) -> None:
    tokens = list(range(50, 90))
    feed(engine, tokens)
    first = logits(engine)
    other(engine, [1, 2, 3])
    cost = feed(engine, tokens)
    assert cost == (40 if case(engine) == "recurrent" else 1)
    assert np.abs(logits(engine) - first).max() < 1e-3


def test_cutting_a_sliding_window_without_care_is_wrong(engine: Engine) -> None:
    """The trap that :meth:`Engine.keep_common` steps around: llama.cpp says yes, and has forgotten."""
    if case(engine) != "sliding":
        assert engine.n_swa == 0 or case(engine) == "recurrent"
        return
    tokens = some(300)
    engine.clear()
    feed(engine, tokens)
    memory = native.llama_get_memory(engine.context)
    assert native.llama_memory_seq_rm(memory, 0, 45, -1), "it claims success"
    del engine.evaluated[45:]
    engine.extend([1, 2])
    assert np.abs(logits(engine) - other(engine, [*tokens[:45], 1, 2])).max() > 1
    engine.clear()
