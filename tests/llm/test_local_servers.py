"""Finding a server that runs on this machine."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from iqdebug.llm.backends.local_servers import LocalServer, first_server
from tests.llm.fake_server import FakeServer


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that is ours, so that nobody else listens there, and where nothing answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """A server of another kind, which answers everything alike."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def port_of(server: FakeServer) -> int:
    return int(server.url.split(":")[2].split("/")[0])


@pytest.mark.parametrize("kind", ["llama-server", "vllm", "sglang", "other"])
async def test_the_first_that_answers(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    first, second = FakeServer(kind=kind, models=["m"]), FakeServer()
    with closed_port() as closed:
        async with first.running(), second.running():
            found = await first_server([closed, port_of(first), port_of(second)])
    assert found == LocalServer(first.url, kind, ("m",))  # type: ignore[arg-type]
    assert second.requests == []
    assert not any("authorization" in headers for _, headers, _ in first.requests)


async def test_of_several_models_the_first() -> None:
    server = FakeServer(models=["a/b", "c"])
    async with server.running():
        found = await first_server([port_of(server)])
    assert found == LocalServer(f"{server.url}#a/b", "other", ("a/b", "c"))


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>"), (401, b'{"data": [{"id": "m"}]}'), (200, b'{"data": []}')]
)
async def test_what_is_no_such_server_is_passed_over(status: int, body: bytes) -> None:
    server = FakeServer()
    with answering(status, body) as other:
        async with server.running():
            found = await first_server([other, port_of(server)])
    assert found is not None and found.setting == server.url


async def test_nothing_answers() -> None:
    with closed_port() as closed:
        assert await first_server([closed]) is None
