"""Who may do what: decided by rule, by the configuration, by the person; by nobody else."""

from __future__ import annotations

import asyncio

import pytest

from iqdebug.assistant.permissioned_session import NotGranted, PermissionedSession, code_of
from iqdebug.assistant.permissions import (
    Answer,
    DecidedBy,
    Decision,
    Gate,
    Grant,
    Policy,
    Refused,
    Request,
    Right,
)
from iqdebug.assistant.tools import Result, ToolInvocation, Undo, tool
from iqdebug.assistant.wording import DECIDED_BY
from iqdebug.core.messages import render
from iqdebug.core.state import Breakpoint
from tests.assistant.targets import Bench, Person
from tests.tui.fake_session import FakeSession


def asked(right: Right, tool: str = "step") -> Request:
    return Request(tool, right, "do it", "exactly this")


async def test_reading_needs_nobody() -> None:
    person = Person()
    assert (await Gate(ask=person).decide(asked(Right.READ))).by == DecidedBy.RULE
    assert person.asked == []


@pytest.mark.parametrize("right", [Right.PROBE, Right.CONTROL, Right.MUTATE])
async def test_nobody_to_ask_is_a_no(right: Right) -> None:
    gate = Gate()
    decision = await gate.decide(asked(right))
    assert (decision.allowed, decision.by) == (False, DecidedBy.NOBODY_TO_ASK)
    assert gate.decisions == (decision,)


async def test_answers_once_and_for_the_session() -> None:
    person = Person(Answer.ONCE, Answer.NO, Answer.SESSION)
    gate = Gate(ask=person)
    said = [await gate.decide(asked(Right.CONTROL)) for _ in range(5)]
    assert [d.by for d in said] == [
        DecidedBy.PERSON_ONCE,
        DecidedBy.PERSON_REFUSED,
        *[DecidedBy.PERSON_FOR_SESSION] * 3,
    ]
    assert [d.allowed for d in said] == [True, False, True, True, True]
    assert len(person.asked) == 3
    assert gate.grants == (Grant("step", Right.CONTROL),)
    other = await gate.decide(asked(Right.CONTROL, "continue"))
    assert not other.allowed  # a yes is for one tool
    assert not (await gate.decide(asked(Right.PROBE))).allowed  # and for one right
    assert gate.revoke(gate.grants[0]) and not gate.revoke(Grant("step", Right.CONTROL))
    assert not (await gate.decide(asked(Right.CONTROL))).allowed


async def test_changes_are_asked_for_each_time_whatever_was_said() -> None:
    person = Person(Answer.SESSION, Answer.NO)
    gate = Gate(Policy("always", "always"), person)
    assert (await gate.decide(asked(Right.MUTATE))).by == DecidedBy.PERSON_ONCE
    assert not (await gate.decide(asked(Right.MUTATE))).allowed
    assert gate.grants == () and len(person.asked) == 2


async def test_the_configuration() -> None:
    person = Person(Answer.ONCE)
    gate = Gate(Policy(probe="session", control="always"), person)
    assert (await gate.decide(asked(Right.CONTROL))).by == DecidedBy.CONFIG
    assert (await gate.decide(asked(Right.PROBE))).by == DecidedBy.PERSON_FOR_SESSION
    assert (await gate.decide(asked(Right.PROBE))).allowed and len(person.asked) == 1
    gate.revoke_all()
    assert not (await gate.decide(asked(Right.PROBE))).allowed


async def test_a_screen_that_fails_is_a_no() -> None:
    async def broken(request: Request) -> Answer:
        raise RuntimeError("the screen is gone")

    assert (await Gate(ask=broken).decide(asked(Right.PROBE))).allowed is False


async def test_a_question_that_is_abandoned_decides_nothing() -> None:
    async def never(request: Request) -> Answer:
        await asyncio.Event().wait()
        return Answer.ONCE

    gate = Gate(ask=never)
    question = asyncio.ensure_future(gate.decide(asked(Right.PROBE)))
    await asyncio.sleep(0)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    assert gate.decisions == () and gate.grants == ()


