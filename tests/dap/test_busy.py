"""200 attaches to busy targets, spread over the interpreters found, without one death or hang.

A longer campaign, with sleeping targets as well: ``python -m bench.campaign``.
"""

from __future__ import annotations

import pytest

from bench.campaign import campaign, table
from bench.targets import interpreters
from iqdebug.dap.inject import Entry
from tests.dap.targets import on_pythons

ATTACHES = 200


@pytest.mark.timeout(400)
@on_pythons()
async def test_attaches_to_busy_targets(python: str) -> None:
    count = -(-ATTACHES // len(interpreters()))
    tally = await campaign([python], count, kinds=("busy", "busy4"), each=15)
    shown = "\n".join(table(tally))
    assert sum(found.attaches for found in tally.values()) == count, shown
    for (_, way), found in tally.items():
        assert way in (Entry.PENDING_CALL.value, Entry.REMOTE_EXEC.value, Entry.LOCK_ENTRY.value), shown
        assert (found.deaths, found.hangs, found.failures.total()) == (0, 0, 0), shown
