"""What a model may do: decided by rule before it is done, and enforced below the tools.

A tool never holds the session. It holds a
:class:`~iqdebug.assistant.permissioned_session.PermissionedSession`, made for one call, which looks at the
rights of that call before each method; so a mistake in a tool, or what a model talks it into, cannot
step, evaluate or assign. Rights come from :class:`Gate` alone: the person's answers and their
configuration. Nothing that a target says is an input to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from iqdebug.core.messages import Text

__all__ = [
    "Answer",
    "Asking",
    "DecidedBy",
    "Decision",
    "Gate",
    "Grant",
    "Policy",
    "Refused",
    "Request",
    "Right",
    "refuse_all",
]


class Right(str, Enum):
    """READ runs and changes nothing. PROBE may run code of the target's. CONTROL lets it run, stops
    it, or sets where it stops. MUTATE changes it, or files."""

    READ = "read"
    PROBE = "probe"
    CONTROL = "control"
    MUTATE = "mutate"


class DecidedBy(str, Enum):
    """Who or what decided about a right. The last two are refusals."""

    RULE = "rule"
    CONFIG = "config"
    PERSON_ONCE = "person_once"
    PERSON_FOR_SESSION = "person_for_session"
    PERSON_REFUSED = "person_refused"
    NOBODY_TO_ASK = "nobody_to_ask"


class Answer(str, Enum):
    NO = "no"
    ONCE = "once"
    SESSION = "session"


Setting = Literal["ask", "session", "always"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The configuration. ``ask``: each time. ``session``: once for each tool; a yes then holds until the
    session ends. ``always``: without asking. MUTATE has no setting: it is asked each time."""

    probe: Setting = "ask"
    control: Setting = "ask"

    def of(self, right: Right) -> Setting:
        if right is Right.PROBE:
            return self.probe
        if right is Right.CONTROL:
            return self.control
        return "always" if right is Right.READ else "ask"


@dataclass(frozen=True, slots=True)
class Request:
    """A question to the person.

    :param action: what would be done, in words, one line.
    :param detail: the exact text that would be run, set or changed; it is what is done.
    :param why: why this needs the right, "" where it is plain.
    :param may_hold: whether ``SESSION`` may be offered as an answer.
    """

    tool: str
    right: Right
    action: Text
    detail: str = ""
    why: Text = ""
    may_hold: bool = True


Asking = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Grant:
    """For one tool and one right, until it is revoked or the session ends."""

    tool: str
    right: Right


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a right was given for one request, and by whom."""

    allowed: bool
    by: DecidedBy
    right: Right
    tool: str
    detail: str = ""


class Refused(Exception):
    """A right was not given. :attr:`decision` says by whom."""

    def __init__(self, decision: Decision, action: Text) -> None:
        super().__init__(action)
        self.decision = decision
        self.action = action


async def refuse_all(request: Request) -> Answer:
    """The answer where nobody can be asked."""
    return Answer.NO


class Gate:
    """Decides. Holds the grants of a session and the list of all decisions above READ.

    :param ask: asks the person; may take as long as they do. An exception from it is a refusal. The
        default refuses: without a screen nothing above READ is done but what the configuration allows.
    """

    def __init__(self, policy: Policy | None = None, ask: Asking = refuse_all) -> None:
        self._policy = policy or Policy()
        self._ask = ask
        self._grants: dict[Grant, None] = {}
        self._decisions: list[Decision] = []

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What holds for the session, oldest first."""
        return tuple(self._grants)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision above READ, oldest first."""
        return tuple(self._decisions)

    def revoke(self, grant: Grant) -> bool:
        """Take a grant back; False when there was none."""
        return self._grants.pop(grant, "none") is None

    def revoke_all(self) -> None:
        self._grants.clear()

    async def decide(self, request: Request) -> Decision:
        """Never raises but for cancellation, which decides nothing."""
        if request.right is Right.READ:
            return Decision(True, DecidedBy.RULE, request.right, request.tool)
        allowed, by = await self._judge(request)
        decision = Decision(allowed, by, request.right, request.tool, request.detail)
        self._decisions.append(decision)
        return decision

    async def _judge(self, request: Request) -> tuple[bool, DecidedBy]:
        grant = Grant(request.tool, request.right)
        mutates = request.right is Right.MUTATE
        if not mutates and self._policy.of(request.right) == "always":
            return True, DecidedBy.CONFIG
        if not mutates and grant in self._grants:
            return True, DecidedBy.PERSON_FOR_SESSION
        if self._ask is refuse_all:
            return False, DecidedBy.NOBODY_TO_ASK
        try:
            answer = await self._ask(request)
        except Exception:
            return False, DecidedBy.NOBODY_TO_ASK
        if answer is Answer.ONCE or (answer is Answer.SESSION and mutates):
            if not mutates and self._policy.of(request.right) == "session":
                self._grants[grant] = None
                return True, DecidedBy.PERSON_FOR_SESSION
            return True, DecidedBy.PERSON_ONCE
        if answer is Answer.SESSION:
            self._grants[grant] = None
            return True, DecidedBy.PERSON_FOR_SESSION
        return False, DecidedBy.PERSON_REFUSED
