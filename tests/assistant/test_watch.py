"""What to watch, said with its reason, and set as log-points that a session accepts."""

from __future__ import annotations

import sys
from pathlib import Path

from iqdebug.assistant.actions.watch import hits_of, watches
from iqdebug.core.messages import render
from iqdebug.core.state import LogRecord
from tests.assistant.recorded import record_example
from tests.dap.launching import launched, plan


def test_where_the_failing_value_is_made(tmp_path: Path) -> None:
    case = record_example("none_lookup", tmp_path)
    lines = case.program.read_text().splitlines()
    found = watches(case.diagnosis, read_source=case.crash.read_source)
    at = {lines[w.breakpoint.line - 1].partition("# @")[2]: w for w in found}
    assert at["fails"].names == ("customer",), "after the assignment, where its value can be seen"
    assert at["returns-none"].names == ("customer_id",)
    assert "order" in at["caller"].names
    for watch in found:
        assert watch.reason
        assert watch.breakpoint.log_message.startswith(f"{watch.mark}: ")
        assert all(f"{name}={{{name}}}" in watch.breakpoint.log_message for name in watch.names)
        assert watch.breakpoint.path == str(case.program)
    assert len({(w.breakpoint.path, w.breakpoint.line) for w in found}) == len(found) <= 5


def test_module_names_are_no_variables_to_watch(tmp_path: Path) -> None:
    case = record_example("unawaited", tmp_path)
    found = watches(case.diagnosis, read_source=case.crash.read_source)
    assert found and not any({"asyncio", "fetch_price"} & set(w.names) for w in found)


def test_hits_are_counted_by_watch(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    first, second = watches(case.diagnosis, read_source=case.crash.read_source)[:2]
    records = [LogRecord(float(n), "stdout", f"{first.mark}: count={n}\n") for n in range(5)]
    records.append(LogRecord(9.0, "stdout", f"{first.mark}0: another"))
    hits = hits_of([first, second], records)
    assert (hits[0].count, hits[0].last) == (5, ("count=2", "count=3", "count=4"))
    assert (hits[1].count, hits[1].last) == (0, ())


async def test_a_session_takes_them_and_reports_each_hit(tmp_path: Path) -> None:
    """The program is started again under the debugger with the log-points, and crashes as it did."""
    case = record_example("none_lookup", tmp_path)
    chosen = watches(case.diagnosis, read_source=case.crash.read_source)
    points = tuple(watch.breakpoint for watch in chosen)
    async with launched(plan(sys.executable, str(case.program), cwd=case.root), breakpoints=points) as run:
        await run.crashed()
        assert all(b.verified for b in run.session.breakpoints)
        assert [s for s in run.watcher.snapshots if render(s.reason) == "breakpoint"] == [], (
            "none of them stops"
        )
        last = next(watch for watch in chosen if watch.names == ("customer",))
        await run.watcher.logged(lambda r: r.text.startswith(f"{last.mark}: customer=None"))
        hits = {hit.watch.mark: hit for hit in hits_of(chosen, run.watcher.logs)}
    assert hits[last.mark].count == 2 and hits[last.mark].last[1] == "customer=None"
    assert all(hit.count for hit in hits.values()), [(h.watch, h.last) for h in hits.values()]
