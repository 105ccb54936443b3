"""Answers with statements that are true and others that are not, made by program from recorded crashes."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from iqdebug.assistant.fact_check import Facts
from iqdebug.core.state import Frame, Variable
from iqdebug.crash import Crash

Kind = Literal["value", "place", "name"]

VALUE_FORMS = (
    "`{name}` is {value}.",
    "`{name}` is `{value}` in `{function}`.",
    "The failure happens because `{name}` is {value} at {file}:{line}.",
    "In `{function}`, the value of `{name}` is {value}, which is why it raises.",
    "- `{name}`: `{value}`",
    "- {name}: {value}",
    "Here `{name} = {value}`, so it cannot go on.",
    "The variable `{name}` has the value `{value}` at this point.",
    "`{name}` == {value} and the call fails.",
    "At {file}:{line}, {name} is {value}.",
    "Note that **`{name}`** is {value} here.",
    "At this point the `{name}` variable is {value}.",
)
SIZE_FORMS = (
    "`len({name})` is {size} here.",
    "At this point `{name}` has {size} elements.",
    "In `{function}`, the length of `{name}` is {size} at the time of the crash.",
)
NONE_FORMS = ("The variable `{name}` is None here.", "At {file}:{line}, `{name}` is `None`.")
NOT_NONE_FORMS = ("`{name}` is not None at {file}:{line}.", "Here `{name}` is not `None`, so it goes on.")
PLACE_FORMS = (
    "The error is at {file}:{line}.",
    "See `{file}:{line}`, where it is raised.",
    "It is raised on line {line} of `{file}`.",
    "Look at `{file}`, line {line}.",
)
FUNCTION_FORMS = (
    "The function `{function}` in `{file}` is to blame.",
    "`{function}()` in {file} raises it.",
    'The traceback says File "{file}", line {line}, in {function}.',
    "It comes from {file}:{line} in `{function}`.",
    "The method `{function}` (`{file}:{line}`) does it.",
)
FILE_FORMS = ("The cause lies in `{file}`.", "It is raised at {file}:{line}.")
NAME_FORMS = (
    "`{name}` is {value} here.",
    "The variable `{name}` holds the result.",
    "The cause is that `{name}` is None.",
)
NOT_JUDGED = (
    "If `{name}` is {value}, the call works.",
    "`{name}` would be {value} after that.",
    "`{name}` was {value} before.",
    "When `{name}` is {value}, nothing is raised.",
    "To fix this, make sure that `{name}` is {value}.",
    "Suppose `{name}` is {value}. Then `{name}` == {value} and it works.",
    "For example, `{name}` is {value}.",
    "Is `{name}` {value}?",
    "It does not mean that `{name}` is {value}.",
    "The code expects that `{name}` is {value}.",
    "In an earlier call `{name}` is {value}.",
    "`{name}` is {value} or something else.",
    "The condition `{name} == {value}` is false.",
    "`{name}` is {value} times too large.",
    "The type of `{name}` is {value}.",
    "You should check that `{name}` is not {value}.",
    "In the first iteration `{name}` is {value}.",
    "```python\n{name} = {value}\n```",
    "```diff\n- {name} = old\n+ {name} = {value}\n```",
    "### Fix\n`{name}` is {value} now.\n### Cause",
)


@dataclass(frozen=True)
class Statement:
    """``true``: it is so, or it says nothing about what is, and gets no mark. ``alone``: what follows it in
    an answer may not be judged either."""

    text: str
    kind: Kind
    true: bool
    alone: bool = False


def facts_of(crash: Crash) -> Facts:
    return Facts(crash.snapshot, crash.read_source, lambda path: crash.sources[path].whole, crash.children)


def statements(crash: Crash, random_: random.Random, kinds: Sequence[str] = ("user",)) -> Iterator[Statement]:
    """All forms over frames of those kinds, with what is so and what is not."""
    frames = [f for f in (crash.snapshot.focused or crash.snapshot.threads[0]).frames if f.kind in kinds]
    frames = [f for f in frames if crash.read_source(f.path)]
    for frame in frames:
        yield from _places(frame, crash.read_source(frame.path), random_)
        for variable in frame.locals or ():
            yield from _values(frame, variable, frames, crash.read_source(frame.path), random_)
        yield Statement(_said(NAME_FORMS, random_, name=_invented(random_), value="7"), "name", False)


def _places(frame: Frame, source: Sequence[str], random_: random.Random) -> Iterator[Statement]:
    file = PurePath(frame.path).name
    beyond = len(source) + random_.randint(1, 300)
    within = random_.randint(1, len(source))
    function = frame.name if frame.name != "<module>" else "main"
    for line, true in ((frame.line, True), (within, True), (beyond, False)):
        yield Statement(_said(PLACE_FORMS, random_, file=file, line=line), "place", true)
    invented = f"{_invented(random_)}.py"
    yield Statement(_said(FILE_FORMS, random_, file=file, line=frame.line), "place", True)
    yield Statement(_said(FILE_FORMS, random_, file=invented, line=frame.line), "place", False)
    if frame.name != "<module>":
        said = {"file": file, "line": frame.line}
        yield Statement(_said(FUNCTION_FORMS, random_, function=function, **said), "place", True)
        yield Statement(_said(FUNCTION_FORMS, random_, function=_invented(random_), **said), "place", False)


def _values(
    frame: Frame,
    variable: Variable,
    frames: Sequence[Frame],
    source: Sequence[str],
    random_: random.Random,
) -> Iterator[Statement]:
    said = {
        "name": variable.name,
        "function": frame.name,
        "file": PurePath(frame.path).name,
        "line": frame.line,
    }
    if not variable.name.isidentifier() or _is_elsewhere(variable, frame, frames):
        return
    if variable.size is not None and variable.type != "str":
        yield Statement(_said(SIZE_FORMS, random_, size=variable.size, **said), "value", True)
        wrong = variable.size + random_.randint(1, 9)
        yield Statement(_said(SIZE_FORMS, random_, size=wrong, **said), "value", False)
    changes = _changes(variable.name, source)
    is_none = variable.value == "None"
    yield Statement(_said(NONE_FORMS, random_, **said), "value", is_none)
    yield Statement(_said(NOT_NONE_FORMS, random_, **said), "value", not is_none)
    try:
        value = ast.literal_eval(variable.value)
    except (ValueError, SyntaxError):
        return
    if len(variable.value) > 120 or "…" in variable.value:
        return
    ties = ("here", "at this point", "{file}:{line}")
    forms = [form for form in VALUE_FORMS if not changes or any(tie in form.lower() for tie in ties)]
    for form in random_.sample(forms, 4):
        yield Statement(form.format(value=variable.value, **said), "value", True)
        yield Statement(form.format(value=repr(_other(value, random_)), **said), "value", False)
    for form in random_.sample(NOT_JUDGED, 4):
        yield Statement(form.format(value=repr(_other(value, random_)), **said), "value", True, alone=True)


def _is_elsewhere(variable: Variable, frame: Frame, frames: Sequence[Frame]) -> bool:
    """Whether another frame has another value of that name: then no statement is judged."""
    others = (v for f in frames if f is not frame for v in f.locals or () if v.name == variable.name)
    return any(v.value != variable.value for v in others)


def _changes(name: str, source: Sequence[str]) -> bool:
    """Whether the file's text gives the name a value in a loop's head or at several places."""
    bound = [line for line in source if re.search(rf"\b{name}\b[^=(]*(?<![=!<>+*/-])=(?!=)", line)]
    return len(bound) > 1 or any(
        re.search(rf"\bfor\b.*\b{name}\b.*\bin\b|\b{name}\b *[-+*]=", t) for t in source
    )


def _other(value: object, random_: random.Random) -> object:
    """A value that is not that one."""
    if random_.random() < 0.2 and value is not None:
        return None
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + random_.choice((-3, -1, 1, 10))
    if isinstance(value, float):
        return value + random_.choice((-2.5, 1.0, 7.25))
    if isinstance(value, str):
        return random_.choice(("other", value + "x", "")) if value else "other"
    if isinstance(value, list | tuple):
        return type(value)([*value, 99]) if random_.random() < 0.5 else [0]
    if isinstance(value, dict):
        return {**value, "extra": 1}
    return 7


def _invented(random_: random.Random) -> str:
    return (
        random_.choice(("resolve", "compute", "merge", "audit"))
        + "_"
        + random_.choice(("ledger", "discounts", "vouchers", "baskets"))
    )


def _said(forms: Sequence[str], random_: random.Random, **values: object) -> str:
    return random_.choice(forms).format(**values)


def answers(found: Sequence[Statement], random_: random.Random) -> Iterator[list[Statement]]:
    """The statements in some order, a few in an answer."""
    shuffled = [each for each in found if not each.alone]
    last = [each for each in found if each.alone]
    random_.shuffle(shuffled)
    for start in range(0, len(shuffled), 6):
        yield shuffled[start : start + 6] + last[start // 6 : start // 6 + 1]
    yield from ([each] for each in last[len(shuffled) // 6 + 1 :])
