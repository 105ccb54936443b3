"""The model's process: loading in words, dying, coming back, being saved, and doing things on the side."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import render
from iqdebug.llm.backends.base import Progress, ReplyFinished, Text
from iqdebug.llm.backends.local import LoadOptions, LocalBackend
from iqdebug.llm.backends.worker_process import OutOfMemory, smaller
from iqdebug.llm.messages import Message, Sampling, Tool
from tests.llm.conftest import WINDOW, MakeBackend, options_for
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow

NOISE = Sampling(max_tokens=12, seed=1, temperature=1.0, top_p=1.0, top_k=0)
GREEDY = Sampling(max_tokens=8, temperature=0)
ENDLESS = Sampling(max_tokens=1500, seed=3, temperature=1.0, top_p=1.0, top_k=0)


async def reply(backend: LocalBackend, sampling: Sampling = NOISE) -> ReplyFinished:
    done = None
    async for event in backend.reply(sampling):
        done = event
    assert isinstance(done, ReplyFinished)
    return done


async def converse(backend: LocalBackend) -> ReplyFinished:
    await backend.open("You debug.", [Tool("look", "Looks.")])
    await backend.append(Message("user", "What is wrong? " * 8))
    await reply(backend)
    await backend.append(Message("user", "And then?"))
    return await reply(backend)


# Loading.


async def test_loading_is_told_and_what_is_known_of_the_model(make_backend: MakeBackend) -> None:
    backend = make_backend()
    seen: list[Progress] = []
    await backend.start(seen.append)
    assert seen[0].fraction is None and seen[-1].fraction == 1
    about = backend.about
    assert (about.model, about.window, about.chat, about.exact, about.remote) == (
        "tiny",
        WINDOW,
        True,
        True,
        False,
    )
    assert not about.thinks
    pid = backend.pid
    await backend.start()
    assert backend.pid == pid


def replaced(model: Path, copy: Path, old: bytes, new: bytes, count: int = -1) -> Path:
    data = model.read_bytes()
    assert old in data and len(old) == len(new)
    copy.write_bytes(data.replace(old, new, count))
    return copy


async def refusal(make_backend: MakeBackend, model: Path, **others: object) -> ModelError:
    backend = make_backend(model, **others)
    with pytest.raises(ModelError) as caught:
        await backend.start()
    assert backend.pid is None, "the process is gone"
    return caught.value


async def test_why_a_file_does_not_load(make_backend: MakeBackend, tiny_model: Path, tmp_path: Path) -> None:
    error = await refusal(make_backend, replaced(tiny_model, tmp_path / "a.gguf", b"llama", b"lloma", 1))
    assert "does not know the model architecture “lloma”" in error.why

    short = tmp_path / "short.gguf"
    short.write_bytes(tiny_model.read_bytes()[:-100_000])
    assert "cut short" in (await refusal(make_backend, short)).why

    text = tmp_path / "text.gguf"
    text.write_text("hello, I am no model\n" * 100)
    assert "not a GGUF" in (await refusal(make_backend, text)).why

    vocabulary = write_tiny(tmp_path / "vocabulary.gguf", vocab_only=True)
    error = await refusal(make_backend, vocabulary)
    assert "lacks tensors, such as “token_embd.weight”" in error.why

    error = await refusal(make_backend, tmp_path / "nowhere.gguf")
    assert "No such file" in error.why and error.what == "nowhere.gguf cannot be loaded"

    error = await refusal(make_backend, tiny_model, type_k="q9")
    assert "q9" in error.why


async def test_a_quantised_cache_without_flash_attention(make_backend: MakeBackend, tiny_model: Path) -> None:
    error = await refusal(make_backend, tiny_model, type_v="q8_0", flash_attn=False)
    assert "flash attention" in error.why
    backend = make_backend(tiny_model, type_k="q8_0", type_v="q8_0", flash_attn=True)
    assert (await converse(backend)).why in ("length", "stop", "calls")


async def test_too_large_a_plan_comes_back_with_a_smaller_one(make_backend: MakeBackend) -> None:
    old = resource.getrlimit(resource.RLIMIT_AS)
    backend = make_backend(n_ctx=8_000_000, type_k="f16", type_v="f32")
    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, old[1]))  # which the worker inherits
    try:
        with pytest.raises(OutOfMemory) as caught:
            await backend.start()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)
    error = caught.value
    assert error.why == "There is not enough free memory."
    assert error.fix == "Try the KV cache as q8_0 with flash attention."
    assert error.smaller is not None and error.smaller.type_k == "q8_0"


def test_plans_become_smaller_until_nothing_is_left() -> None:
    plan, words = LoadOptions(model="m", n_ctx=32768, n_gpu_layers=-1), []
    while (next_one := smaller(plan, layers=80)) is not None:
        plan = next_one[0]
        words.append(render(next_one[1]))
    assert words[:4] == [
        "the KV cache as q8_0 with flash attention",
        "a window of 16,384 tokens",
        "a window of 8,192 tokens",
        "a window of 4,096 tokens",
    ]
    assert words[4:6] == ["60 layers on the GPU", "45 layers on the GPU"]
    assert plan.n_gpu_layers == 0


async def test_other_metadata_for_one_load(make_backend: MakeBackend) -> None:
    backend = make_backend(kv_overrides={"llama.context_length": 512}, n_ctx=0)
    await backend.start()
    assert backend.about.window == 512


# Which models converse.


async def test_chatml_stands_in_for_a_missing_template(make_backend: MakeBackend, tmp_path: Path) -> None:
    backend = make_backend(write_tiny(tmp_path / "bare.gguf", template=None))
    await converse(backend)
    assert backend.about.chat


async def test_a_base_model_completes_but_does_not_converse(
    make_backend: MakeBackend, tmp_path: Path
) -> None:
    bare = write_tiny(tmp_path / "bare.gguf", template=None)
    backend = make_backend(replaced(bare, tmp_path / "base.gguf", b"<|im_start|>", b"<|xx_start|>"))
    await backend.start()
    assert not backend.about.chat and "no chat template" in backend.about.why_no_chat
    with pytest.raises(ModelError, match="cannot converse"):
        await backend.open("You debug.")
    assert await backend.complete("def f(", sampling=NOISE)


async def test_thoughts_are_told_apart(make_backend: MakeBackend) -> None:
    template = (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
    )
    backend = make_backend(template=template)
    await backend.open("You debug.")
    assert backend.about.thinks
    await backend.append(Message("user", "Think."))
    thought = answered = 0
    for seed in range(8):
        done = await reply(backend, Sampling(max_tokens=200, seed=seed, temperature=5.0, top_p=1.0, top_k=0))
        message = done.block.message
        thought += bool(message.thinking)
        answered += bool(message.content)
        await backend.cut(done.block.mark)
    assert thought and answered


# Its death.


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT])
async def test_a_dead_worker_is_an_error_and_the_log_comes_back(
    make_backend: MakeBackend, how: signal.Signals
) -> None:
    backend = make_backend()
    await converse(backend)
    tokens, blocks = backend.tokens, backend.blocks
    await backend.append(Message("user", "More?"))
    with pytest.raises(ModelError) as caught:
        async for event in backend.reply(ENDLESS):
            if isinstance(event, Text) and backend.pid:
                os.kill(backend.pid, how)
    assert caught.value.what == "The model's process has died"
    assert ("killed" if how == signal.SIGKILL else "SIGABRT") in caught.value.why
    if how == signal.SIGKILL:
        assert isinstance(caught.value, OutOfMemory) and caught.value.smaller is not None
        assert caught.value.smaller.type_k == "q8_0" and "q8_0" in caught.value.fix
    assert backend.blocks[: len(blocks)] == blocks and len(backend.blocks) == len(blocks) + 1
    spent = backend.counters.evaluated
    done = await reply(backend, GREEDY)
    assert done.counters.evaluated - spent == backend.used - 8, "all of it, once"
    assert backend.tokens[: len(tokens)] == tokens


async def test_it_dies_idle_and_nobody_notices(make_backend: MakeBackend) -> None:
    backend = make_backend()
    await converse(backend)
    assert backend.pid
    os.kill(backend.pid, signal.SIGKILL)
    while backend.pid:
        await asyncio.sleep(0)
    await backend.append(Message("user", "Still there?"))
    await reply(backend)


def test_it_does_not_outlive_its_parent(tiny_model: Path, tmp_path: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from iqdebug.llm.backends.local import (LocalBackend, LoadOptions)
async def main():
    options = LoadOptions(model={str(tiny_model)!r}, n_ctx=256)
    backend = LocalBackend("", options, log_file=Path({str(tmp_path)!r}, "l"))
    await backend.start()
    print(backend.pid, flush=True)
    await asyncio.sleep(100)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watch = os.pidfd_open(pid)
        parent.kill()
    import select

    assert select.select([watch], [], [], 20)[0], "the worker has ended"
    os.close(watch)


# On disk.


async def test_a_saved_session_goes_on_without_reading_anything_again(
    make_backend: MakeBackend, tmp_path: Path
) -> None:
    first = make_backend()
    last = await converse(first)
    path = tmp_path / "kept" / "session"
    await first.save(path)
    await first.save(path)
    names = sorted(entry.name for entry in path.parent.iterdir())
    assert len(names) == 2 and names[0] == "session", "one log and its state"
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}
    expected = await reply(first, GREEDY)

    second = make_backend()
    await second.load(path)
    assert second.blocks[-1] == last.block
    done = await reply(second, GREEDY)
    assert done.block.message == expected.block.message
    assert done.counters.evaluated == done.block.tokens - 8 + 1, "the joint, and a token that was never read"
    assert second.blocks == first.blocks


async def test_what_is_damaged_is_refused_and_nothing_changes(
    make_backend: MakeBackend, tmp_path: Path
) -> None:
    backend = make_backend()
    await converse(backend)
    path = tmp_path / "session"
    await backend.save(path)
    (state,) = tmp_path.glob("*.state")
    tokens, data, weights = backend.tokens, path.read_bytes(), state.read_bytes()
    for damage in (data[:-1], data[: len(data) // 2], b"", data[:40] + b"x" + data[41:], b"other" + data):
        path.write_bytes(damage)
        with pytest.raises(ModelError, match="damaged"):
            await backend.load(path)
        assert backend.tokens == tokens
    path.write_bytes(data)
    with pytest.raises(ModelError, match="cannot be opened"):
        await backend.load(tmp_path / "nowhere")
    # A damaged state is not believed: the log is whole, and is read anew.
    state.write_bytes(weights[:5000] + bytes([weights[5000] ^ 1]) + weights[5001:])
    await backend.load(path)
    assert backend.tokens == tokens
    spent = backend.counters.evaluated
    await reply(backend)
    assert backend.counters.evaluated - spent <= 20, "what this process had read is still there"
    other = make_backend()
    await other.load(path)
    done = await reply(other)
    assert done.counters.evaluated >= len(tokens)


async def test_a_session_of_another_model_is_refused(make_backend: MakeBackend, tmp_path: Path) -> None:
    backend = make_backend()
    await converse(backend)
    await backend.save(tmp_path / "session")
    other = make_backend(write_tiny(tmp_path / "other.gguf", layers=1))
    with pytest.raises(ModelError, match="another model"):
        await other.load(tmp_path / "session")


# Beside the log.


async def test_a_completion_leaves_the_log_alone(make_backend: MakeBackend) -> None:
    backend = make_backend()
    last = await converse(backend)
    tokens = backend.tokens
    assert len(await backend.complete("def f(" * 30, sampling=NOISE)) > 3
    assert await backend.complete("def f(", sampling=GREEDY) == await backend.complete(
        "def f(", sampling=GREEDY
    )
    assert backend.tokens == tokens and backend.blocks[-1] == last.block
    asked = await backend.append(Message("user", "And?"))
    spent = backend.counters.evaluated
    done = await reply(backend)
    assert done.counters.evaluated - spent == asked.tokens + done.block.tokens - 12


# The window.


async def test_a_full_window_is_said(make_backend: MakeBackend) -> None:
    backend = make_backend(n_ctx=256)
    await backend.open("You debug.")
    await backend.append(Message("user", "x = 1; " * 20))
    for seed in range(20):
        done = await reply(backend, Sampling(max_tokens=999, seed=seed, temperature=1.0, top_p=1.0, top_k=0))
        if done.why == "window":
            break
        await backend.cut(done.block.mark)
    assert done.why == "window" and done.block.partial
    assert backend.used == backend.about.window
    await backend.append(Message("user", "more"))
    with pytest.raises(ModelError, match="window is full"):
        await reply(backend)
    assert [step async for step in backend.prefill()] == []
    await backend.cut(done.block.mark)
    await backend.append(Message("user", "more"))
    assert (await reply(backend)).why in ("length", "stop")


def test_no_output_of_the_worker_reaches_the_terminal(tiny_model: Path, tmp_path: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from iqdebug.llm.backends.local import (LocalBackend, LoadOptions)
async def main():
    options = LoadOptions(model={str(tiny_model)!r}, n_ctx=256)
    backend = LocalBackend("", options, log_file=Path({str(tmp_path)!r}, "l"))
    await backend.start()
    await backend.close()
    await backend.close()
asyncio.run(main())
import sys
assert "llama_cpp" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "llama_context" in (tmp_path / "l").read_text()
    assert stat.S_IMODE((tmp_path / "l").stat().st_mode) == 0o600


async def test_closing_at_any_time_is_quiet(
    make_backend: MakeBackend, tiny_model: Path, tmp_path: Path
) -> None:
    never = make_backend()
    await never.close()
    backend = make_backend()
    await backend.open("You debug.")
    await backend.append(Message("user", "x"))
    async for event in backend.reply(ENDLESS):
        if isinstance(event, Text):
            await backend.close()
    assert backend.pid is None
    loading = LocalBackend("", options_for(tiny_model), log_file=tmp_path / "l")
    task = asyncio.create_task(loading.start())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await loading.close()
    assert loading.pid is None
