"""What is known of the stop that is spoken of, put together for checking answers."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from itertools import islice

from iqdebug.assistant.debuggee import DebuggeeContext
from iqdebug.assistant.fact_check import Facts
from iqdebug.assistant.redaction import Redactor
from iqdebug.assistant.session_binding import SessionBinding
from iqdebug.assistant.tools.files import Files
from iqdebug.assistant.tools.search import SKIPPED_FOLDERS
from iqdebug.llm.window.window import Window

__all__ = ["stop_facts"]

MAX_FILES_SEEN = 20_000
"""In a project with more of them, that a file is not there is never said."""


def stop_facts(
    binding: SessionBinding, debuggee: DebuggeeContext, redactor: Redactor, window: Window
) -> Facts:
    """Of the moment of the call."""
    crash = debuggee.crash
    files = binding.toolbox.context.files
    told = tuple(item.message.content for item in window.items if item.message.role != "assistant")
    kept = crash.sources if crash is not None else {}
    return Facts(
        snapshot=binding.session.snapshot,
        read_source=binding.read_source,
        is_whole=lambda path: path not in kept or kept[path].whole,
        children=crash.children if crash is not None else lambda reference: (),
        find_files=_Finder(files).find,
        told=told,
        is_secret=lambda variable: redactor.value_of(variable) != variable.value,
    )


class _Finder:
    """Looks a project's folders through once, when the first name is asked for."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def find(self, name: str) -> Sequence[str] | None:
        """The files of that name; None where there may be one that cannot be seen."""
        paths = self._files.resolved(name)
        if paths:
            return paths
        last = os.path.basename(name)
        there = self._there is None or last in self._there or last in _standard_files()
        return None if there else ()

    @cached_property
    def _there(self) -> frozenset[str] | None:
        """The names of the project's files; None where they are too many."""
        names = (file for root in self._files.roots for file in _files_below(root))
        listed = list(islice(names, MAX_FILES_SEEN + 1))
        return frozenset(listed) if len(listed) <= MAX_FILES_SEEN else None


@cache
def _standard_files() -> frozenset[str]:
    """File names of the standard library. Those of this interpreter stand for those of the program's."""
    return frozenset(_files_below(sysconfig.get_path("stdlib")))


def _files_below(root: str) -> Iterable[str]:
    for _, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(".") and f not in SKIPPED_FOLDERS]
        yield from names
