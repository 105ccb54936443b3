"""To a file or a function that is on no stack, and breakpoints there."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.paths import frame_kind, home_short
from iqdebug.core.session import Capability, CodeFinder
from iqdebug.core.state import Breakpoint, CodePlace, EvaluateResult
from iqdebug.core.text import clean
from iqdebug.diagnosis.named_places import Asked, file_named, parse, resolve
from iqdebug.diagnosis.project_functions import definitions, project_files
from iqdebug.tui import messages
from iqdebug.tui.controllers.execution import Control
from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.screens.chooser import ChooserScreen

__all__ = ["Finding"]

_LIBRARY = re.compile(r"^.*/(?:(?:site|dist)-packages|lib(?:64)?/python3[^/]*)/")
_KINDS = {"user": 0, "label": 1, "library": 2, "stdlib": 3}


class Finding(Control):
    """Files are those below the target's folder, of its stacks, and of its loaded modules."""

    _source_lines: Callable[[str], Sequence[str]]
    action_pane: Callable[[str], None]

    @property
    def _finder(self) -> CodeFinder | None:
        session = self.session
        live = session is not None and not session.why_not(Capability.BREAKPOINTS)
        return session.finder if session is not None and live else None

    def action_open_file(self) -> None:
        self.push_screen(
            ChooserScreen("Open a file", "part of its name, or FILE:LINE", self._all_files, self._file_label),
            self._opened,
        )

    def action_go_to_function(self) -> None:
        self.push_screen(
            ChooserScreen("Go to a function", "part of its name", self._all_functions, self._function_label),
            self._opened,
        )

    async def _all_files(self) -> list[CodePlace]:
        found = {
            path: CodePlace("", path, 1) for path in await asyncio.to_thread(project_files, self._project)
        }
        threads = self.snapshot.threads if self.snapshot is not None else ()
        for frame in (f for t in threads for f in t.frames if f.path):
            found.setdefault(frame.path, CodePlace("", frame.path, 1))
        if self._finder is not None:
            found |= {place.path: place for place in await self._finder.files()}
        return sorted(found.values(), key=lambda p: (_KINDS[frame_kind(p.path)], self._shown(p.path)))

    async def _all_functions(self) -> list[CodePlace]:
        loaded = await self._finder.functions() if self._finder is not None else ()
        known = {place.path for place in loaded}
        written = await asyncio.to_thread(self._written, known)
        found = {(p.path, p.line): p for p in (*written, *loaded)}
        return sorted(found.values(), key=lambda p: (_KINDS[frame_kind(p.path)], p.name))

    def _written(self, known: set[str]) -> list[CodePlace]:
        """Functions of the project's files that are not loaded yet."""
        paths = [path for path in project_files(self._project) if path not in known]
        return definitions(self._project, paths, self._source_lines)

    def _shown(self, path: str) -> str:
        inside = self._project and path.startswith(os.path.join(self._project, ""))
        if inside and frame_kind(path) == "user":
            return os.path.relpath(path, self._project)
        return _LIBRARY.sub("", path) if frame_kind(path) != "user" else home_short(path)

    def _file_label(self, place: CodePlace) -> tuple[str, str]:
        return self._shown(place.path), "in memory" if place.in_memory else place.name

    def _function_label(self, place: CodePlace) -> tuple[str, str]:
        return place.name, f"{os.path.basename(place.path)}:{place.line}"

    def _opened(self, chosen: CodePlace | str | None) -> None:
        if isinstance(chosen, CodePlace):
            self._do(self._show_place(chosen))
        elif chosen is not None:
            self._do(self._look_everywhere(chosen))

    async def _look_everywhere(self, words: str) -> None:
        asked = parse(words + ":1" if words.endswith((".py", ">")) else words)
        if asked.path:
            await self._show_place(await file_named(asked, self._project, self._finder))
        else:
            found = await self._resolved(asked)
            await self._show_place(CodePlace(asked.function, found.path, found.line, found.in_memory))

    async def _show_place(self, place: CodePlace) -> None:
        if place.in_memory and self._finder is not None:
            await self._finder.source(place.path)
        source = self.screen_stack[0].query_one(SourcePane)
        source.show(place.path, place.line, current=False, note=place.name)
        self.action_pane("source")

    async def _resolved(self, asked: Asked) -> Breakpoint:
        return await resolve(asked, self._project, self._finder, self._source_lines)

    # the console's `break`

    def _break_command(self, text: str) -> bool:
        name, _, words = text.strip().partition(" ")
        if name != "break":
            return False
        console = self.query_one(ConsolePane)

        async def run() -> None:
            try:
                said = await self._break_at(words.strip())
            except IqdebugError as error:
                console.show_result(EvaluateResult("\n".join(error.lines()), failed=True))
            else:
                console.show_result(EvaluateResult(said))

        self._do(run(), words="setting a breakpoint")
        return True

    async def _break_at(self, words: str) -> str:
        """
        :raises UsageError: that is no place for one.
        """
        if not words:
            raise UsageError("break FILE:LINE, or break FUNCTION", "the list of breakpoints is on key 6")
        wanted = await self._resolved(parse(words))
        return await self._set(wanted)

    async def _set(self, wanted: Breakpoint) -> str:
        where = f"{os.path.basename(wanted.path)}:{wanted.line}"
        if any((b.path, b.line) == (wanted.path, wanted.line) and b.enabled for b in self._breakpoints):
            return f"there is a breakpoint at {where} already"
        kept = [b for b in self._breakpoints if (b.path, b.line) != (wanted.path, wanted.line)]
        kept = sorted([*kept, replace(wanted, verified=False)], key=lambda b: (b.path, b.line))
        session = self.session
        if session is None or session.why_not(Capability.BREAKPOINTS):
            self.post_message(messages.BreakpointsArrived(kept))
            return f"breakpoint at {where}, for the next time that this is attached to"
        await session.set_breakpoints(kept)
        return _words(where, _same_file(session.breakpoints, wanted), wanted)


def _same_file(known: Iterable[Breakpoint], wanted: Breakpoint) -> Breakpoint | None:
    """The breakpoint as the server has it: at its line, or else moved to the nearest one."""
    found = [b for b in known if b.path == wanted.path]
    return min(found, key=lambda b: abs(b.line - wanted.line), default=None)


def _words(where: str, found: Breakpoint | None, wanted: Breakpoint) -> str:
    if found is None or (found.line == wanted.line and found.verified):
        return f"breakpoint at {where}"
    if not found.verified:
        return f"breakpoint at {where}, not verified: {clean(found.message) or 'not set yet'}"
    return f"breakpoint at {where.rpartition(':')[0]}:{found.line}, {clean(found.message)}"
