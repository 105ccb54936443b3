"""A scripted OpenAI-compatible server on loopback, with the habits of real ones.

``python -m tests.llm.fake_server --script FILE.json`` plays a conversation: a list of turns, each with
``text``, ``thinking``, ``calls`` (name and arguments), and ``after`` (what the last message must hold).
It prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Turn:
    """:param inline: the thoughts stand within the text.
    :param raw_arguments: what is sent in place of the calls' arguments.
    :param after: what the last message must hold; another one is answered with status 500.
    :param status: other than 200: an error with ``text``.
    :param raw: the whole body, as ``kind_of_raw``, in place of all else.
    :param dies: bytes of the body after which the connection is closed.
    :param silent: nothing is sent before it is set, not even headers.
    :param hold: nothing more is sent, nor the connection closed, before it is set.
    """

    text: str = ""
    thinking: str = ""
    inline: bool = False
    calls: Sequence[tuple[str, dict[str, Any]]] = ()
    raw_arguments: str = ""
    after: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    dies: int | None = None
    usage: dict[str, Any] | None = None
    done: bool = True
    silent: asyncio.Event | None = None
    hold: asyncio.Event | None = None
    raw: str = ""
    kind_of_raw: str = "application/json"
    finish: str = ""


class FakeServer:
    """Holds every request that came: ``requests`` are (path, headers, body)."""

    def __init__(
        self, turns: Sequence[Turn] = (), kind: str = "other", models: Sequence[str] = ("m",)
    ) -> None:
        self.turns = list(turns)
        self.kind = kind
        self.models = models
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""
        self._clients: set[asyncio.Task[None]] = set()
        self.closed = asyncio.Event()  # a client has gone
        self.asked = asyncio.Event()  # a chat has come
        self.window = 4_096
        self.warming: asyncio.Event | None = None  # chats of one token wait for it
        self.refuses: tuple[str, ...] = ()  # fields of a chat that it does not know
        self.fills = True

    @property
    def chats(self) -> list[dict[str, Any]]:
        return [json.loads(body) for path, _, body in self.requests if path.endswith("/chat/completions")]

    @asynccontextmanager
    async def running(self, port: int = 0) -> Any:
        server = await asyncio.start_server(self._client, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield self
        finally:
            server.close()
            for task in self._clients:
                task.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)
        try:
            while True:
                head = await reader.readexactly(1)
                if not head.isalpha():  # TLS, most likely
                    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    break
                head += await reader.readuntil(b"\r\n\r\n")
                line, *rest = head.decode().split("\r\n")
                headers = {k.lower(): v for k, _, v in (h.partition(": ") for h in rest if h)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                path = line.split(" ")[1]
                self.requests.append((path, headers, body))
                answering = asyncio.ensure_future(self._answer(path, body, writer))
                gone = asyncio.ensure_future(reader.read(1))  # nobody sends ahead: the end alone comes
                await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
                for task in (answering, gone):
                    task.cancel()
                await asyncio.gather(answering, gone, return_exceptions=True)
                if reader.at_eof() or writer.is_closing():
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.closed.set()
            writer.close()

    async def _answer(self, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        if path == "/v1/models":
            rows = [
                {"id": name, **({"max_model_len": self.window} if self.kind == "vllm" else {})}
                for name in self.models
            ]
            return await _json(writer, {"data": rows})
        if path == "/version" and self.kind == "vllm":
            return await _json(writer, {"version": "0.20"})
        if path == "/props" and self.kind == "llama-server":
            return await _json(writer, {"default_generation_settings": {"n_ctx": self.window}})
        if path == "/get_model_info" and self.kind == "sglang":
            return await _json(writer, {"model_path": "m"})
        if path == "/get_server_info" and self.kind == "sglang":
            return await _json(writer, {"context_length": self.window})
        if path == "/openapi.json" and self.kind == "llama-cpp-python":
            return await _json(writer, {"paths": {"/extras/tokenize/count": {}}})
        if path == "/extras/tokenize/count":
            return await _json(writer, {"count": len(json.loads(body)["input"].split())})
        if path == "/infill" and self.kind == "llama-server":
            if self.fills:
                return await _json(writer, {"content": "filled"})
            return await _json(writer, {"error": {"message": "no FIM tokens"}}, 501)
        if path == "/tokenize" and self.kind != "other":
            asked = json.loads(body)
            words = str(asked.get("prompt") or asked.get("content")).split()
            return await _json(writer, {"count": len(words)} if self.kind == "vllm" else {"tokens": words})
        if path.endswith("/chat/completions"):
            return await self._chat(json.loads(body), writer)
        if path.endswith("/completions") and "suffix" in json.loads(body) and not self.fills:
            return await _json(writer, {"error": {"message": "suffix is not supported"}}, 400)
        if path.endswith("/completions"):
            return await _json(writer, {"choices": [{"text": "completed"}]})
        await _json(writer, {"error": {"message": "no such path"}}, 404)

    async def _chat(self, asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        self.asked.set()
        if known := [name for name in self.refuses if name in asked]:
            return await _json(writer, {"error": {"message": f"unknown field {known[0]}"}}, 400)
        if not asked.get("stream"):
            if self.warming is not None:
                await self.warming.wait()
            return await _json(writer, {"choices": [{"message": {"content": "."}}]})
        if not self.turns:
            return await _json(writer, {"error": {"message": "the script has ended"}}, 500)
        turn = self.turns.pop(0)
        if turn.after and turn.after not in json.dumps(asked["messages"][-1], ensure_ascii=False):
            told = f"the script wants {turn.after!r} in the last message"
            return await _json(writer, {"error": {"message": told}}, 500)
        if turn.silent is not None:
            await turn.silent.wait()
        if turn.status != 200:
            return await _json(writer, {"error": {"message": turn.text}}, turn.status, turn.headers)
        kind = turn.kind_of_raw if turn.raw else "text/event-stream"
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n".encode())
        data = turn.raw.encode() or b"".join(self._events(turn))
        if turn.dies is not None:
            data = data[: turn.dies]
        for start in range(0, len(data), 37):  # cut at odd places
            writer.write(data[start : start + 37])
            await writer.drain()
        if turn.hold is not None:
            await turn.hold.wait()
        writer.close()

    def _events(self, turn: Turn) -> list[bytes]:
        deltas: list[dict[str, Any]] = [{"role": "assistant"}]
        text = turn.text
        if turn.inline:
            text = f"<think>{turn.thinking}</think>{turn.text}"
        else:
            deltas += [
                {"reasoning_content": turn.thinking[n : n + 5]} for n in range(0, len(turn.thinking), 5)
            ]
        deltas += [{"content": text[n : n + 7]} for n in range(0, len(text), 7)]
        for index, (name, arguments) in enumerate(turn.calls):
            whole = turn.raw_arguments or json.dumps(arguments)
            call = {
                "index": index,
                "id": f"call{index}",
                "type": "function",
                "function": {"name": name, "arguments": ""},
            }
            deltas.append({"tool_calls": [call]})
            for n in range(0, len(whole), 6):
                deltas.append({"tool_calls": [{"index": index, "function": {"arguments": whole[n : n + 6]}}]})
        why = turn.finish or ("tool_calls" if turn.calls else "stop")
        rows: list[dict[str, Any]] = [{"choices": [{"delta": d, "finish_reason": None}]} for d in deltas]
        rows.append({"choices": [{"delta": {}, "finish_reason": why}]})
        if turn.usage is not None:
            rows.append({"choices": [], "usage": turn.usage})
        events = [b": a comment\r\n\r\n", *(f"data: {json.dumps(row)}\r\n\r\n".encode() for row in rows)]
        return [*events, b"data: [DONE]\n\n"] if turn.done else events


async def _json(
    writer: asyncio.StreamWriter, body: Any, status: int = 200, headers: dict[str, str] | None = None
) -> None:
    data = json.dumps(body).encode()
    more = "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items())
    head = (
        f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}content-length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    await writer.drain()


def script_of(path: Path) -> list[Turn]:
    rows = json.loads(path.read_text("utf-8"))
    return [Turn(**{**row, "calls": [tuple(c) for c in row.get("calls", [])]}) for row in rows]


async def _main(options: argparse.Namespace, tell: Callable[[str], None]) -> None:
    server = FakeServer(script_of(options.script), options.kind)
    server.window = options.window
    async with server.running(options.port):
        tell(server.url)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--kind", default="vllm")
    parser.add_argument("--window", type=int, default=65_536)
    asyncio.run(_main(parser.parse_args(), functools.partial(print, flush=True)))
