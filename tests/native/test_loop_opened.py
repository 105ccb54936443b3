"""A Loop file as a person opens it: by its setting, with the runtime or without."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.config import Model
from iqdebug.core.errors import ModelError
from iqdebug.llm.backends.base import ReplyFinished
from iqdebug.llm.messages import Message, Sampling
from iqdebug.llm.open_backend import open_model
from tests.native.conftest import CACHE
from tests.native.tiny import Shape, make_weights, write_gguf
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow

WISHES = Model(context=1024, kv_type="f16")


@pytest.mark.parametrize("label", ["llama", "iquestloopcoder"])
async def test_it_is_planned_loaded_and_answers(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    monkeypatch.setenv("IQDEBUG_RUNTIME_CACHE", str(CACHE))
    shape = Shape()
    model = write_gguf(tmp_path / "loop.gguf", shape, make_weights(shape), label=label)
    opened = open_model(f"llama:{model}", WISHES)
    assert opened is not None
    backend = opened.backend
    await backend.start()
    assert backend.options.lib_path == str(library)  # type: ignore[attr-defined]
    await backend.open("You debug.")
    await backend.append(Message("user", "why?"))
    last = [event async for event in backend.reply(Sampling(max_tokens=4, seed=1))][-1]
    assert isinstance(last, ReplyFinished) and last.counters.evaluated > 0
    await backend.close()


async def test_without_the_runtime_both_ways_on_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IQDEBUG_RUNTIME_CACHE", str(tmp_path / "empty"))
    shape = Shape()
    model = write_gguf(tmp_path / "loop.gguf", shape, make_weights(shape), label="llama")
    opened = open_model(f"llama:{model}", WISHES)
    assert opened is not None
    with pytest.raises(ModelError) as raised:
        await opened.backend.start()
    words = str(raised.value)
    assert "iqdebug runtime build" in words and "vllm serve" in words
    await opened.backend.close()


async def test_other_models_keep_stock(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IQDEBUG_RUNTIME_CACHE", str(CACHE))
    opened = open_model(f"llama:{write_tiny(tmp_path / 'tiny.gguf')}", Model(context=512))
    assert opened is not None
    await opened.backend.start()
    assert opened.backend.options.lib_path == ""  # type: ignore[attr-defined]
    await opened.backend.close()
