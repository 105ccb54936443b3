"""/get: a model is fetched on consent, and the conversation goes on with it."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from iqdebug.assistant import model_download
from iqdebug.assistant.session import AssistantSession, Consent, DebuggeeContext
from iqdebug.assistant.transcript import ModelStatus
from iqdebug.core.config import load
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.llm.gguf import hardware
from iqdebug.llm.gguf.pull import OnBytes, pull
from iqdebug.workflows.assemble import companion_for
from tests.assistant.recorded import Recorded, record_example
from tests.assistant.test_session import Person
from tests.llm.test_pull import Hub, hub
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow
__all__ = ["hub"]  # a fixture

PRESET = """
title = "Mine"
licence = "MIT"
code = true
tool_format = "hermes"

[shape]
layers = 2
width = 128
heads = 4
kv_heads = 2
head_dim = 32
feed_forward = 512
vocabulary = 4400
context = 65536

[[files]]
repository = "o/r"
file = "m.gguf"
quantisation = "f16"
gigabytes = 0.005
"""


class Standing:
    """A reader of the transcript that keeps every status."""

    def __init__(self, assistant: AssistantSession) -> None:
        self.all: list[ModelStatus] = []
        assistant.transcript.subscribe(self)

    def entry_changed(self, entry: object) -> None: ...

    def entries_removed(self, after: int) -> None: ...

    def standing_changed(self, standing: ModelStatus) -> None:
        self.all.append(standing)


@pytest.fixture
def weights(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A tiny model on the hub, a preset that names it, and folders of one's own."""
    for name in ("STATE", "CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.delenv("IQDEBUG_MODEL", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    whole = write_tiny(tmp_path / "tiny.gguf", vocab_extra=4000, context=65536).read_bytes()
    assert len(whole) > 3 << 20
    monkeypatch.setattr("tests.llm.test_pull.BODY", whole)
    monkeypatch.setattr(hub, "etag", hashlib.sha256(whole).hexdigest())
    (tmp_path / "config" / "iqdebug" / "models").mkdir(parents=True)
    (tmp_path / "config" / "iqdebug" / "models" / "mine.toml").write_text(PRESET)
    return whole


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return record_example("none_lookup", tmp_path_factory.mktemp("crash"))


def talk(found: Recorded, says: Sequence[Consent]) -> tuple[AssistantSession, Person]:
    session = RecordedSession(found.crash)
    assistant = companion_for(None, DebuggeeContext(found.crash, str(found.root), found.crash.read_source))
    person = Person(session, says)
    assistant.begin(session, person)
    return assistant, person


def flow(assistant: AssistantSession) -> str:
    return "\n".join(f"{entry.text} {entry.detail}" for entry in assistant.transcript.entries)


async def test_a_model_is_fetched_and_the_conversation_goes_on_with_it(
    weights: bytes, lookup: Recorded, hub: Hub, tmp_path: Path
) -> None:
    assistant, person = talk(lookup, ["no", "once"])
    await assistant.submit("why?")
    assert "/get fetches one" in flow(assistant)
    await assistant.submit("/get mine")
    assert "nothing was fetched" in flow(assistant) and hub.ranges == []

    standing = Standing(assistant)
    await assistant.submit("/get mine")
    await assistant.settled()
    path = tmp_path / "data" / "iqdebug" / "models" / "m.gguf"
    (_, _, before), (action, _, detail) = person.asked
    assert "fetch and use Mine" in action and f"o/r/m.gguf  0.005 GB  →  {path}" in detail == before
    assert path.read_bytes() == weights and load().model.setting == f"llama:{path}"
    assert any("█" in status.words and status.state == "fetching" for status in standing.all)
    conversation = assistant.conversation
    assert conversation is not None and conversation.started, flow(assistant)
    assert assistant.transcript.standing.state == "ready" and assistant.window is not None

    await assistant.submit("/get mine")
    assert "A model is in use" in flow(assistant)
    await assistant.close()


async def test_it_is_stopped_and_gone_on_with(
    weights: bytes, lookup: Recorded, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = threading.Event()

    def patient_pull(*names: str, on_bytes: OnBytes, **others: Any) -> Path:
        """Goes on behind the first piece when the person has had the time to stop it."""

        def show(done: int, total: int) -> None:
            on_bytes(done, total)
            assert stopped.wait(20)

        return pull(*names, on_bytes=show, **others)

    class Impatient(Standing):
        def standing_changed(self, standing: ModelStatus) -> None:
            if standing.state == "fetching" and not stopped.is_set():
                stopping = asyncio.ensure_future(assistant.stop())
                stopping.add_done_callback(lambda done: stopped.set())

    monkeypatch.setattr(model_download, "pull", patient_pull)
    assistant, _ = talk(lookup, ["once", "once"])
    Impatient(assistant)
    await assistant.submit("/get mine")
    assert "what is there stays" in flow(assistant) and assistant.window is None
    assert load().model.setting == "none"
    part = tmp_path / "data" / "iqdebug" / "models" / "m.gguf.part"
    there = part.stat().st_size
    assert 0 < there < len(weights)
    await assistant.submit("/get mine")
    assert assistant.window is not None and not part.exists()
    assert hub.ranges == ["", f"bytes={there}-"]
    await assistant.close()


async def test_what_suits_the_machine_is_offered(
    weights: bytes, lookup: Recorded, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = hardware.Machine((hardware.Gpu("NVIDIA GeForce RTX 4090", 24 << 30, 23 << 30),), 32 << 30, 8)
    monkeypatch.setattr(hardware, "look", lambda: machine)
    assistant, person = talk(lookup, ["no"])
    await assistant.submit("/get")
    assert "/get qwen2.5-coder-32b-instruct   Qwen2.5-Coder-32B-Instruct, 19.851 GB;" in flow(assistant)
    ((action, _, detail),) = person.asked
    assert "Qwen2.5-Coder-32B-Instruct" in action and "19.851 GB" in detail and hub.ranges == []
    await assistant.submit("/get nonsense")
    assert "No public file of nonsense is known" in flow(assistant)
    monkeypatch.setattr(hardware, "look", lambda: hardware.Machine((), 100 << 10, 1))
    await assistant.submit("/get")
    assert "None of the known models suits this machine" in flow(assistant)
    await assistant.close()
