"""To a file or a function that is on no stack, and breakpoints there."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Sequence

from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.messages import Text, message, render
from iqdebug.core.paths import frame_kind, home_short
from iqdebug.core.session import Capability, CodeFinder
from iqdebug.core.state import Breakpoint, CodePlace, EvaluateResult
from iqdebug.diagnosis.named_places import Asked, file_named, parse, resolve
from iqdebug.diagnosis.project_functions import definitions, project_files
from iqdebug.tui.controllers.breakpoints import BreakpointController
from iqdebug.tui.controllers.state import DebugState
from iqdebug.tui.controllers.tasks import TaskRunner
from iqdebug.tui.controllers.window import Window
from iqdebug.tui.panes.console import ConsolePane
from iqdebug.tui.panes.source import SourcePane
from iqdebug.tui.screens.chooser import ChooserScreen

__all__ = ["NavigationController"]

_LIBRARY = re.compile(r"^.*/(?:(?:site|dist)-packages|lib(?:64)?/python3[^/]*)/")
_KINDS = {"user": 0, "label": 1, "library": 2, "stdlib": 3}


class NavigationController:
    """Files are those below the target's folder, of its stacks, and of its loaded modules.

    :param project: the folder whose files may be opened, "" for none.
    :param read_source: path → lines; () where there are none.
    """

    def __init__(
        self,
        window: Window,
        state: DebugState,
        tasks: TaskRunner,
        breakpoints: BreakpointController,
        *,
        project: str,
        read_source: Callable[[str], Sequence[str]],
    ) -> None:
        self._window = window
        self._state = state
        self._tasks = tasks
        self._breakpoints = breakpoints
        self._project = project
        self._read_source = read_source

    @property
    def _finder(self) -> CodeFinder | None:
        """None where nothing is loaded that could be asked: before a session, and after its end."""
        session = self._state.session
        return None if session is None or session.why_not(Capability.BREAKPOINTS) else session.finder

    # keys

    def open_file(self) -> None:
        title, hint = message("tui.chooser.open_file"), message("tui.chooser.part_or_line")
        chooser = ChooserScreen(title, hint, self._all_files, self._file_label)
        self._window.push_screen(chooser, self._go_to_chosen)

    def go_to_function(self) -> None:
        title, hint = message("tui.chooser.go_to_function"), message("tui.chooser.part")
        chooser = ChooserScreen(title, hint, self._all_functions, _function_label)
        self._window.push_screen(chooser, self._go_to_chosen)

    async def _all_files(self) -> list[CodePlace]:
        paths = await asyncio.to_thread(project_files, self._project)
        places = {path: CodePlace("", path, 1) for path in paths}
        threads = self._state.snapshot.threads if self._state.snapshot is not None else ()
        for frame in (f for t in threads for f in t.frames if f.path):
            places.setdefault(frame.path, CodePlace("", frame.path, 1))
        if self._finder is not None:
            places |= {place.path: place for place in await self._finder.files()}
        return sorted(places.values(), key=lambda p: (_KINDS[frame_kind(p.path)], self._short_path(p.path)))

    async def _all_functions(self) -> list[CodePlace]:
        loaded = await self._finder.functions() if self._finder is not None else ()
        not_loaded = await asyncio.to_thread(self._functions_of_project, {place.path for place in loaded})
        places = {(p.path, p.line): p for p in (*not_loaded, *loaded)}
        return sorted(places.values(), key=lambda p: (_KINDS[frame_kind(p.path)], p.name))

    def _functions_of_project(self, loaded: set[str]) -> list[CodePlace]:
        """Functions of the project's files that are not loaded yet."""
        paths = [path for path in project_files(self._project) if path not in loaded]
        return definitions(self._project, paths, self._read_source)

    def _short_path(self, path: str) -> str:
        is_inside = self._project and path.startswith(os.path.join(self._project, ""))
        if is_inside and frame_kind(path) == "user":
            return os.path.relpath(path, self._project)
        return _LIBRARY.sub("", path) if frame_kind(path) != "user" else home_short(path)

    def _file_label(self, place: CodePlace) -> tuple[str, Text]:
        beside = message("tui.chooser.in_memory") if place.in_memory else place.name
        return self._short_path(place.path), beside

    def _go_to_chosen(self, chosen: CodePlace | str | None) -> None:
        if isinstance(chosen, CodePlace):
            self._tasks.start(self._show_place(chosen))
        elif chosen is not None:
            self._tasks.start(self._search_everywhere(chosen))

    async def _search_everywhere(self, typed: str) -> None:
        asked = parse(typed + ":1" if typed.endswith((".py", ">")) else typed)
        if asked.path:
            await self._show_place(await file_named(asked, self._project, self._finder))
        else:
            place = await self._resolve(asked)
            await self._show_place(CodePlace(asked.function, place.path, place.line, place.in_memory))

    async def _show_place(self, place: CodePlace) -> None:
        if place.in_memory and self._finder is not None:
            await self._finder.source(place.path)
        self._window.pane(SourcePane).show(place.path, place.line, current=False, note=place.name)
        self._window.show_pane("source")

    async def _resolve(self, asked: Asked) -> Breakpoint:
        return await resolve(asked, self._project, self._finder, self._read_source)

    # the console's `break`

    def run_break_command(self, text: str) -> bool:
        """Carry out ``break FILE:LINE`` or ``break FUNCTION``; False where it is something else."""
        name, _, words = text.strip().partition(" ")
        if name != "break":
            return False
        self._tasks.start(self._break_at(words.strip()), words=message("tui.progress.setting_breakpoint"))
        return True

    async def _break_at(self, typed: str) -> None:
        console = self._window.pane(ConsolePane)
        try:
            if not typed:
                raise UsageError(message("tui.failed.break"), message("tui.failed.break.why"))
            result = await self._breakpoints.add(await self._resolve(parse(typed)))
        except IqdebugError as error:
            console.show_result(EvaluateResult("\n".join(error.lines()), failed=True))
        else:
            console.show_result(EvaluateResult(render(result)))


def _function_label(place: CodePlace) -> tuple[str, str]:
    return place.name, f"{os.path.basename(place.path)}:{place.line}"
