"""A key goes to the host it was meant for, and nowhere else: no words, no file, no other host."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from iqdebug.core.errors import ModelError, UsageError
from iqdebug.core.messages import render
from iqdebug.llm.backends.api_keys import key_for
from iqdebug.llm.backends.http import HttpBackend
from iqdebug.llm.messages import Message, Sampling
from tests.llm.fake_server import FakeServer, Turn


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IQDEBUG_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)


def test_a_key_is_for_its_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    for url in (
        "http://127.0.0.1:8000/v1",
        "https://gpu.example.org/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com.example.org/v1",
    ):
        assert key_for(url) is None
    found = key_for("https://api.openai.com/v1")
    assert found is not None and (found.secret, found.origin) == ("sk-1", "$OPENAI_API_KEY")
    monkeypatch.setenv("IQDEBUG_API_KEY", " mine\n")
    found = key_for("https://api.openai.com/v1")
    assert found is not None and (found.secret, found.origin) == ("mine", "$IQDEBUG_API_KEY")
    assert "mine" not in repr(found)


def test_the_keyring_is_asked_for_the_host_and_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = types.ModuleType("keyring")
    asked: list[tuple[str, str]] = []

    def get_password(service: str, host: str) -> str | None:
        asked.append((service, host))
        if host == "locked":
            raise RuntimeError("no backend")
        return "ring-1" if host == "gpu" else None

    ring.get_password = get_password  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    found = key_for("https://gpu:8443/v1")
    assert found is not None and (found.secret, render(found.origin)) == ("ring-1", "the keyring")
    assert key_for("https://locked/v1") is None and key_for("https://else/v1") is None
    assert asked == [("iqdebug", "gpu"), ("iqdebug", "locked"), ("iqdebug", "else")]


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_not_shown(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IQDEBUG_API_KEY", key)
    with pytest.raises(ModelError, match="cannot be sent") as raised:
        HttpBackend("http://127.0.0.1:1/v1")
    assert key not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["http://me:pw-77@host/v1", "http://host/v1?key=pw-77", "http://", "http://h:99999/v1", "http://[::1"],
)
def test_an_address_holds_no_key(url: str) -> None:
    with pytest.raises(UsageError) as raised:
        HttpBackend(url)
    assert "pw-77" not in str(raised.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
async def test_no_words_hold_the_key(
    status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    monkeypatch.setenv("IQDEBUG_API_KEY", "key-9f3")
    told = "Incorrect API key provided: key-9f3"
    turn = Turn(told, status=status, headers={"retry-after": "99"})
    broken = Turn(raw=f'data: {{"error": {{"message": "{told}"}}}}\n\n', kind_of_raw="text/event-stream")
    async with FakeServer([turn, broken]).running() as server:
        backend = HttpBackend(server.url)
        await backend.start()
        await backend.open("be short")
        await backend.append(Message("user", "why?"))
        for _ in range(2):
            with pytest.raises(ModelError) as raised:
                [e async for e in backend.reply(Sampling())]
            assert "key-9f3" not in str(raised.value)
        if status in (401, 403):
            assert "$IQDEBUG_API_KEY" in refusal_of(status, monkeypatch)
        assert all(h["authorization"] == "Bearer key-9f3" for _, h, _ in server.requests)
        await backend.save(tmp_path / "log")
        assert "key-9f3" not in (tmp_path / "log").read_text() + repr(backend.about) + caplog.text
        assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
        await backend.close()


def refusal_of(status: int, monkeypatch: pytest.MonkeyPatch) -> str:
    from iqdebug.llm.backends.http_errors import refused

    return refused(status, "", "http://h/v1", key_for("http://h/v1")).why


async def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IQDEBUG_API_KEY", "key-9f3")
    async with FakeServer([]).running() as other:
        turn = Turn("moved", status=307, headers={"location": f"{other.url}/chat/completions?t=1"})
        async with FakeServer([turn]).running() as server:
            backend = HttpBackend(server.url)
            await backend.start()
            await backend.open("be short")
            with pytest.raises(ModelError, match="points elsewhere") as raised:
                [e async for e in backend.reply(Sampling())]
            assert other.url in raised.value.why and "t=1" not in raised.value.why
            assert other.requests == []
            await backend.close()


async def test_a_proxy_does_not_see_a_loopback_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeServer([]).running() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        async with FakeServer([]).running() as server:
            backend = HttpBackend(server.url)
            await backend.start()
            assert server.requests and not proxy.requests
            await backend.close()


def test_who_gets_the_bytes_is_said() -> None:
    for url, where, remote in (
        ("http://127.0.0.1:1/v1", "on this machine", False),
        ("http://[::1]:1/v1", "on this machine", False),
        ("https://gpu.example.org/v1", "gpu.example.org", True),
        ("http://10.0.0.7:8000/v1#m", "10.0.0.7:8000 (not encrypted)", True),
    ):
        about = HttpBackend(url).about
        assert (about.where, about.remote) == (where, remote)
