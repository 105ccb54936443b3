"""What a model has before it, over long sessions: within the window, nothing pinned lost, nothing
evaluated more often than it must."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iqdebug.core.errors import ModelError
from iqdebug.llm.backends.base import Block, ReplyFinished
from iqdebug.llm.messages import Message, Sampling, Tool, ToolCall
from iqdebug.llm.window.ledger import Fact, facts_of, ledger_text
from iqdebug.llm.window.window import Folded, Window
from tests.support.scripted_backend import Answer, ScriptedBackend
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow

SAMPLING = Sampling(max_tokens=2_000)
TOOLS = (Tool("stack", "the stack", {"type": "object", "properties": {"thread": {"type": "integer"}}}),)


async def answered(window: Window) -> ReplyFinished:
    async for event in window.reply(SAMPLING):
        if isinstance(event, ReplyFinished):
            return event
    raise AssertionError("no end")


async def opened(backend: ScriptedBackend, **options: object) -> Window:
    window = Window(backend, **options)  # type: ignore[arg-type]
    await window.start()
    await window.open("You are the assistant. " * 20, TOOLS)
    return window


async def test_a_turn_with_a_call_is_in_the_log_in_order() -> None:
    call = ToolCall("1", "stack", {"thread": 1})
    backend = ScriptedBackend([Answer(calls=(call,)), Answer("It is None.")])
    window = await opened(backend)
    await window.evidence("stop 1", "KeyError at app.py:3")
    await window.question("why?")
    assert (await answered(window)).why == "calls"
    await window.tool_result(call, "app.py:3 main", "tools")
    assert (await answered(window)).why == "stop"
    assert [b.message.role for b in backend.blocks] == [
        "system",
        "user",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert backend.counters.evaluated == window.used - sum(
        b.tokens for b in backend.blocks if b.message.role == "assistant"
    )
    sources = dict(window.meter().by_source)
    assert set(sources) == {"system", "evidence", "chat", "tools"} and sum(sources.values()) == window.used


async def test_an_edited_question_costs_only_itself() -> None:
    backend = ScriptedBackend(lambda blocks: Answer("because"))
    window = await opened(backend)
    await window.evidence("stop 1", "x" * 4_000)
    await window.question("why so?")
    await answered(window)
    before = backend.counters.evaluated
    assert await window.take_back() == "why so?"
    await window.question("why, then?")
    await answered(window)
    assert backend.counters.evaluated - before < 20


async def test_a_retry_evaluates_nothing_but_the_joint() -> None:
    backend = ScriptedBackend([Answer("one"), Answer("two")])
    window = await opened(backend)
    await window.question("why?")
    await answered(window)
    before = backend.counters.evaluated
    await window.retry()
    done = await answered(window)
    assert done.block.message.content == "two" and backend.counters.evaluated == before


async def test_evidence_that_nobody_read_gives_way_to_newer() -> None:
    backend = ScriptedBackend(lambda blocks: Answer("ok"))
    window = await opened(backend)
    await window.evidence("stop 1", "old " * 500)
    assert await window.drop_unread()
    await window.evidence("stop 2", "new")
    await window.question("?")
    await answered(window)
    assert "old" not in "".join(b.message.content for b in backend.blocks)
    assert not await window.drop_unread()


async def test_what_is_read_ahead_is_not_read_again() -> None:
    backend = ScriptedBackend([Answer("ok")])
    window = await opened(backend)
    await window.evidence("stop 1", "text " * 900)
    ahead = [now async for now in window.prefill()]
    assert ahead[-1].done == ahead[-1].total
    before = backend.counters.evaluated
    await window.question("why?")
    await answered(window)
    assert backend.counters.evaluated - before < 20
    assert not await window.drop_unread()


async def test_a_message_larger_than_the_room_is_shortened_and_says_so() -> None:
    backend = ScriptedBackend([Answer("ok")], window=8_000)
    window = await opened(backend)
    await window.question("show all")
    await window.tool_result(ToolCall("1", "stack", {}), "a" * 90_000 + "the end", "tools")
    text = backend.blocks[-1].message.content
    assert "characters are left out here: ask for a part of it" in text and text.endswith("the end")
    assert window.used <= window.room


async def test_a_window_that_the_rules_fill_is_refused() -> None:
    backend = ScriptedBackend(window=300)
    window = Window(backend)
    await window.start()
    with pytest.raises(ModelError, match="too small a window"):
        await window.open("rule " * 150, TOOLS)


async def test_folding_can_be_asked_for_and_taken_back() -> None:
    backend = ScriptedBackend(
        lambda blocks: Answer("Cause: the key is spelt otherwise. " * 10), window=30_000
    )
    seen: list[Folded] = []
    window = await opened(backend, on_fold=seen.append)
    assert await window.compact() == "there is nothing older to fold"
    await window.pin("the customer is 4711")
    for n in range(12):
        await window.evidence(f"stop {n}", f"KeyError: 'k{n}'\n" + "value " * 500)
        await window.question(f"what of {n}?")
        await answered(window)
    before = [b.message for b in backend.blocks]
    words = await window.compact()
    assert "folded into the ledger" in words and len(seen) == 1
    assert window.used < seen[0].before and seen[0].after == window.used
    log = [b.message.content for b in backend.blocks]
    assert "the customer is 4711" in log[1] and "[stop 1] KeyError: 'k1'" in log[2]
    assert "KeyError: 'k11'" in backend.blocks[-3].message.content  # the last turn is as it was
    assert "taken back" in await window.unfold()
    assert [b.message for b in backend.blocks] == before
    assert await window.unfold() == "no compaction can be taken back"


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], int]:
    """The tokenizer of a real GGUF."""
    import llama_cpp

    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_tiny(path)
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)

    @lru_cache(maxsize=50_000)
    def count(text: str) -> int:
        return len(model.tokenize(text.encode("utf-8"), add_bos=False, special=False))

    return count


WORDS = ("order", "price", "None", "KeyError", "self", "total", "rows", "return", "import", "value", "stack")


def text_of(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words))


async def test_two_hundred_turns_with_a_real_tokenizer(
    counted: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(7)
    texts = [text_of(chance, n) for n in (20, 60, 150, 300, 600)]
    call = ToolCall("c", "stack", {"thread": 1})

    def script(blocks: Sequence[Block]) -> Answer:
        last = blocks[-1].message
        if last.role == "user" and chance.random() < 0.5:
            return Answer(calls=(call,))
        return Answer(text=f"Cause: {chance.choice(texts[:3])}", thinking="well")

    backend = ScriptedBackend(script, count=counted)
    window = await opened(backend)
    new = backend.used
    pins = []
    first_fold: list[tuple[int, int]] = []
    window.on_fold = lambda folded: first_fold.append((backend.counters.evaluated, new))
    for turn in range(200):
        if turn % 3 == 0:
            await window.evidence(f"stop {turn}", f"KeyError: 'k{turn}'\n{texts[4]} {turn}")
            new += backend.blocks[-1].tokens
            async for _ in window.prefill():
                if chance.random() < 0.2:
                    break
        if turn % 20 == 0:
            pins.append(f"fact number {turn} about the order")
            await window.pin(pins[-1])
            new += backend.blocks[-1].tokens
        await window.question(f"question {turn}: {texts[1]}")
        new += backend.blocks[-1].tokens
        if turn % 17 == 5:
            await window.take_back()
            await window.question(f"question {turn} again")
            new += backend.blocks[-1].tokens
        done = await answered(window)
        while done.why == "calls":
            await window.tool_result(call, f"{turn} {texts[3]} {texts[4]}", "tools")
            new += backend.blocks[-1].tokens
            done = await answered(window)
        assert window.used <= window.about.window
        assert all(any(pin in b.message.content for b in backend.blocks) for pin in pins)
    total = new + backend.counters.generated
    evaluated = backend.counters.evaluated
    with capsys.disabled():
        at_first = f"{first_fold[0][0] / first_fold[0][1]:.3f}" if first_fold else "none"
        print(
            f"\n200 turns: {total:,} tokens, {len(first_fold)} foldings, evaluated {evaluated / new:.3f}, "
            f"before the first folding {at_first}, largest log {backend.most_used:,}"
        )
    assert total > 400_000 and len(first_fold) >= 3
    assert backend.most_used <= window.about.window
    assert first_fold[0][0] <= 1.05 * first_fold[0][1]
    assert evaluated <= 1.6 * total


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from("eqqtpcrb"), st.integers(1, 9_000)), max_size=40),
    st.integers(2_000, 40_000),
)
def test_the_log_never_passes_the_window(steps: list[tuple[str, int]], size: int) -> None:
    """ScriptedBackend raises when it does."""
    import asyncio

    async def run() -> None:
        backend = ScriptedBackend(lambda blocks: Answer("so it is. " * 30), window=size)
        window = await opened(backend)
        pins = 0
        for what, amount in steps:
            try:
                if what == "e":
                    await window.evidence("stop", "v" * amount)
                elif what == "q":
                    await window.question("w" * min(amount, 600))
                    await answered(window)
                elif what == "t":
                    await window.tool_result(ToolCall("1", "stack", {}), "t" * amount * 3, "tools")
                elif what == "p" and pins < 3:
                    pins += 1
                    await window.pin(f"note {pins}")
                elif what == "c":
                    await window.compact()
                elif what == "r":
                    await window.retry()
                else:
                    await window.take_back()
            except ModelError as error:
                assert error.what == "The window is full" and "in use" in error.why
            assert window.used <= window.room + 600
            assert [i.mark for i in window.items] == [b.mark for b in backend.blocks]

    asyncio.run(run())


def test_a_ledger_is_the_same_for_the_same_history() -> None:
    message = Message("assistant", "**Cause:** the key.\nmore\n- Ruled out: a race.\nrest")
    facts = facts_of(message, "turn 2")
    assert [f.text for f in facts] == ["**Cause:** the key.", "- Ruled out: a race."]
    call = ToolCall("7", "stack", {"thread": 1})
    told = facts_of(
        Message("tool", "«data ab: x\nmain app.py:3\nab data»", "tools", tool_call_id="7", name="stack"),
        "turn 3",
        (call,),
    )
    assert told == [Fact("done", "stack(thread=1) → main app.py:3", "turn 3")]
    text = ledger_text([*facts, *told, *facts], ["keep"], 10_000)
    assert text.count("the key") == 1 and "- [pinned] keep" in text
    short = ledger_text([Fact("asked", "q" * 90, "turn 1"), Fact("fact", "f" * 90, "stop 1")], [], 260)
    assert "fff" in short and "qqq" not in short


async def test_folding_that_is_cancelled_leaves_the_log_whole() -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    class Held(ScriptedBackend):
        async def append(self, message: Message) -> Block:
            if message.source == "ledger":
                reached.set()
                await go_on.wait()
            return await super().append(message)

    backend = Held([Answer(f"answer {n}") for n in range(12)], window=30_000)
    window = await opened(backend)
    for n in range(12):
        await window.question(f"question {n} " + "value " * 500)
        await answered(window)
    folding = asyncio.create_task(window.compact())
    await reached.wait()
    folding.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await folding
    assert [i.message for i in window.items] == [b.message for b in backend.blocks]
    assert window.items[-1].message.content == "answer 11"
