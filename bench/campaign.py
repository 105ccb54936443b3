"""Attaches to many kinds of processes again and again, and counts those left dead, frozen or changed.

Usage: python -m bench.campaign [--count N] [--minutes M] [--at-once K] [--kinds A,B] [--seed S] [PYTHON ...]

Each attach does one of three things, drawn at random: it leaves at once; it pauses the target and leaves
while it is paused; or a client of its own process is killed with SIGKILL at a random moment of its first
three seconds. Afterwards the target must work on within five seconds and report itself as it was before:
threads, hooks, tracing, environment, path, and its standard error.

Prints a table, a row for each kind of target: attaches, deaths (the target ended), freezes (it did nothing
for five seconds, or attach or detach did not end), left different (with what), and attaches that failed in
words, the target well. A target that came to harm is ended; the next attach starts a new one.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import random
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.campaign_targets import KINDS, Target, start
from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import render
from iqdebug.core.state import Phase, ProcessInfo
from iqdebug.dap.attach import AttachOptions, attach
from tests.support.environments import NoEnvironment
from tests.support.interpreters import interpreters, python_version

__all__ = ["ACTIONS", "KINDS", "Outcome", "Tally", "campaign", "table"]

ACTIONS = ("look", "pause", "kill")
HANG_TIMEOUT = 100.0  # seconds: every deadline within an attach is shorter
PAUSE_TIMEOUT = 10.0
SETTLE_TIMEOUT = 5.0  # seconds within which a released target must be as it was
MAX_LIFE = 3.0  # seconds of a client that is going to be killed


@dataclass
class Outcome:
    attaches: int = 0
    killed: int = 0
    deaths: int = 0
    freezes: int = 0
    different: collections.Counter[str] = field(default_factory=collections.Counter)
    failures: collections.Counter[str] = field(default_factory=collections.Counter)

    def harmed(self) -> int:
        return self.deaths + self.freezes + sum(self.different.values())


Tally = dict[tuple[str, str], Outcome]
"""By interpreter version and kind of target."""


async def _attached(target: Target, version: str, pause: bool) -> None:
    """Attach, pause if requested, and leave.

    :raises IqdebugError: it failed, in words.
    """
    session = await attach(
        ProcessInfo(target.pid, "", version, "", ""), AttachOptions(pause=pause, wait=30.0)
    )
    try:
        deadline = time.monotonic() + PAUSE_TIMEOUT
        while pause and session.snapshot.phase is not Phase.PAUSED:
            if "waits in C" in render(session.snapshot.detail):
                return  # a worker without a request: it would stop at its next line of Python
            if time.monotonic() > deadline:
                raise IqdebugError(
                    f"not paused within {PAUSE_TIMEOUT:g} s: {render(session.snapshot.detail)}"
                )
            await asyncio.sleep(0.005)
    finally:
        await session.detach()


async def _killed(target: Target, version: str, life: float) -> None:
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.campaign_client", str(target.pid), version),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(client.wait(), life)
    with contextlib.suppress(ProcessLookupError):
        client.kill()
    await client.wait()


def _changes(before: dict[str, Any], after: dict[str, Any] | None) -> list[str]:
    if after is None:
        return ["no report"]
    return [f"{key}: {before[key]!r} became {after[key]!r}" for key in before if before[key] != after[key]]


async def _once(
    target: Target, action: str, life: float, version: str, before: dict[str, Any], outcome: Outcome
) -> bool:
    """One attach; returns whether the target can be attached to again."""
    stderr_before = target.stderr_text()
    hung = False
    outcome.attaches += 1
    outcome.killed += action == "kill"
    try:
        work = (
            _killed(target, version, life)
            if action == "kill"
            else _attached(target, version, action == "pause")
        )
        await asyncio.wait_for(work, HANG_TIMEOUT)
    except IqdebugError as error:
        words = f"{type(error).__name__}: {error.what}".replace(str(target.pid), "PID")
        outcome.failures[words] += 1
    except asyncio.TimeoutError:
        hung = True
    works = await target.advances()
    if not target.alive():
        outcome.deaths += 1
        return False
    if hung or not works:
        outcome.freezes += 1
        return False
    deadline = time.monotonic() + SETTLE_TIMEOUT
    while changes := _changes(before, await target.report()):
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(0.05)
    if target.stderr_text() != stderr_before:
        changes.append(f"stderr: {target.stderr_text()[len(stderr_before) :][:300]!r}")
    for each in changes:
        outcome.different[f"after {action}: {each}"] += 1
    return not changes


async def campaign(
    pythons: Iterable[str],
    count: int,
    *,
    kinds: Iterable[str] = KINDS,
    actions: Sequence[str] = ACTIONS,
    at_once: int = 2,
    each: int = 5,
    seconds: float | None = None,
    seed: int = 1,
) -> Tally:
    """``count`` attaches spread evenly over the interpreters and kinds of target, ``each`` to one
    process, ``at_once`` at a time. None is begun after ``seconds``. What is done is drawn from
    ``actions`` by ``seed``. Kinds that cannot be started under an interpreter are left out, which
    stands on stderr."""
    tally: Tally = {}
    chance = random.Random(seed)
    started = time.monotonic()
    pairs = [(python, kind) for python in pythons for kind in kinds]
    left = count
    work: collections.deque[tuple[str, str]] = collections.deque()

    def late() -> bool:
        return left <= 0 or (seconds is not None and time.monotonic() - started > seconds)

    async def worker() -> None:
        nonlocal left
        while not late() and pairs:
            if not work:
                work.extend(pairs)
            python, kind = work.popleft()
            version = python_version(python)
            try:
                target = await start(python, kind)
            except (NoEnvironment, RuntimeError) as error:
                print(f"{version} {kind} left out: {error}", file=sys.stderr)
                if (python, kind) in pairs:
                    pairs.remove((python, kind))
                continue
            try:
                before = await target.report()
                if before is None:
                    raise RuntimeError(f"{kind} under {version} did not report itself")
                for _ in range(each):
                    if late():
                        return
                    left -= 1
                    action, life = chance.choice(actions), chance.uniform(0.0, MAX_LIFE)
                    outcome = tally.setdefault((version, kind), Outcome())
                    if not await _once(target, action, life, version, before, outcome):
                        break
            finally:
                await target.close()

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return tally


def table(tally: Tally) -> list[str]:
    heads = ("attaches", "killed", "dead", "frozen", "different", "in words")
    lines = [f"{'python':9}{'target':17}" + "".join(f"{head:>10}" for head in heads)]
    total = [0] * len(heads)
    for (version, kind), outcome in sorted(
        tally.items(), key=lambda i: ([*map(int, i[0][0].split("."))], i[0][1])
    ):
        numbers = [outcome.attaches, outcome.killed, outcome.deaths, outcome.freezes]
        numbers += [sum(outcome.different.values()), sum(outcome.failures.values())]
        lines.append(f"{version:9}{kind:17}" + "".join(f"{number:10}" for number in numbers))
        for words, n in (outcome.different + outcome.failures).items():
            lines.append(f"{'':9}  {n} x {words[:400]}")
        total = [a + b for a, b in zip(total, numbers, strict=True)]
    lines.append(f"{'all':26}" + "".join(f"{number:10}" for number in total))
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pythons", nargs="*", metavar="PYTHON")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=None, help="begin no attach after this")
    parser.add_argument("--at-once", type=int, default=2, metavar="K")
    parser.add_argument("--kinds", default=",".join(KINDS), help=f"some of {','.join(KINDS)}")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    kinds = options.kinds.split(",")
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        parser.error(f"there is no kind of target {unknown[0]!r}")
    started = time.monotonic()
    tally = asyncio.run(
        campaign(
            options.pythons or interpreters(),
            options.count,
            kinds=kinds,
            at_once=options.at_once,
            seconds=options.minutes and options.minutes * 60,
            seed=options.seed,
        )
    )
    print("\n".join(table(tally)))
    print(f"{time.monotonic() - started:.0f} s, {options.at_once} at once, seed {options.seed}")
    return 1 if any(outcome.harmed() for outcome in tally.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
