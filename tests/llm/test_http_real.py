"""llama-cpp-python's own server on the tiny model: a conversation, counts, limits, a cancel."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from llama_cpp import Llama

from iqdebug.core.errors import ModelError
from iqdebug.llm.backends.base import Event, ReplyFinished, Text
from iqdebug.llm.backends.http import HttpBackend
from iqdebug.llm.messages import Message, Sampling
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow

WINDOW = 2_048


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("model") / "tiny.gguf", context=WINDOW)


@pytest.fixture(scope="module")
def url(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"--model": str(model), "--port": str(port), "--n_ctx": str(WINDOW), "--n_threads": "1"}
    words = [sys.executable, "-m", "llama_cpp.server", *(w for pair in options.items() for w in pair)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 50
            while not answers(f"http://127.0.0.1:{port}/v1/models"):
                assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)  # between two looks
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(10)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


async def reply(backend: HttpBackend, most: int) -> list[Event]:
    return [e async for e in backend.reply(Sampling(max_tokens=most, seed=1, temperature=1.0))]


async def test_it_converses_and_counts(url: str, model: Path) -> None:
    backend = HttpBackend(url, window=WINDOW)
    await backend.start()
    await backend.open("be short")
    assert backend.about.exact and not backend.about.remote
    vocabulary = Llama(str(model), vocab_only=True, verbose=False)
    for text in ("hello there", "def f(x):\n    return x / 0\n", "这是什么 4711"):
        assert await backend.count(text) == len(
            vocabulary.tokenize(text.encode(), add_bos=False, special=False)
        )
    for question in ("why?", "and now?"):
        await backend.append(Message("user", question))
        done = (await reply(backend, 12))[-1]
        assert isinstance(done, ReplyFinished) and done.why in ("stop", "length") and not done.block.partial
    assert [b.message.role for b in backend.blocks] == ["system", "user", "assistant", "user", "assistant"]
    assert isinstance(done, ReplyFinished) and done.counters.generated >= 2 and done.first_token_seconds > 0
    await backend.close()


async def test_its_window_is_learnt_from_its_refusal(url: str) -> None:
    backend = HttpBackend(url)
    said: list[str] = []
    await backend.start(lambda now: said.append(now.words))
    assert backend.about.window == 8_192 and "--ctx" in said[-1]
    await backend.open("be short")
    await backend.append(Message("user", "x" * 3_000))
    with pytest.raises(ModelError, match="The window is full") as raised:
        await reply(backend, 12)
    assert "2048" in raised.value.why and backend.about.window == WINDOW
    await backend.close()


async def test_a_cancelled_answer_leaves_the_server_free(url: str) -> None:
    backend = HttpBackend(url, window=WINDOW)
    await backend.start()
    await backend.open("be short")
    await backend.append(Message("user", "count"))

    async def cancelled_at_the_first_word() -> list[Event]:
        events: list[Event] = []
        async for event in backend.reply(Sampling(max_tokens=1_500, seed=1, temperature=1.0)):
            events.append(event)
            if isinstance(event, Text):
                await backend.cancel()
        return events

    done = (await asyncio.wait_for(cancelled_at_the_first_word(), 30))[-1]
    assert isinstance(done, ReplyFinished) and done.why == "cancelled" and done.block.partial
    await backend.append(Message("user", "go on"))
    assert isinstance((await asyncio.wait_for(reply(backend, 5), 30))[-1], ReplyFinished)
    await backend.close()
