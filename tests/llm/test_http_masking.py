"""Not a byte of a secret reaches a server, and every text is masked once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iqdebug.core.errors import ModelError
from iqdebug.llm.backends.base import ToolCallEvent
from iqdebug.llm.backends.http import HttpBackend
from iqdebug.llm.messages import Message, Sampling, Tool, ToolCall
from tests.llm.fake_server import FakeServer, Turn

SECRETS = ("hunter2-correct-horse", 'pä"ss\\word\nline', "4711-0815")
NOTE = Tool(
    "note", f"keeps {SECRETS[0]}", {"type": "object", "properties": {"text": {"default": SECRETS[1]}}}
)


def mask(text: str) -> str:
    for secret in SECRETS:
        text = text.replace(secret, "•••")
    return text.replace("90210", "•••")


def texts(value: Any) -> Iterator[str]:
    """Every text of a JSON value, those written as JSON within texts too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    else:
        yield str(value)
        if isinstance(value, str) and value[:1] in "{[":
            with contextlib.suppress(ValueError):
                yield from texts(json.loads(value))


@pytest.mark.parametrize("kind", ["vllm", "llama-server", "llama-cpp-python", "sglang", "other"])
async def test_no_secret_arrives(kind: str, tmp_path: Path) -> None:
    both = " and ".join(SECRETS)
    arguments = {"text": SECRETS[1], SECRETS[0]: [SECRETS[2], {"pin": 90210}]}
    turns = [
        Turn(f"It is {both}.", f"hm {both}", calls=[("note", arguments)]),
        Turn("", raw_arguments=f'{{"text": {json.dumps(both)}, "pin": 90210', calls=[("note", {})]),
        Turn("Done."),
        Turn(f"no {SECRETS[0]}", status=400),
    ]
    async with FakeServer(turns, kind).running() as server:
        backend = HttpBackend(server.url, mask=mask)
        await backend.start()
        await backend.open(f"system {both}", [NOTE])
        await backend.append(Message("user", f"evidence {both}", "evidence"))
        async for _ in backend.prefill():
            pass
        events = [e async for e in backend.reply(Sampling())]
        called = next(e.call for e in events if isinstance(e, ToolCallEvent))
        assert called.arguments == arguments  # what is done here is done as it was asked
        await backend.append(
            Message("tool", both, "tools", tool_call_id=called.id, name=f"note {SECRETS[0]}")
        )
        await backend.append(
            Message("assistant", both, tool_calls=(ToolCall(SECRETS[2], "note", arguments),))
        )
        await backend.append(Message("tool", both, tool_call_id=SECRETS[2], name="note"))
        await backend.count(both)
        [e async for e in backend.reply(Sampling())]
        await backend.complete(f"x = '{both}", suffix=both)
        with pytest.raises(ModelError):
            [e async for e in backend.reply(Sampling())]
        await backend.save(tmp_path / "log")
        seen = [body for _, _, body in server.requests if body]
        assert len(server.chats) >= 4
        for secret in (*SECRETS, "90210"):
            for body in seen:
                assert secret.encode() not in body
                escaped = json.dumps(secret)[1:-1]  # as it stands in arguments that are no JSON
                for text in texts(json.loads(body)):
                    assert secret not in text and escaped not in text
            assert secret not in str(backend.blocks)
            assert json.dumps(secret)[1:-1].encode() not in (tmp_path / "log").read_bytes()
        await backend.close()


async def test_every_text_is_masked_once() -> None:
    turns = [Turn("It is.", calls=[("note", {"text": "a"})]), Turn("So.")]
    async with FakeServer(turns, "vllm").running() as server:
        backend = HttpBackend(server.url, mask=lambda text: f"<{text}>")
        await backend.start()
        await backend.open("system", [Tool("note", "keeps")])
        await backend.append(Message("user", "why"))
        [e async for e in backend.reply(Sampling())]
        await backend.append(Message("tool", "kept", tool_call_id="call0", name="note"))
        await backend.count("counted")
        [e async for e in backend.reply(Sampling())]
        sent = [text for _, _, body in server.requests if body for text in texts(json.loads(body))]
        for text in ("system", "why", "It is.", "kept", "counted"):
            assert f"<{text}>" in " ".join(sent) and f"<<{text}>" not in " ".join(sent)
        assert [b.message.content for b in backend.blocks] == [
            "<system>",
            "<why>",
            "<It is.>",
            "<kept>",
            "<So.>",
        ]
        first, second = (chat["messages"] for chat in server.chats)
        assert second[: len(first)] == first
        await backend.close()


async def test_text_that_no_server_takes_is_sent_without_it() -> None:
    async with FakeServer([Turn("ok")], "vllm").running() as server:
        backend = HttpBackend(server.url)
        await backend.start()
        await backend.open("system")
        await backend.append(Message("user", "bytes \udcff"))
        assert [e async for e in backend.reply(Sampling())]
        assert server.chats[-1]["messages"][-1]["content"] == "bytes \ufffd"
        await backend.close()
