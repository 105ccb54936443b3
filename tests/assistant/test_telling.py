"""When the model is told of a stop, and of what comes to be known of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from iqdebug.assistant.action_tools import acting_tools
from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.last_stop import LastStopSession
from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.core.evidence import Confidence
from iqdebug.core.state import (
    Diagnosis,
    ExceptionInfo,
    Frame,
    LogRecord,
    Origin,
    Phase,
    Snapshot,
    Thread,
    Variable,
)
from iqdebug.llm.backends.base import Block, Prefilling, Progress
from iqdebug.llm.messages import Tool
from iqdebug.llm.window.window import Window
from tests.assistant.test_session import Person
from tests.support.scripted_backend import Answer, ScriptedBackend


class Watching(Person):
    def logs(self) -> Sequence[LogRecord]:
        return ()


SAID = Diagnosis("something", Confidence.NO_CLEAR_SUSPECT)


def stop(epoch: int, line: int, **more: object) -> Snapshot:
    frame = Frame("accept", "/srv/app.py", line, id=3, locals=(Variable("n", str(line), "int"),))
    thread = Thread(1, "MainThread", frames=(frame,), is_main=True)
    found = Snapshot(4711, epoch, Phase.PAUSED, Origin.LIVE, 1.0, threads=(thread,), focus=1)
    return replace(found, **more)  # type: ignore[arg-type]


def seated(backend: ScriptedBackend, first: Snapshot) -> AssistantSession:
    assistant = AssistantSession(
        Window(backend), DebuggeeContext(), commands=COMMANDS, extra=acting_tools, settle_s=0.0
    )
    session = LastStopSession(first)
    assistant.begin(session, Watching(session))
    return assistant


def told(backend: ScriptedBackend) -> list[str]:
    return [b.message.content for b in backend.blocks if b.message.source == "evidence"]


async def test_pieces_of_one_stop_are_told_once_the_last_of_them() -> None:
    backend = ScriptedBackend([Answer("ok")])
    assistant = seated(backend, stop(1, 5))
    assistant.stop_diagnosed(stop(1, 5), SAID)
    error = ExceptionInfo("ValueError", "no such order")
    assistant.stop_diagnosed(
        stop(1, 5, phase=Phase.CRASHED, exception=error), Diagnosis("it is the order", Confidence.LIKELY)
    )
    await assistant.settled()
    (evidence,) = told(backend)
    assert "no such order" in evidence and "it is the order" in evidence
    assistant.stop_diagnosed(stop(1, 5, phase=Phase.CRASHED, exception=error, revision=4), SAID)
    await assistant.settled()
    assert len(told(backend)) == 1  # nothing new is known
    await assistant.close()


async def test_what_the_model_is_told_first_is_the_same_for_every_session() -> None:
    class Noting(ScriptedBackend):
        async def open(self, system: str, tools: Sequence[Tool] = ()) -> Block:
            self.opened = system, [repr(tool) for tool in tools]
            return await super().open(system, tools)

    opened, named = [], []
    for origin, command, python in (
        (Origin.LIVE, "web.py\n--port 1", "3.12.1"),
        (Origin.DAP, "batch.py", "3.9"),
        (Origin.PEEK, "", "3.9"),
        (Origin.RECORDED, "one.py", "3.10"),
        (Origin.RECORDED, "two.py", ""),
    ):
        backend = Noting([Answer("ok")])
        first = stop(1, 5, origin=origin, command=command, python=python)
        assistant = seated(backend, first)
        assistant.stop_diagnosed(first, SAID)
        await assistant.settled()
        await assistant.submit("what?")
        assistant.stop_diagnosed(replace(first, epoch=2), SAID)
        await assistant.settled()
        evidence, later = told(backend)
        opened.append(backend.opened)
        named.append(evidence.splitlines()[1])
        assert named[-1] not in later, "it is said once"
        await assistant.close()
    assert opened[0] == opened[1] == opened[2] and opened[3] == opened[4]
    assert opened[0][0] == opened[3][0] and opened[0][1] and set(opened[3][1]) < set(opened[0][1])
    assert named == [
        "process: a live process, Python 3.12.1, `web.py --port 1`",
        "process: a live process, Python 3.9, `batch.py`",
        "process: a running process, looked at from outside; nothing can be run in it, Python 3.9",
        "process: a recorded crash; nothing can be run in it, Python 3.10, `one.py`",
        "process: a recorded crash; nothing can be run in it, `two.py`",
    ]


async def test_another_process_is_named() -> None:
    backend = ScriptedBackend([Answer("ok")])
    assistant = seated(backend, stop(1, 5, command="one.py"))
    for epoch, command in ((1, "one.py"), (2, "two.py")):
        assistant.stop_diagnosed(stop(epoch, 5, command=command), SAID)
        await assistant.settled()
        await assistant.submit("what?")
    assert [text.splitlines()[1][-8:] for text in told(backend)] == ["`one.py`", "`two.py`"]
    await assistant.close()


async def test_an_exception_that_comes_to_be_known_later_is_told_whole() -> None:
    backend = ScriptedBackend([Answer("ok")])
    assistant = seated(backend, stop(1, 5))
    assistant.stop_diagnosed(stop(1, 5), SAID)
    await assistant.settled()
    error = ExceptionInfo("ValueError", "no such order")
    assistant.stop_diagnosed(stop(1, 5, phase=Phase.CRASHED, exception=error), SAID)
    await assistant.settled()
    assert "no such order" in told(backend)[-1] and "stop 1 after stop 1" not in told(backend)[-1]
    await assistant.close()


async def test_unread_evidence_gives_way_to_the_next_stop() -> None:
    class NeverReads(ScriptedBackend):
        async def prefill(self) -> AsyncIterator[Prefilling]:
            return
            yield

    backend = NeverReads([Answer("ok")])
    assistant = seated(backend, stop(1, 5))
    for epoch in (1, 2, 3):
        assistant.stop_diagnosed(stop(epoch, 4 + epoch), SAID)
        await assistant.settled()
    (evidence,) = told(backend)
    assert "app.py:7" in evidence and "after stop" not in evidence  # whole: the others were never read
    await assistant.close()


async def test_what_was_read_is_followed_by_what_changed() -> None:
    backend = ScriptedBackend([Answer("ok")])
    assistant = seated(backend, stop(1, 5))
    assistant.stop_diagnosed(stop(1, 5), SAID)
    await assistant.settled()
    await assistant.submit("what?")
    assistant.stop_diagnosed(stop(2, 6), SAID)
    await assistant.settled()
    assert ["stop 2 after stop 1" in text for text in told(backend)] == [False, True]
    await assistant.close()


async def test_a_question_while_the_model_loads_comes_behind_the_evidence() -> None:
    loaded = asyncio.Event()

    class Slow(ScriptedBackend):
        async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None:
            await loaded.wait()
            await super().start(on_progress)

    backend = Slow([Answer("ok")])
    assistant = seated(backend, stop(1, 5))
    assistant.stop_diagnosed(stop(1, 5), SAID)
    asking = asyncio.create_task(assistant.submit("what?"))
    await asyncio.sleep(0)
    assert [e.text for e in assistant.transcript.entries if e.kind == "question"] == ["what?"]  # seen at once
    loaded.set()
    await asking
    assert [b.message.source for b in backend.blocks] == ["system", "evidence", "chat", "chat"]
    await assistant.settled()
    assert len(told(backend)) == 1
    await assistant.close()


async def test_a_stop_while_the_model_answers_is_told_before_the_next_question() -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        reached.set()
        await go_on.wait()

    backend = ScriptedBackend([Answer("one"), Answer("two")], pause=pause)
    assistant = seated(backend, stop(1, 5))
    assistant.stop_diagnosed(stop(1, 5), SAID)
    await assistant.settled()
    asking = asyncio.create_task(assistant.submit("what?"))
    await reached.wait()
    assistant.stop_diagnosed(stop(2, 6), SAID)
    await asyncio.sleep(0)
    go_on.set()
    await asking
    await assistant.settled()
    assert "stop 2 after stop 1" in told(backend)[-1]
    await assistant.close()


async def test_evidence_that_is_cut_with_a_question_is_told_again() -> None:
    backend = ScriptedBackend([Answer("one"), Answer("two")])
    assistant = seated(backend, stop(1, 5))
    assistant.stop_diagnosed(stop(1, 5), SAID)
    await assistant.settled()
    await assistant.submit("what?")
    assistant.stop_diagnosed(stop(2, 6), SAID)
    await assistant.settled()
    await assistant.submit("/edit")
    assert len(told(backend)) == 1
    await assistant.submit("what, then?")
    assert len(told(backend)) == 2 and "app.py:6" in told(backend)[-1]
    await assistant.close()


async def test_that_it_runs_on_is_no_news_but_why_it_hangs_is() -> None:
    backend = ScriptedBackend([Answer("one"), Answer("two"), Answer("three")])
    assistant = seated(backend, stop(1, 5))
    for epoch, said in (
        (1, SAID),
        (2, SAID),
        (3, Diagnosis("two threads wait for each other", Confidence.LIKELY)),
    ):
        assistant.stop_diagnosed(stop(epoch, 5, phase=Phase.RUNNING if epoch > 1 else Phase.PAUSED), said)
        await assistant.settled()
        await assistant.submit(f"question {epoch}")
    assert len(told(backend)) == 2 and "two threads wait" in told(backend)[-1]
    await assistant.close()


async def test_after_a_failure_the_model_still_has_what_was_said() -> None:
    backend = ScriptedBackend([Answer("one"), Answer("two two two", dies=3), Answer("three")])
    assistant = seated(backend, stop(1, 5))
    assistant.stop_diagnosed(stop(1, 5), SAID)
    await assistant.settled()
    for question in ("first?", "second?", "third?"):
        await assistant.submit(question)
    said = [b.message.content for b in backend.blocks]
    assert len(told(backend)) == 1 and "first?" in said and "one" in said and said[-1] == "three"
    await assistant.close()
