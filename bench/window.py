"""The cost of a conversation: tokens evaluated per turn and time to the first token, on a tiny model.

The same 40-turn session (evidence, question, answer; every fourth turn a tool call and its result) three
times: with iqdebug's token log, with llama-cpp-python's ``create_chat_completion`` that is sent the whole
history, and with llama-cpp-python's own server. A random model writes noise, and noise that is no text
would lose the rivals' caches more often than a real model's words: so they are kept to ASCII. One thread
each, so that a busy machine does not decide.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from iqdebug.llm.backends.base import Prefilling, ReplyFinished
from iqdebug.llm.backends.local import LoadOptions, LocalBackend
from iqdebug.llm.messages import Message, Sampling, Tool
from iqdebug.llm.tool_formats.base import tool_schema

__all__ = ["main"]

WINDOW = 16384
ANSWER = 24
CALL_EVERY = 4
SYSTEM = "You find the causes of failures in Python programs."
LOOK = Tool(
    "look",
    "Shows a variable of a frame.",
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 8},
            "frame": {"type": "integer", "minimum": 0},
        },
        "required": ["name", "frame"],
    },
)
# Notes the length of the first evaluation of each answer in a file.
_COUNTING = """
import llama_cpp, sys
def count(path):
    first, generate, evaluate = [False], llama_cpp.Llama.generate, llama_cpp.Llama.eval
    def counted_generate(self, *given, **named):
        first[0] = True
        return generate(self, *given, **named)
    def counted_eval(self, tokens):
        if first[0]:
            first[0] = False
            with open(path, "a") as file:
                print(len(tokens), file=file)
        return evaluate(self, tokens)
    llama_cpp.Llama.generate, llama_cpp.Llama.eval = counted_generate, counted_eval
"""
_SERVER = (
    _COUNTING
    + """
import uvicorn
from llama_cpp.server.app import create_app
from llama_cpp.server.settings import ModelSettings, ServerSettings
count(sys.argv[2])
one = ModelSettings(model=sys.argv[1], n_ctx=int(sys.argv[4]), n_batch=512, verbose=False,
    n_threads=1, n_threads_batch=1)
