"""Breakpoints in files that are on no stack, by FILE:LINE or by a function's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.errors import UsageError
from iqdebug.core.state import Breakpoint, Phase
from iqdebug.dap.session import Session
from iqdebug.diagnosis.named_places import parse, resolve
from iqdebug.system.source_files import read_lines
from tests.conftest import marker
from tests.dap.targets import PROGRAMS, Target, Watcher, attached, on_pythons, running, top

pytestmark = pytest.mark.slow

PROGRAM = "elsewhere.py"
ORDERS = PROGRAMS / "shop" / "orders.py"
SOME = ("3.8", "3.12")


async def found(session: Session, words: str) -> Breakpoint:
    return await resolve(parse(words), str(PROGRAMS), session.finder, read_lines)


async def stops_there(session: Session, watcher: Watcher, target: Target, call: str, at: Breakpoint) -> None:
    before = session.snapshot.epoch
    await session.set_breakpoints([at])
    assert [(b.verified, b.message) for b in session.breakpoints] == [(True, "")]
    target.tell(call)
    stop = await watcher.stopped(after=before)
    assert (top(stop).path, top(stop).line) == (at.path, at.line)
    await session.set_breakpoints([])
    await session.resume()
    await target.readline()


@on_pythons(*SOME)
async def test_functions_by_every_name_that_a_person_gives_them(python: str) -> None:
    async with running(python, PROGRAM) as target, attached(target) as (session, watcher):
        for words, line, call in (
            ("shop.orders.OrderService.accept", "accept", "accept"),
            ("OrderService.accept", "accept", "accept"),
            ("shop.orders.OrderService.size", "size", "size"),
            ("price", "price", "price"),
            ("orders.refund", "refund", "refund"),
            ("booked", "booked", "refund"),
            ("cancelled", "cancelled", "cancelled"),
            ("shop.orders.cancelled", "cancelled", "cancelled"),
            ("one_line", "one-line", "one_line"),
        ):
            place = await found(session, words)
            assert (place.path, place.line) == (str(ORDERS), marker(ORDERS, line)), words
            await stops_there(session, watcher, target, call, place)
        assert (await found(session, "elsewhere.examples")).path == str(target.path)
        assert (await found(session, "linecache.getline")).path.endswith("linecache.py")
        await target.goes_on()


@on_pythons("3.11")
async def test_lines_of_files_by_the_end_of_their_path(python: str) -> None:
    line = marker(ORDERS, "refund")
    async with running(python, PROGRAM) as target, attached(target) as (session, watcher):
        for words in (f"shop/orders.py:{line}", f"orders.py:{line}", f"{ORDERS}:{line}"):
            place = await found(session, words)
            assert (place.path, place.line) == (str(ORDERS), line)
        await stops_there(session, watcher, target, "refund", place)
        files = await session.finder.files()
        assert not any("/debugpy/" in p.path or "/iqdebug/agent/" in p.path for p in files)
        names = {p.name: p for p in files}
        assert names["shop.stock"].path == str(ORDERS.with_name("stock.py"))
        own = {p.name for p in await session.finder.functions()}
        assert {"shop.stock.Stock.accept", "shop.orders.refund"} <= own
        assert not any(name.startswith(("json.", "_iqdebug", "iqdebug")) for name in own)


@on_pythons("3.11")
async def test_what_is_not_there_is_said_in_words(python: str) -> None:
    async with running(python, PROGRAM) as target, attached(target) as (session, _):
        with pytest.raises(UsageError) as two:
            await found(session, "accept")
        assert "any of 2 functions" in str(two.value)
        assert f"shop/orders.py:{marker(ORDERS, 'accept')}" in str(two.value)
        assert "shop.stock.Stock.accept" in str(two.value)
        for words, said in (
            ("acept", "there is no function acept"),
            ("shop.orders.acept", "there is no function"),
            ("no/such.py:3", "there is no file no/such.py"),
            (f"orders.py:{marker(ORDERS, 'accept') - 1}", "has no code"),
            ("orders.py:4000", "is past the end"),
            ("<ipython-input-9>:1", "there is no file <ipython-input-9>"),
        ):
            with pytest.raises(UsageError) as error:
                await found(session, words)
            assert said in str(error.value) and len(error.value.lines()) <= 3
        await target.goes_on()


NO_PLACES = ["", "a b", "orders.py:", ":3", "orders.py:x", "-1", "a..b", "x.py:0", "x.py", "a/b"]


@pytest.mark.parametrize("words", NO_PLACES)
def test_what_names_no_place_is_refused_at_once(words: str) -> None:
    with pytest.raises(UsageError):
        parse(words)


async def test_a_function_that_is_not_imported_yet_is_found_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text('def later(\n    a,\n):\n    """Says so."""\n\n    return a\n')
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "late.py").write_text("def later(): return 1\n")
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "env" / "late.py").write_text("def later(): return 1\n")
    for words in ("later", "late.later"):
        place = await resolve(parse(words), str(tmp_path), None, read_lines)
        assert place == Breakpoint(str(tmp_path / "late.py"), 6)


@on_pythons("3.11")
async def test_a_breakpoint_that_the_server_moves_is_shown_so(python: str) -> None:
    empty = marker(ORDERS, "refund") + 1
    async with running(python, PROGRAM) as target, attached(target) as (session, _):
        await session.set_breakpoints([Breakpoint(str(ORDERS), empty)])
        (shown,) = session.breakpoints
        assert shown.verified and shown.line < empty
        assert shown.message == f"moved here from line {empty}, which has no code"
        await session.set_breakpoints([shown])
        assert session.breakpoints == (shown,)
        await target.goes_on()


@on_pythons("3.11", "3.12")
async def test_where_the_server_never_stops_the_breakpoint_is_not_shown_as_set(python: str) -> None:
    """pydevd passes over some files by their last name alone, and over some names of code."""
    queue = str(ORDERS.with_name("queue.py"))
    async with running(python, PROGRAM) as target, attached(target) as (session, watcher):
        await session.set_breakpoints(
            [Breakpoint(queue, marker(queue, "queue-put")), Breakpoint("<attrs generated init shop>", 2)]
        )
        said = {b.path: (b.verified, b.message) for b in session.breakpoints}
        words = "debugpy stops in no file named <attrs generated init shop>"
        assert said["<attrs generated init shop>"] == (False, words)
        assert await target.ask("attrs") == 40
        if said[queue][0]:  # before 3.12 it stops there, as the file is no library's
            target.tell("put")
            assert top(await watcher.stopped()).name == "put"
        else:
            assert said[queue] == (False, "debugpy stops in no file named queue.py")
            assert await target.ask("put") == 20
            assert not any(s.phase is Phase.PAUSED for s in watcher.snapshots), "else the words are wrong"
