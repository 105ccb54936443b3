"""A recording refuses whatever would run or change something, with its reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from iqdebug.core.errors import NotAvailable
from iqdebug.core.read_only_session import ReadOnlySession
from iqdebug.core.session import Capability, StepKind
from iqdebug.core.state import Frame

FRAME = Frame("f", "/a.py", 1)
REFUSED: dict[Capability, Callable[[ReadOnlySession], Awaitable[Any]]] = {
    Capability.PAUSE: lambda s: s.pause(),
    Capability.CONTINUE: lambda s: s.resume(),
    Capability.STEP: lambda s: s.step(StepKind.OVER, 1),
    Capability.RUN_TO: lambda s: s.run_to("/a.py", 1),
    Capability.RESTART_FRAME: lambda s: s.restart_frame(FRAME),
    Capability.SET_VARIABLE: lambda s: s.set_variable("x", "1", FRAME, 0),
    Capability.BREAKPOINTS: lambda s: s.set_breakpoints([]),
    Capability.RECORD: lambda s: s.record(),
}


@pytest.fixture
def session() -> ReadOnlySession:
    return ReadOnlySession([Capability.EVALUATE], "nothing runs", {Capability.RECORD: "it is one already"})


@pytest.mark.parametrize("capability", REFUSED)
async def test_actions_are_refused_for_the_reason_that_why_not_names(
    session: ReadOnlySession, capability: Capability
) -> None:
    with pytest.raises(NotAvailable) as refused:
        await REFUSED[capability](session)
    assert refused.value.what == f"cannot {capability.value}"
    assert refused.value.why == session.why_not(capability) != ""
    assert (refused.value.why == "it is one already") is (capability is Capability.RECORD)


async def test_what_is_possible_and_what_has_no_capability(session: ReadOnlySession) -> None:
    assert session.why_not(Capability.EVALUATE) == ""
    assert session.why_not(Capability.COMPLETE) == "nothing runs"
    for refused in (session.arm(True), session.refresh()):
        with pytest.raises(NotAvailable):
            await refused
    assert session.breakpoints == () and session.finder is None and session.supervision is None
    await session.detach()
