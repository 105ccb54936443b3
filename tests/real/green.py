"""What tests of programs with greenlets share: a server, requests to it, and a session's whole course."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

from iqdebug.core.session import StepKind
from iqdebug.core.state import Phase, Snapshot, ThreadState
from tests.dap.targets import Target, Watcher, attached, running, top, until_true

__all__ = ["Load", "Server", "hub_of", "named", "serving", "unharmed", "whole_course"]


class Server:
    """A running ``green_server.py``."""

    def __init__(self, target: Target, port: int) -> None:
        self.target = target
        self.port = port

    async def get(self, path: str = "/", timeout: float = 10.0) -> bytes:
        return await asyncio.to_thread(self._get, path, timeout)

    def _get(self, path: str, timeout: float) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as answer:
            body: bytes = answer.read()
            return body

    async def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self.get("/report"))
        return found


@contextlib.asynccontextmanager
async def serving(python: str, library: str, *more: str, **environment: str) -> AsyncIterator[Server]:
    variables = {**os.environ, **environment}
    async with running(python, "green_server.py", library, *more, env=variables) as target:
        yield Server(target, int(await target.readline()))


class Load:
    """Requests one after the other, until told to stop; each must be answered rightly."""

    def __init__(self, server: Server) -> None:
        self.answered = 0
        self._server = server
        self._task = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        while True:
            assert await self._server.get("/slow", timeout=20.0) == b"42"
            self.answered += 1

    async def grows(self) -> None:
        """Wait until three more requests have been answered."""
        wanted = self.answered + 3
        await until_true(lambda: self._task.done() or self.answered >= wanted, 10.0, "answers")
        assert not self._task.done(), self._task.exception()

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


def named(snapshot: Snapshot, name: str) -> Any:
    found = [t for t in snapshot.threads if t.name == name]
    assert found, [t.name for t in snapshot.threads]
    return found[0]


def hub_of(snapshot: Snapshot) -> Any:
    found = [t for t in snapshot.threads if " hub" in t.wait]
    assert len(found) == 1, [(t.name, t.wait) for t in snapshot.threads]
    return found[0]


async def whole_course(server: Server) -> None:
    """Attach, stop in a handler, look round, step, evaluate, go on, pause, leave."""
    target = server.target
    async with attached(target) as (session, watcher):
        await session.set_breakpoints([target.breakpoint("answer")])
        asked = asyncio.ensure_future(server.get("/slow", timeout=20.0))
        stop = await watcher.stopped()
        assert (top(stop).name, top(stop).line) == ("answer", target.line("answer"))
        assert stop.focused is not None and stop.focused.name == "MainThread"
        await _look_round(session, stop)
        await session.step(StepKind.OVER, stop.focus or 0)
        stop = await watcher.stopped(after=stop.epoch)
        assert (top(stop).name, top(stop).line) == ("answer", target.line("answered"))
        assert (await session.evaluate("doubled + number", top(stop), stop.epoch)).value == "63"
        values = {v.name: v.value for v in await session.variables(top(stop), stop.epoch)}
        assert (values["number"], values["doubled"]) == ("21", "42")
        assert not asked.done()  # while one greenlet stands, all do
        await session.set_breakpoints([])
        await session.resume()
        assert await asked == b"42"
        await _paused(session, watcher)


async def _look_round(session: Any, stop: Snapshot) -> None:
    waiting = named(stop, "greenlet main")
    assert waiting.is_greenlet and waiting.state is ThreadState.WAITING
    frame = next(f for f in waiting.frames if f.name == "main")
    assert "ready" in (await session.evaluate("ready.__name__", frame, stop.epoch)).value
    assert [v.name for v in await session.variables(frame, stop.epoch)]
    assert hub_of(stop).is_greenlet


async def _paused(session: Any, watcher: Watcher) -> None:
    await session.pause()
    stop = await watcher.stopped(after=session.snapshot.epoch - 1, timeout=5.0)
    assert stop.phase is Phase.PAUSED and stop.focused is not None


async def unharmed(server: Server, before: dict[str, Any]) -> None:
    """Nothing is different from before, its speed included, and nothing was written to stderr."""

    def different(after: dict[str, Any]) -> dict[str, Any]:
        return {k: (before[k], after[k]) for k in before if k != "speed" and before[k] != after[k]}

    best = 0
    for _ in range(20):  # the machine may be busy: the best of some looks
        after = await server.report()
        best = max(best, after["speed"])
        if not different(after) and best > 0.8 * before["speed"]:
            break
        await asyncio.sleep(0.05)
    assert not different(after)
    assert best > 0.6 * before["speed"], (best, before["speed"])
    assert server.target.stderr == b""
