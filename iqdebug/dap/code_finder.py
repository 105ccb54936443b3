"""What the target has loaded, asked of the agent: files, functions, texts that are in no file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from iqdebug.core.errors import IqdebugError
from iqdebug.core.memory_sources import MemorySources
from iqdebug.core.state import CodePlace, Thread
from iqdebug.dap.agent_rows import MISUNDERSTOOD, unexpected
from iqdebug.dap.target_client import ANSWER, TargetClient

__all__ = ["Finder"]

MAX_ASKED = 40
"""Texts asked for at one stop."""

_NO_TEXT = "<frozen "  # how names begin for which no target has a text


class Finder:
    """Implements :class:`iqdebug.core.session.CodeFinder`.

    :param sources: where texts from memory are put.
    """

    def __init__(self, questions: TargetClient, sources: MemorySources) -> None:
        self._questions = questions
        self.sources = sources
        self._names: dict[str, str] = {}  # path → the name in the code, where it is another
        self._none: set[str] = set()  # paths of which the target has no text

    async def _ask(self, what: str, **about: Any) -> Any:
        return await self._questions.ask("find", answer=2 * ANSWER, what=what, **about)

    async def files(self) -> tuple[CodePlace, ...]:
        return self._places(await self._ask("files"))

    async def functions(self) -> tuple[CodePlace, ...]:
        return self._places(await self._ask("functions"))

    async def named(self, name: str) -> tuple[CodePlace, ...]:
        return self._places(await self._ask("named", name=name))

    async def source(self, path: str) -> tuple[str, ...]:
        said = await self._ask("source", path=path)
        if said is None:
            return ()
        try:
            lines, name = tuple(said["lines"]), said["name"]
            if type(name) is not str or any(type(line) is not str for line in lines):
                raise TypeError("a text that is none")
        except MISUNDERSTOOD as error:
            raise unexpected(error) from None
        self._names[path] = name
        self.sources.add(path, lines)
        return lines

    async def read_stacks(self, threads: Iterable[Thread], *, again: bool) -> None:
        """Have the texts of the frames whose files are not there. ``again``: also those that were
        asked for before, because a name may stand for another text by now."""
        paths = {frame.path: None for thread in threads for frame in thread.frames if frame.kind == "user"}
        wanted = [path for path in paths if self.sources.missing(path) and not path.startswith(_NO_TEXT)]
        for path in wanted[:MAX_ASKED]:
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
            await self._ask("accept", name=name)
        return name

    async def is_skipped(self, path: str) -> bool:
        """Whether the debug server stops in no file of that name."""
        return bool(await self._ask("skipped", name=path))

    def _places(self, rows: list[dict[str, Any]]) -> tuple[CodePlace, ...]:
        try:
            found = tuple(
                CodePlace(str(row["name"]), str(row["path"]), int(row["line"]), "memory" in row)
                for row in rows
            )
            self._names.update((str(row["path"]), str(row["memory"])) for row in rows if "memory" in row)
        except MISUNDERSTOOD as error:
            raise unexpected(error) from None
        return found
