"""Cutting the end off: exact, or refused; never silently wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iqdebug.llm.runtime import safe_rollback_limit, swa_cells
from tests.native.harness import chunks, compare, evaluate
from tests.native.reference import logits
from tests.native.tiny import Shape, make_weights, write_gguf

pytestmark = pytest.mark.slow

SHAPE = Shape()
WEIGHTS = make_weights(SHAPE)
LENGTH = 600
UBATCH = 32  # a ring of 256
LIMIT = 193  # 256 - 63
EXACT = 1e-4
SMALL_RING: dict[str, Any] = {"n_ctx": 1024, "n_ubatch": UBATCH}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("rollback") / "loop.gguf"
    return str(write_gguf(path, SHAPE, WEIGHTS))


def tokens_of(length: int, seed: int) -> list[int]:
    tokens: list[int] = np.random.default_rng(seed).integers(0, SHAPE.words, length).tolist()
    return tokens


def error_of(rows: Any, tokens: list[int]) -> float:
    """:param rows: the logits of the last of these tokens."""
    return compare(rows, _expected(tuple(tokens))[-len(rows) :]).error


@cache
def _expected(tokens: tuple[int, ...]) -> Any:
    return logits(WEIGHTS, SHAPE, tokens)


def test_the_ring_and_the_limit_are_what_llama_cpp_makes_them(
    library: Path, model: str, tmp_path: Path
) -> None:
    contexts: list[dict[str, Any]] = [
        {"n_ctx": 1024, "n_ubatch": 32},
        {"n_ctx": 1024, "n_ubatch": 200},
        {"n_ctx": 2048, "n_ubatch": 512},
        {"n_ctx": 512, "n_ubatch": 512},
        {"n_ctx": 2048, "n_ubatch": 512, "swa_full": True},
        {"n_ctx": 2048, "n_ubatch": 180, "n_seq_max": 2},
    ]
    jobs = [
        {"name": str(n), "model": model, "context": context, "steps": []}
        for n, context in enumerate(contexts)
    ]
    answers = evaluate(library, jobs, tmp_path)
    for n, context in enumerate(contexts):
        said = next(line for line in answers[str(n)].about["log"] if "    SWA KV cache" in line)
        assert f"size = {swa_cells(SHAPE.window, **context)} cells" in said
    assert safe_rollback_limit(2000, 64, n_ctx=2048, n_ubatch=512) == 705
    assert safe_rollback_limit(LENGTH, 64, **SMALL_RING) == LIMIT
    assert safe_rollback_limit(200, 64, **SMALL_RING) == 200
    assert safe_rollback_limit(2000, 64, n_ctx=2048, swa_full=True) == 2000


@pytest.mark.parametrize("chunk", [1, 32, 37])
def test_a_cut_is_exact_up_to_the_limit_and_refused_beyond_it(
    library: Path, model: str, tmp_path: Path, chunk: int
) -> None:
    tokens, others = tokens_of(LENGTH, 1), tokens_of(50, 2)
    distances = [
        0,
        1,
        5,
        31,
        63,
        64,
        65,
        100,
        150,
        LIMIT - 1,
        LIMIT,
        LIMIT + 1,
        LIMIT + 2,
        250,
        400,
        599,
        600,
    ]
    jobs: list[dict[str, Any]] = [
        {
            "name": str(back),
            "model": model,
            "context": SMALL_RING,
            "steps": [
                *chunks(tokens, chunk),
                {"cut": {"at": LENGTH - back, "sequence": -1 if back % 2 else 0}},
                {"eval": others},
            ],
        }
        for back in distances
    ]
    answers = evaluate(library, jobs, tmp_path)
    for back in distances:
        answer = answers[str(back)]
        allowed = back <= LIMIT or back == LENGTH
        assert answer.said == [allowed], back
        kept = tokens[: LENGTH - back] if allowed else tokens  # a refused cut changes nothing
        assert error_of(answer.rows[LENGTH:], kept + others) < EXACT, back


def test_a_refused_cut_is_mended_by_evaluating_again(library: Path, model: str, tmp_path: Path) -> None:
    tokens, others = tokens_of(LENGTH, 1), tokens_of(20, 2)
    kept = tokens[:200]
    steps = [*chunks(tokens, 64), {"cut": {"at": 200}}, {"clear": 1}, *chunks(kept, 64), {"eval": others}]
    job = {"name": "again", "model": model, "context": SMALL_RING, "steps": steps}
    answer = evaluate(library, [job], tmp_path)["again"]
    assert answer.said == [False]
    assert error_of(answer.rows[LENGTH:], kept + others) < EXACT


def test_a_state_that_was_loaded_is_cut_by_the_same_rule(library: Path, model: str, tmp_path: Path) -> None:
    tokens, others = tokens_of(LENGTH, 1), tokens_of(20, 2)
    state = str(tmp_path / "state")
    common = {"model": model, "context": SMALL_RING}
    jobs: list[dict[str, Any]] = [
        {"name": "saved", **common, "steps": [*chunks(tokens, 37), {"save": state}]}
    ]
    for back in (1, 60, 150, LIMIT, LIMIT + 1, 400):
        loaded = {"load": {"file": state, "length": LENGTH}}
        steps = [loaded, {"cut": {"at": LENGTH - back}}, {"eval": others}]
        jobs.append({"name": str(back), **common, "steps": steps})
    answers = evaluate(library, jobs, tmp_path)
    del answers["saved"]
    for name, answer in answers.items():
        allowed = answer.said[1]
        assert not allowed or int(name) <= LIMIT
        kept = tokens[: LENGTH - int(name)] if allowed else tokens
        assert error_of(answer.rows, kept + others) < EXACT, name
    assert answers["1"].said[1]


def test_with_the_whole_cache_any_cut_is_exact(library: Path, model: str, tmp_path: Path) -> None:
    tokens, others = tokens_of(LENGTH, 1), tokens_of(20, 2)
    jobs: list[dict[str, Any]] = [
        {
            "name": str(back),
            "model": model,
            "context": {**SMALL_RING, "swa_full": True},
            "steps": [*chunks(tokens, 64), {"cut": {"at": LENGTH - back}}, {"eval": others}],
        }
        for back in (1, 193, 194, 300, 599)
    ]
    for back, answer in evaluate(library, jobs, tmp_path).items():
        assert answer.said == [True]
        assert error_of(answer.rows[LENGTH:], tokens[: LENGTH - int(back)] + others) < EXACT


def test_no_order_of_growing_and_cutting_is_silently_wrong(library: Path, model: str, tmp_path: Path) -> None:
    """Cuts of every size among evaluations of every size: what is answered with true goes on exactly."""
    random = np.random.default_rng(11)
    first = tokens_of(300, 100)
    jobs, logs, asked = [], {}, 0
    for n in range(12):
        log, steps = list(first), [*chunks(first, 61)]
        plan = []
        for turn in range(10):
            back = int(random.choice([3, 40, 130, 190, 193, 210, 230, 260]))
            at = max(1, len(log) - back)
            more = tokens_of(int(random.integers(1, 120)), 1000 * n + turn)
            plan.append((at, more))
            # Which cuts are refused is only known afterwards: then the log is read anew, as a worker does.
            log = [*log[:at], *more]
            steps += [{"cut": {"at": at}, "else": log[:at]}, *chunks(more, 1 + int(random.integers(0, 60)))]
            asked += 1
        jobs.append({"name": str(n), "model": model, "context": SMALL_RING, "steps": steps})
        logs[str(n)] = log
    answers = evaluate(library, jobs, tmp_path)
    said = [answer for n in answers for answer in answers[n].said]
    assert len(said) == asked
    assert said.count(True) > 20 and said.count(False) > 10
    for name, answer in answers.items():
        assert error_of(answer.rows[-1:], logs[name]) < EXACT


def test_a_sequence_beside_the_log_leaves_it_exact(library: Path, model: str, tmp_path: Path) -> None:
    """Completions outside the log share its cache."""
    tokens, beside, others = tokens_of(LENGTH, 1), tokens_of(90, 3), tokens_of(30, 2)
    jobs: list[dict[str, Any]] = [
        {
            "name": str(back),
            "model": model,
            "context": {**SMALL_RING, "n_seq_max": 2},
            "steps": [
                *chunks(tokens, 32),
                {"side": beside[:30]},
                {"side": beside},
                {"cut": {"at": LENGTH - back}},
                {"eval": others},
            ],
        }
        for back in (0, 1, 50, 100, 150, LIMIT, 300)
    ]
    answers = evaluate(library, jobs, tmp_path)
    for back, answer in answers.items():
        assert answer.said[:2] == [True, True]
        allowed = answer.said[2]
        kept = tokens[: LENGTH - int(back)] if allowed else tokens
        assert error_of(answer.rows[LENGTH : LENGTH + 30], beside[:30]) < EXACT
        assert error_of(answer.rows[LENGTH + 30 : LENGTH + 120], beside) < EXACT
        assert error_of(answer.rows[LENGTH + 120 :], kept + others) < EXACT, back
    assert answers["50"].said[2] and not answers["300"].said[2]


def test_a_plain_llama_is_cut_anywhere(library: Path, tmp_path: Path) -> None:
    plain = make_weights(SHAPE, loop=False)
    path = str(write_gguf(tmp_path / "plain.gguf", SHAPE, plain, label="llama", loop_num=None, window=None))
    tokens = tokens_of(LENGTH, 1)
    steps = [*chunks(tokens, 64), {"cut": {"at": 100}}, {"eval": tokens[100:110]}]
    job = {"name": "plain", "model": path, "context": SMALL_RING, "steps": steps}
    answer = evaluate(library, [job], tmp_path)["plain"]
    assert answer.said == [True]
    assert np.abs(answer.rows[-10:] - answer.rows[100:110]).max() < EXACT
