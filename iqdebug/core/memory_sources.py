"""Source that is in no file: what a target keeps of code that it received as text."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from iqdebug.system.source_files import read_lines

__all__ = ["MemorySources"]

MAX_TEXTS = 500
MAX_CHARACTERS = 64 << 20
"""Of all texts together."""


class MemorySources:
    """Files as they are on disk, and the texts that sessions have added for names that are no files.

    :param disk: path → lines, () for none.
    """

    def __init__(self, disk: Callable[[str], Sequence[str]] = read_lines) -> None:
        self._disk = disk
        self._texts: dict[str, tuple[str, ...]] = {}
        self._sizes: dict[str, int] = {}

    def read(self, path: str) -> tuple[str, ...]:
        return tuple(self._texts.get(path) or self._disk(path))

    def add(self, path: str, lines: Sequence[str]) -> None:
        """The oldest texts are dropped when there are too many."""
        self._texts.pop(path, None)
        self._texts[path] = tuple(lines)
        self._sizes[path] = sum(map(len, lines))
        while len(self._texts) > MAX_TEXTS or sum(self._sizes.values()) > MAX_CHARACTERS:
            oldest = next(iter(self._texts))
            del self._texts[oldest], self._sizes[oldest]

    def in_memory(self, path: str) -> bool:
        """Whether the text shown for that name is the target's, not a file's."""
        return path in self._texts or (path.startswith("<") and path.endswith(">"))

    @staticmethod
    def missing(path: str) -> bool:
        """Whether no file has that name, so that only the target may have its text."""
        return bool(path) and (path.startswith("<") or not os.path.exists(path))
