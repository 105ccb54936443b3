"""Conversations with a real model of two layers: what is evaluated, and that the cache is right."""

from __future__ import annotations

from iqdebug.llm.backend import Done
from iqdebug.llm.local import LocalBackend
from iqdebug.llm.messages import Message, Sampling

SHORT = Sampling(max_tokens=12, seed=1, temperature=1.0, top_p=1.0, top_k=0)


async def reply(backend: LocalBackend, sampling: Sampling = SHORT, **others: bool) -> Done:
    done = None
    async for event in backend.reply(sampling, **others):
        done = event
    assert isinstance(done, Done)
    return done


async def test_a_turn_evaluates_only_what_is_new(backend: LocalBackend) -> None:
    await backend.open("You debug.")
    await backend.append(Message("user", "What is wrong?"))
    first = await reply(backend)
    assert first.counters.evaluated == backend.used - first.counters.generated
    assert first.counters.generated == 12
    before = backend.used
    asked = await backend.append(Message("user", "And then?"))
    second = await reply(backend)
    new = asked.tokens + second.block.tokens - 12
    assert second.counters.evaluated - first.counters.evaluated == new
    assert second.counters.reused == before - 1 + 0  # the last generated token was not computed yet
    assert backend.decoded == second.counters.evaluated + second.counters.generated - 1
