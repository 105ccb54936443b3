"""What the target has loaded, asked of the agent: files, functions, texts that are in no file."""

from __future__ import annotations

from collections.abc import Iterable

from iqdebug.core.errors import IqdebugError
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.state import CodePlace, Thread
from iqdebug.dap.agent_rows import PlaceRow, SourceRow
from iqdebug.dap.target_client import ANSWER_TIMEOUT, TargetClient

__all__ = ["Finder"]

MAX_TEXTS_PER_STOP = 40
"""Texts of files in memory that are asked for at one stop."""

FIND_TIMEOUT = 2 * ANSWER_TIMEOUT

_NO_TEXT = "<frozen "  # how names begin for which no target has a text


class Finder:
    """Implements :class:`iqdebug.core.session.CodeFinder`.

    :param sources: where texts from memory are put.
    """

    def __init__(self, client: TargetClient, sources: MemorySources) -> None:
        self._client = client
        self.sources = sources
        self._names: dict[str, str] = {}  # path → the name in the code, where it is another
        self._none: set[str] = set()  # paths of which the target has no text

    async def files(self) -> tuple[CodePlace, ...]:
        return await self._places("files")

    async def functions(self) -> tuple[CodePlace, ...]:
        return await self._places("functions")

    async def named(self, name: str) -> tuple[CodePlace, ...]:
        return await self._places("named", name=name)

    async def source(self, path: str) -> tuple[str, ...]:
        source = await self._client.ask_agent_maybe("find", SourceRow, FIND_TIMEOUT, what="source", path=path)
        if source is None:
            return ()
        self._names[path] = source.name
        self.sources.add(path, source.lines)
        return source.lines

    async def read_stacks(self, threads: Iterable[Thread], *, again: bool) -> None:
        """Have the texts of the frames whose files are not there. ``again``: also those that were
        asked for before, because a name may stand for another text by now."""
        paths = {frame.path: None for thread in threads for frame in thread.frames if frame.kind == "user"}
        wanted = [path for path in paths if self.sources.missing(path) and not path.startswith(_NO_TEXT)]
        for path in wanted[:MAX_TEXTS_PER_STOP]:
            if not again and (path in self._none or path in self._names):
                continue
            try:
                if not await self.source(path):
                    self._none.add(path)
            except (IqdebugError, TimeoutError):
                return

    async def name_for_breakpoints(self, path: str) -> str:
        """The name under which the debug server knows a file; it takes breakpoints there from now
        on, though there may be no such file."""
        if not self.sources.missing(path):
            return path
        if path not in self._names:
            await self.source(path)
        name = self._names.get(path, path)
        if path in self._names and not name.startswith("<"):
            await self._client.tell_agent("find", FIND_TIMEOUT, what="accept", name=name)
        return name

    async def is_skipped(self, path: str) -> bool:
        """Whether the debug server stops in no file of that name."""
        return await self._client.ask_agent("find", bool, FIND_TIMEOUT, what="skipped", name=path)

    async def _places(self, what: str, **about: object) -> tuple[CodePlace, ...]:
        rows = await self._client.ask_agent("find", list[PlaceRow], FIND_TIMEOUT, what=what, **about)
        self._names.update((row.path, row.code_name) for row in rows if row.code_name is not None)
        return tuple(CodePlace(row.name, row.path, row.line, row.code_name is not None) for row in rows)
