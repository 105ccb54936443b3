"""A worker's share in the states that are kept of constant beginnings: taking one up, and leaving one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from iqdebug.llm import worker_protocol
from iqdebug.llm.backends.worker_process import Refused, WorkerProcess
from iqdebug.llm.window.prefix_states import MIN_TOKENS, PrefixStates

__all__ = ["PrefixKeeper"]


class PrefixKeeper:
    """:param states: where they are kept; None keeps none."""

    def __init__(self, worker: WorkerProcess, states: PrefixStates | None) -> None:
        self._worker = worker
        self._states = states
        self._keeping: asyncio.Task[None] | None = None
        self.due = False
        """The worker may not hold the log's prefix."""

    def must_be_taken(self, ready: worker_protocol.Ready, prefix: Sequence[int]) -> bool:
        """Whether the worker must be brought to the prefix before what follows it is evaluated. Not where a
        model's memory cannot be cut, nor for a prefix that is not worth a file."""
        return self._states is not None and self.due and ready.cuts and len(prefix) >= MIN_TOKENS

    async def restored(self, ready: worker_protocol.Ready, prefix: list[int]) -> bool:
        """Whether a state was there, and the worker holds the prefix now and nothing else. A file that does
        not lead there is removed."""
        assert self._states is not None
        file = await asyncio.to_thread(self._states.find, self._states.name(ready.state_identity, prefix))
        if file is None:
            return False
        try:
            request = worker_protocol.Restore(self._worker.number(), str(file.absolute()), prefix)
            finished = await self._worker.ask(request, worker_protocol.Finished)
            self.due = finished.valid != len(prefix)
        except Refused:
            pass
        finally:
            if self.due:
                self._states.remove(file)
        return not self.due

    async def keep(self, ready: worker_protocol.Ready, prefix: list[int]) -> None:
        """Have the worker, which holds the prefix and nothing else, write its state down. That takes moments;
        the rest is done beside what follows."""
        assert self._states is not None
        self.due, states = False, self._states
        file = await asyncio.to_thread(states.new_file)
        if file is None:
            return
        written = False
        try:
            request = worker_protocol.Save(self._worker.number(), str(file.absolute()), states.max_bytes)
            written = (await self._worker.ask(request, worker_protocol.Finished)).why == "done"
        except Refused:
            pass  # no room on the disk
        finally:
            if not written:
                states.remove(file)
        if written:
            await self.finished()
            name = states.name(ready.state_identity, prefix)
            self._keeping = asyncio.create_task(asyncio.to_thread(states.keep, file, name))

    async def finished(self) -> None:
        """Wait until what was written has its place."""
        if self._keeping is not None:
            await self._keeping
