"""A stop on its way from the wire to the prompt, by the list in ARCHITECTURE.md."""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType

import pytest

from iqdebug.assistant.commands import COMMANDS
from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.assistant.ui_context import HeadlessContext
from iqdebug.core.session import DebugSession
from iqdebug.diagnosis.shared_diagnosis import SharedDiagnosis
from iqdebug.llm.backends.base import Backend
from iqdebug.llm.backends.local import LoadOptions, LocalBackend
from iqdebug.llm.window.window import Window
from iqdebug.workflows.diagnosis_inputs import live_diagnosis
from tests.dap.targets import attached, running
from tests.support.scripted_backend import Answer, ScriptedBackend
from tests.support.tiny_model import write_tiny

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[2] / "ARCHITECTURE.md"
STEP = re.compile(r"^(\d+)\. `([\w/]+)\.py`, `([\w.]+)`: ", re.MULTILINE)
Step = tuple[str, CodeType]


def steps() -> list[Step]:
    """Each function that the list names, in its order."""
    section = PAGE.read_text().partition("## The way of a stop\n")[2].partition("\n## ")[0]
    named = STEP.findall(section)
    items = re.findall(r"^\d+\.", section, re.MULTILINE)
    assert [int(number) for number, _, _ in named] == list(range(1, len(items) + 1)), items
    listed = []
    for _, path, function in named:
        value: object = importlib.import_module("iqdebug." + path.replace("/", "."))
        for name in function.split("."):
            value = getattr(value, name)
        code = getattr(value, "__code__", None)
        assert isinstance(code, CodeType), f"{path}.py has no function {function}"
        assert code.co_filename.endswith(f"iqdebug/{path}.py"), f"{function} is not of {path}.py"
        listed.append((f"{path}.py {function}", code))
    return listed


@contextmanager
def calls_of(wanted: Sequence[Step]) -> Iterator[list[str]]:
    """Which of the functions are called meanwhile, in whatever thread."""
    names = {code: name for name, code in wanted}
    called: list[str] = []

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code in names:
            called.append(names[frame.f_code])

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield called
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def first_not_taken(wanted: Sequence[Step], called: Sequence[str]) -> str:
    """The first step that was not called behind the one before it; "" when all were."""
    rest = iter(called)
    return next((name for name, _ in wanted if name not in rest), "")


def assistant_on(backend: Backend, session: DebugSession) -> AssistantSession:
    debuggee = DebuggeeContext(diagnose=SharedDiagnosis(live_diagnosis))
    assistant = AssistantSession(Window(backend), debuggee, commands=COMMANDS)
    assistant.begin(session, HeadlessContext(session))
    return assistant


def evidence_in(backend: Backend) -> list[str]:
    return [block.message.content for block in backend.blocks if block.message.source == "evidence"]


async def test_the_model_is_given_the_stop_before_it_is_asked() -> None:
    wanted = [step for step in steps() if "backends/local.py" not in step[0]]
    backend = ScriptedBackend([Answer("It is at the breakpoint.")])
    with calls_of(wanted) as called:
        async with (
            running(sys.executable, "service.py") as target,
            attached(target) as (session, watcher),
        ):
            assistant = assistant_on(backend, session)
            await assistant.settled()
            called.clear()
            await session.set_breakpoints([target.breakpoint("call")])
            await watcher.stopped()
            await assistant.settled()
            await assistant.submit("where is it?")
            await assistant.close()
            place = f"service.py:{target.line('call')}"
    assert first_not_taken(wanted, called) == "", called
    *_, evidence, question, answer = (block.message for block in backend.blocks)
    assert (evidence.source, question.content, answer.content) == (
        "evidence",
        "where is it?",
        "It is at the breakpoint.",
    )
    assert place in evidence.content and "breakpoint" in evidence.content and "«data" in evidence.content


async def test_an_answer_is_held_against_the_variables_of_a_live_stop() -> None:
    backend = ScriptedBackend([Answer("`n` is None here, and `first` is 7. See service.py:99999.")])
    async with running(sys.executable, "service.py") as target, attached(target) as (session, watcher):
        assistant = assistant_on(backend, session)
        await session.set_breakpoints([target.breakpoint("after-call")])
        stopped = await watcher.stopped()
        await assistant.settled()
        await assistant.submit("why?")
        await assistant.close()
        thread = stopped.focused
        assert thread is not None
        held = {v.name: v.value for f in session.snapshot.threads[0].frames[:1] for v in f.locals or ()}
    (answer,) = (e for e in assistant.transcript.entries if e.kind == "answer")
    words = [mark.words for mark in answer.marks]
    assert words[:1] == [f"not so: `n` is {held['n']} here"] and "service.py has " in words[-1]


async def test_every_step_of_the_list_is_taken_in_its_order(tmp_path: Path) -> None:
    """With a model of this machine, into the worker's process."""
    wanted = steps()
    model = write_tiny(tmp_path / "tiny.gguf", context=65_536)
    options = LoadOptions(model=str(model), n_ctx=65_536, n_batch=64, n_ubatch=64, n_threads=1)
    backend = LocalBackend(f"llama:{model}", options, log_file=tmp_path / "worker.log")
    with calls_of(wanted) as called:
        async with (
            running(sys.executable, "service.py") as target,
            attached(target) as (session, watcher),
        ):
            assistant = assistant_on(backend, session)
            await assistant.settled()
            called.clear()
            await session.set_breakpoints([target.breakpoint("call")])
            await watcher.stopped()
            for _ in range(600):
                if first_not_taken(wanted, called):
                    await asyncio.sleep(0.05)
            assert first_not_taken(wanted, called) == "", called
            assert f"service.py:{target.line('call')}" in evidence_in(backend)[-1]
            await assistant.close()


def test_a_step_out_of_order_or_left_out_is_noticed() -> None:
    wanted = steps()
    names = [name for name, _ in wanted]
    assert first_not_taken(wanted, [names[0], *names]) == ""
    assert first_not_taken(wanted, names[:-1]) == names[-1]
    swapped = [*names[:3], names[4], names[3], *names[5:]]
    assert first_not_taken(wanted, swapped) == names[4]


def test_a_function_that_is_not_there_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(STEP.sub(r"\1. `\2.py`, `\3_renamed`: ", PAGE.read_text(), count=1))
    monkeypatch.setattr("tests.assistant.test_way_of_a_stop.PAGE", page)
    with pytest.raises(AttributeError, match="_renamed"):
        steps()
