"""200 attaches to busy targets, spread over the interpreters found: none dies, freezes or is left different.

A longer campaign, with many more kinds of targets and clients that are killed: ``python -m bench.campaign``.
"""

from __future__ import annotations

import pytest

from bench.campaign import campaign, table
from tests.dap.targets import on_pythons
from tests.support.interpreters import interpreters

pytestmark = pytest.mark.slow

ATTACHES = 200


@pytest.mark.timeout(400)
@on_pythons()
async def test_attaches_to_busy_targets(python: str) -> None:
    count = -(-ATTACHES // len(interpreters()))
    tally = await campaign([python], count, kinds=("busy", "busy4"), actions=("look",), each=15)
    shown = "\n".join(table(tally))
    assert sum(found.attaches for found in tally.values()) == count, shown
    for found in tally.values():
        assert (found.harmed(), found.failures.total()) == (0, 0), shown


@on_pythons("3.8", "3.12")
async def test_clients_are_killed_at_any_moment_while_they_attach(python: str) -> None:
    tally = await campaign([python], 8, kinds=("sleepy",), actions=("kill",), each=8)
    shown = "\n".join(table(tally))
    assert sum(found.killed for found in tally.values()) == 8, shown
    assert sum(found.harmed() for found in tally.values()) == 0, shown
