"""The token log on a Loop model: nothing is read twice, and what cannot be kept is read again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from iqdebug.llm.backends import local
from iqdebug.llm.backends.base import ReplyFinished
from iqdebug.llm.messages import Message, Sampling
from iqdebug.llm.window.prefix_states import PrefixStates
from tests.native.reference import logits
from tests.native.tiny import Shape, make_weights, write_gguf

pytestmark = pytest.mark.slow

SHAPE = Shape()
WEIGHTS = make_weights(SHAPE)
RING = 256  # 2 sequences of 64 and a batch of 32, rounded up
GREEDY = Sampling(max_tokens=8, temperature=0)
FORBIDDEN = {256, 257}  # tokens that would begin another turn are never chosen

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def opened(library: Path, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens a conversation with a tiny Loop model."""
    made: list[Any] = []

    async def opening(
        label: str = "llama", swa_full: bool = False, system: str = "You debug.", **others: Any
    ) -> Any:
        model = tmp_path / f"{label}.gguf"
        if not model.exists():
            write_gguf(model, SHAPE, WEIGHTS, label=label)
        options = local.LoadOptions(
            model=str(model),
            n_ctx=1024,
            n_batch=32,
            n_ubatch=32,
            n_threads=1,
            type_k="f32",
            type_v="f32",
            flash_attn=False,
            swa_full=swa_full,
            lib_path=str(library),
        )
        backend = local.LocalBackend(f"llama:{model}", options, log_file=tmp_path / "worker.log", **others)
        made.append(backend)
        await backend.start()
        await backend.open(system)
        return backend

    yield opening
    for backend in made:
        await backend.close()


async def answered(backend: Any) -> ReplyFinished:
    """Have it answer, and hold each chosen token against the reference on the whole log."""
    before = backend.counters.generated
    async for event in backend.reply(GREEDY):
        done = event
    assert isinstance(done, ReplyFinished)
    tokens, count = backend.tokens, done.counters.generated - before
    rows = logits(WEIGHTS, SHAPE, tokens)
    end = len(tokens) if done.why == "length" else len(tokens) - 1
    assert count > 1
    for at in range(end - count + 1, end):
        row = rows[at - 1].copy()
        row[list(FORBIDDEN)] = -1e9
        assert row[tokens[at]] > row.max() - 1e-3
    return done


def evidence(letters: int) -> Message:
    return Message("user", "".join(chr(97 + n * n % 26) for n in range(letters)), "evidence")


@pytest.mark.parametrize("label", ["llama", "iquestloopcoder"])
async def test_a_turn_evaluates_only_what_is_new(opened: Open, label: str) -> None:
    backend = await opened(label)
    await backend.append(evidence(400))
    first = await answered(backend)
    assert first.counters.evaluated == backend.used - first.counters.generated
    used = backend.used
    await backend.append(Message("user", "why?"))
    second = await answered(backend)
    new = backend.used - used - (second.counters.generated - first.counters.generated)
    assert second.counters.evaluated - first.counters.evaluated - new in (0, 1)


async def test_a_short_way_back_costs_nothing(opened: Open) -> None:
    backend = await opened()
    await backend.append(evidence(400))
    first = await answered(backend)
    question = await backend.append(Message("user", "a question"))
    await answered(backend)
    before = backend.counters.evaluated
    await backend.cut(question.mark)
    await backend.append(Message("user", "another"))
    await answered(backend)
    assert backend.counters.evaluated - before < 60
    assert first.counters.evaluated > 400


@pytest.mark.parametrize("swa_full", [False, True])
async def test_a_long_way_back_is_read_again_unless_all_is_kept(opened: Open, swa_full: bool) -> None:
    backend = await opened(swa_full=swa_full)
    kept = await backend.append(evidence(300))
    gone = await backend.append(evidence(2 * RING))
    await answered(backend)
    before = backend.counters.evaluated
    await backend.cut(gone.mark)
    await backend.append(Message("user", "why?"))
    await answered(backend)
    spent = backend.counters.evaluated - before
    assert (spent < 60) if swa_full else (spent > kept.tokens)


async def test_a_saved_conversation_goes_on_without_reading(opened: Open, tmp_path: Path) -> None:
    backend = await opened()
    await backend.append(evidence(500))
    await answered(backend)
    await backend.save(tmp_path / "conversation")
    again = await opened()
    await again.load(tmp_path / "conversation")
    assert again.tokens == backend.tokens
    await again.append(Message("user", "why?"))
    await answered(again)
    assert again.counters.evaluated < 60


@pytest.mark.parametrize("swa_full", [False, True])
async def test_a_new_session_evaluates_nothing_of_its_beginning(
    opened: Open, tmp_path: Path, swa_full: bool
) -> None:
    states = PrefixStates(tmp_path / "states", 1 << 26)
    system = "".join(chr(97 + n * n % 26) for n in range(2 * RING))  # the ring has lost its beginning
    first = await opened(swa_full=swa_full, system=system, prefix_states=states)
    await first.append(evidence(200))
    read = await answered(first)
    assert read.counters.evaluated == first.used - read.counters.generated
    again = await opened(swa_full=swa_full, system=system, prefix_states=states)
    await again.append(Message("user", "why?"))
    done = await answered(again)
    prefix = again.blocks[0].tokens
    assert prefix > 2 * RING and done.counters.reused == prefix
    assert done.counters.evaluated == again.used - prefix - done.counters.generated
