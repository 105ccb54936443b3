"""Downloads from a local server that answers as the hub does."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections import namedtuple
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from iqdebug.core.errors import MissingTool, ModelError
from iqdebug.llm.gguf.pull import pull

BODY = bytes(range(256)) * 8000
SUM = hashlib.sha256(BODY).hexdigest()


class Hub(ThreadingHTTPServer):
    etag = SUM
    cut_at: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *arguments: object) -> None: ...

    def do_HEAD(self) -> None:
        self.answer(False)

    def do_GET(self) -> None:
        self.answer(True)

    def answer(self, body: bool) -> None:
        if not self.path.endswith("/o/r/resolve/main/m.gguf"):
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = self.headers.get("Range", "")
        start = int(asked[6:-1]) if body and asked else 0
        if body:
            self.server.ranges.append(asked)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(BODY) - start))
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("X-Linked-Size", str(len(BODY)))
        self.send_header("X-Linked-ETag", f'"{self.server.etag}"')
        self.send_header("ETag", f'"{self.server.etag}"')
        self.end_headers()
        if body:
            end, self.server.cut_at = self.server.cut_at, None
            self.wfile.write(BODY[start:end])
            self.close_connection = True


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = pull("o/r", "m.gguf", to=tmp_path, endpoint=hub.url, on_bytes=lambda a, b: seen.append((a, b)))
    assert path.read_bytes() == BODY and seen[-1] == (len(BODY), len(BODY))
    assert pull("o/r", "m.gguf", to=tmp_path, endpoint=hub.url) == path
    assert hub.ranges == [""]  # the second time nothing was fetched


def test_an_interrupted_one_goes_on(hub: Hub, tmp_path: Path) -> None:
    hub.cut_at = 1 << 20
    with pytest.raises(ModelError, match="broke off"):
        pull("o/r", "m.gguf", to=tmp_path, endpoint=hub.url)
    assert pull("o/r", "m.gguf", to=tmp_path, endpoint=hub.url).read_bytes() == BODY
    assert hub.ranges[1].startswith("bytes=") and hub.ranges[1] != "bytes=0-"


def test_a_wrong_checksum(hub: Hub, tmp_path: Path) -> None:
    hub.etag = "0" * 64
    with pytest.raises(ModelError, match="damaged"):
        pull("o/r", "m.gguf", to=tmp_path, endpoint=hub.url)
    assert not list(tmp_path.iterdir())


def test_another_file_than_the_preset_names(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not the file"):
        pull("o/r", "m.gguf", to=tmp_path, endpoint=hub.url, sha256="1" * 64)


def test_no_room(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10, 9, 1))
    with pytest.raises(ModelError, match="no room"):
        pull("o/r", "m.gguf", to=tmp_path, endpoint=hub.url)


def test_no_such_file(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no o/r/x\.gguf"):
        pull("o/r", "x.gguf", to=tmp_path, endpoint=hub.url)


def test_no_server(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be reached"):
        pull("o/r", "m.gguf", to=tmp_path, endpoint="http://127.0.0.1:9")


def test_without_the_hubs_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingTool, match="not installed") as caught:
        pull("o/r", "m.gguf", to=tmp_path)
    assert "iqdebug[pull]" in caught.value.fix
