"""The part of a diff that touches the functions under suspicion."""

from __future__ import annotations

import os
from collections.abc import Sequence

from iqdebug.diagnosis.source.texts import Texts
from iqdebug.system.unified_diff import DiffHunk, parse_diff

__all__ = ["hunks_of"]

MAX_HUNK_LINES = 60
MAX_HUNKS = 8


def hunks_of(diff: str, root: str, places: Sequence[tuple[str, int]], texts: Texts) -> list[str]:
    """The hunks of a unified diff that change a function in which a place lies, each headed by its
    file; in the order of the places. How code came to be as it is tells what was meant."""
    by_file: dict[str, list[DiffHunk]] = {}
    for hunk in parse_diff(diff):
        if hunk.new_path:
            by_file.setdefault(os.path.join(root, hunk.new_path), []).append(hunk)
    texts_of_hunks: dict[tuple[str, int], str] = {}
    for path, line in places:
        if path not in by_file:
            continue
        function = texts[path].function_at(line)
        start, end = (function.first, function.end) if function is not None else (line - 3, line + 3)
        for hunk in by_file[path]:
            last = hunk.new_start + max(hunk.new_count, 1) - 1
            if hunk.new_start <= end and last >= start:
                lines = [f"changed, not committed: {path}", hunk.header, *hunk.lines[:MAX_HUNK_LINES]]
                texts_of_hunks.setdefault((path, hunk.new_start), "\n".join(lines))
    return list(texts_of_hunks.values())[:MAX_HUNKS]