app = create_app(server_settings=ServerSettings(), model_settings=[one])
uvicorn.run(app, fd=int(sys.argv[3]), log_level="error")
"""
)


@dataclass
class Result:
    name: str
    evaluated: list[int] = field(default_factory=list)  # by request
    first: list[float] = field(default_factory=list)  # seconds, of answers that are no calls
    seconds: float = 0.0


def evidence(turn: int) -> str:
    return f"Stop {turn} at app.py:{40 + turn}: " + "; ".join(f"item{n} = {n * turn}" for n in range(6))


def is_call(turn: int) -> bool:
    return turn % CALL_EVERY == CALL_EVERY - 1


async def ours(model: Path, turns: int, folder: Path, prefill: bool) -> Result:
    result = Result("iqdebug" + (", evidence read in advance" if prefill else ""))
    backend = LocalBackend(
        "", LoadOptions(model=str(model), n_ctx=WINDOW, n_threads=1), log_file=folder / "worker.log"
    )
    await backend.start()
    started = time.perf_counter()
    sampling = Sampling(max_tokens=ANSWER, temperature=0)

    async def ask(force_call: bool = False) -> None:
        before, asked, first = backend.counters.evaluated, time.perf_counter(), 0.0
        limit = (
            Sampling(max_tokens=200, seed=1, temperature=2.0, top_p=1, top_k=0) if force_call else sampling
        )
        done: Any = None
        async for event in backend.reply(limit, force_call=force_call, most_calls=1):
            if not isinstance(event, Prefilling) and not first:
                first = time.perf_counter() - asked
            done = event
        assert isinstance(done, ReplyFinished)
        result.evaluated.append(backend.counters.evaluated - before)
        if force_call:
            for call in done.block.message.tool_calls:
                await backend.append(
                    Message("tool", "value: 42", "tools", tool_call_id=call.id, name=call.name)
                )
        else:
            result.first.append(first)

    try:
        await backend.open(SYSTEM, [LOOK])
        for turn in range(turns):
            await backend.append(Message("user", evidence(turn), "evidence"))
            if prefill:
                read = backend.counters.evaluated
                async for _ in backend.prefill():
                    pass
                result.evaluated.append(backend.counters.evaluated - read)
            await backend.append(Message("user", f"Question {turn}: why?"))
            if is_call(turn):
                await ask(force_call=True)
            await ask()
        result.seconds = time.perf_counter() - started
    finally:
        await backend.close()
    return result


def rival(name: str, turns: int, complete: Callable[..., Any], counted: Path, as_text: bool) -> Result:
    """:param complete: ``create_chat_completion``; streams its chunks with ``stream``.
    :param as_text: calls are sent back with their arguments as text, which HTTP wants; as an object, which
        the template wants, they keep the rival's cache.
    """
    result = Result(name)
    tools = [tool_schema(LOOK)]
    talk: list[dict[str, Any]] = [{"role": "system", "content": SYSTEM}]
    counted.write_text("")
    started = time.perf_counter()
    for turn in range(turns):
        talk.append({"role": "user", "content": evidence(turn)})
        talk.append({"role": "user", "content": f"Question {turn}: why?"})
        if is_call(turn):
            choice = {"type": "function", "function": {"name": LOOK.name}}
            answer = complete(
                messages=talk, tools=tools, tool_choice=choice, max_tokens=200, temperature=2.0, seed=1
            )
            reply = answer["choices"][0]["message"]
            calls = reply.get("tool_calls") or []
            whole = []
            for call in calls:
                text = call["function"]["arguments"]
                try:
                    arguments = json.loads(text)
                except ValueError:
                    continue
                sent = text if as_text else arguments
                whole.append({**call, "function": {**call["function"], "arguments": sent}})
            talk.append({"role": "assistant", "content": reply.get("content") or "", "tool_calls": whole})
            talk += [{"role": "tool", "content": "value: 42", "tool_call_id": call["id"]} for call in whole]
        asked, first, text = time.perf_counter(), 0.0, ""
        for chunk in complete(messages=talk, tools=tools, max_tokens=ANSWER, temperature=0, stream=True):
            if (delta := chunk["choices"][0]["delta"].get("content")) is not None:
                first = first or time.perf_counter() - asked
                text += delta
        result.first.append(first or time.perf_counter() - asked)
        talk.append({"role": "assistant", "content": text})
    result.seconds = time.perf_counter() - started
    result.evaluated = [int(line) for line in counted.read_text().split()]
    return result


def library(model: Path, turns: int, folder: Path) -> Result:
    counted = folder / "library.txt"
    space: dict[str, Any] = {}
    exec(_COUNTING, space)
    space["count"](counted)
    from llama_cpp import Llama

    llama = Llama(str(model), n_ctx=WINDOW, n_batch=512, n_threads=1, n_threads_batch=1, verbose=False)
    bias = not_ascii(llama.n_vocab())

    def complete(**named: Any) -> Any:
        return llama.create_chat_completion(**named, logit_bias=bias)

    try:
        return rival("create_chat_completion", turns, complete, counted, as_text=False)
    finally:
        llama.close()


def server(model: Path, turns: int, folder: Path) -> Result:
    counted = folder / "server.txt"
    with socket.create_server(("127.0.0.1", 0)) as listening, open(folder / "server.log", "wb") as log:
        os.set_inheritable(listening.fileno(), True)
        port = listening.getsockname()[1]
        arguments = [str(model), str(counted), str(listening.fileno()), str(WINDOW)]
        child = subprocess.Popen(
            [sys.executable, "-c", _SERVER, *arguments], pass_fds=[listening.fileno()], stdout=log, stderr=log
        )
    bias = {str(token): -100.0 for token in not_ascii(275)}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/v1", timeout=120) as client:
            client.get("/models").raise_for_status()

            def complete(**named: Any) -> Any:
                body = {"model": "tiny", "logit_bias": bias, **named}
                if named.get("stream"):
                    return streamed(client, body)
                return client.post("/chat/completions", json=body).raise_for_status().json()

            return rival("its server", turns, complete, counted, as_text=True)
    finally:
        child.kill()
        child.wait()


def streamed(client: httpx.Client, body: dict[str, Any]) -> Any:
    with client.stream("POST", "/chat/completions", json=body) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                yield json.loads(line.removeprefix("data: "))


def not_ascii(vocabulary: int) -> dict[int, float]:
    """A bias against the tiny tokenizer's tokens that are no ASCII text."""
    return {
        token: -100.0
        for token in range(vocabulary)
        if 127 <= token < 256 or token < 10 or 10 < token < 32 or token > 269
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench window")
    parser.add_argument("--turns", type=int, default=40)
    options = parser.parse_args(arguments)
    from tests.support.tiny_model import write_tiny

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = write_tiny(folder / "tiny.gguf", context=WINDOW)
        results = [
            asyncio.run(ours(model, options.turns, folder, prefill=True)),
            asyncio.run(ours(model, options.turns, folder, prefill=False)),
            library(model, options.turns, folder),
            server(model, options.turns, folder),
        ]
    base = results[1]
    print(f"{options.turns} turns, every {CALL_EVERY}th with a tool call; ratios to the second line")
    print(
        f"{'':36} {'tokens/turn':>11} {'ratio':>6}   first token, ms: {'all':>6} {'last 10':>8} {'ratio':>6}"
        f" {'whole, s':>9}"
    )
    for one in results:
        per_turn = sum(one.evaluated) / options.turns
        late = statistics.median(one.first[-10:])
        print(
            f"{one.name:36} {per_turn:11.1f} {sum(one.evaluated) / sum(base.evaluated):6.2f}"
            f" {statistics.median(one.first) * 1e3:25.1f} {late * 1e3:8.1f}"
            f" {late / statistics.median(base.first[-10:]):6.2f} {one.seconds:9.1f}"
        )
    return 0