async def test_a_right_is_for_the_text_that_was_shown_and_for_one_call() -> None:
    session = FakeSession()
    gate = Gate(ask=Person(Answer.ONCE))
    guarded = PermissionedSession(session, gate, "evaluate")
    frame = session.snapshot.focused.frames[0]  # type: ignore[union-attr]
    epoch = session.snapshot.epoch
    await guarded.obtain(Right.PROBE, "evaluate", "f(1)")
    with pytest.raises(NotGranted):
        await guarded.evaluate("f(2)", frame, epoch)
    with pytest.raises(NotGranted):
        await guarded.resume()
    await guarded.evaluate("f(1)", frame, epoch)
    late = await guarded.evaluate("f(1)", frame, epoch - 1)
    assert late.failed and "moved on" in late.value
    assert session.asked("evaluate") == [("evaluate", "f(1)", frame.name)]
    with pytest.raises(NotGranted):
        await PermissionedSession(session, gate, "evaluate").evaluate("f(1)", frame, epoch)
    with pytest.raises(Refused) as caught:
        await PermissionedSession(session, gate, "evaluate").obtain(Right.PROBE, "evaluate", "f(1)")
    assert caught.value.decision == Decision(False, DecidedBy.PERSON_REFUSED, Right.PROBE, "evaluate", "f(1)")


@pytest.mark.parametrize(
    ("breakpoint_", "code"),
    [
        (Breakpoint("a.py", 1), ()),
        (Breakpoint("a.py", 1, hit_condition=">= 3"), ()),
        (Breakpoint("a.py", 1, hit_condition="f(3)"), ("f(3)",)),
        (Breakpoint("a.py", 1, condition="x"), ("x",)),
        (Breakpoint("a.py", 1, log_message="here"), ()),
        (Breakpoint("a.py", 1, log_message="{x}"), ("{x}",)),
    ],
)
def test_what_of_a_breakpoint_is_code(breakpoint_: Breakpoint, code: tuple[str, ...]) -> None:
    assert code_of(breakpoint_) == code


def test_there_are_words_for_each_way_to_decide() -> None:
    assert set(DECIDED_BY) == set(DecidedBy) and len(set(map(render, DECIDED_BY.values()))) == len(DecidedBy)


async def test_a_further_tool_is_asked_for_unless_it_asks_itself() -> None:
    ran: list[str] = []

    @tool(Right.MUTATE)
    async def touch(call: ToolInvocation, *, test: str | None = None, times: int = 1) -> Result:
        """Run it again."""
        ran.append(call.tool)

        async def back() -> str:
            return "undone"

        return Result("it ran", undo=Undo("undo it", back))

    @tool(Right.READ)
    async def careless(call: ToolInvocation, *, test: str = "") -> Result:
        """Says that it reads."""
        await call.session.resume()
        return Result("never")

    extra = (touch, careless)
    session = FakeSession()
    bench = Bench(session, extra=extra)
    refused = await bench.call("touch", test="a")
    assert refused.failed and ran == [] and bench.person.asked[0].detail == '{"test": "a", "times": 1}'
    bench.person.answers = [Answer.ONCE]
    done = await bench.call("touch", test="a")
    assert done.text == "it ran" and done.decisions[0].by == DecidedBy.PERSON_ONCE and ran == ["touch"]
    assert "touch" in {each.name for each in bench.box.available_tools()}
    overstepped = await bench.call("careless")
    assert overstepped.failed and "allowed" in overstepped.text and session.asked("resume") == []


async def test_a_tool_that_hangs_or_breaks_is_words() -> None:
    @tool(Right.READ, timeout=-0.9)
    async def hangs(call: ToolInvocation) -> Result:
        await asyncio.Event().wait()
        return Result("")

    @tool(Right.READ)
    async def breaks(call: ToolInvocation) -> Result:
        raise ZeroDivisionError("a mistake")

    extra = (hangs, breaks)
    bench = Bench(FakeSession(), extra=extra)
    assert "No answer in time" in (await bench.call("hangs")).text
    assert "ZeroDivisionError" in (await bench.call("breaks")).text
