"""The part of a diff that touches the functions under suspicion."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from iqdebug.diagnosis.source.texts import Texts

__all__ = ["hunks_of"]

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_LONGEST = 60  # lines of a hunk
_MOST = 8


def hunks_of(diff: str, root: str, places: Sequence[tuple[str, int]], texts: Texts) -> list[str]:
    """The hunks of a unified diff that change a function in which a place lies, each headed by its
    file; in the order of the places. How code came to be as it is tells what was meant."""
    found: dict[tuple[str, int], str] = {}
    by_file: dict[str, list[tuple[int, int, list[str]]]] = {}
    for path, first, last, lines in _hunks(diff, root):
        by_file.setdefault(path, []).append((first, last, lines))
    for path, line in places:
        if path not in by_file:
            continue
        function = texts[path].function_at(line)
        start, end = (function.first, function.end) if function is not None else (line - 3, line + 3)
        for first, last, lines in by_file[path]:
            if first <= end and last >= start:
                found.setdefault((path, first), "\n".join([f"changed, not committed: {path}", *lines]))
    return list(found.values())[:_MOST]


def _hunks(diff: str, root: str) -> Iterator[tuple[str, int, int, list[str]]]:
    path, span = "", (0, 0)
    kept: list[str] = []
    for text in diff.splitlines():
        if text.startswith(("diff --git ", "@@", "--- ")) and kept:
            yield path, *span, kept
            kept = []
        if text.startswith("+++ "):
            name = text[4:].split("\t")[0].strip('"')
            path = "" if name == "/dev/null" else os.path.join(root, name.removeprefix("b/"))
        elif (head := _HUNK.match(text)) and path:
            first = int(head[1])
            span = (first, first + max(int(head[2] or 1), 1) - 1)
            kept = [text]
        elif kept and text[:1] in ("+", "-", " ") and len(kept) <= _LONGEST:
            kept.append(text)
    if kept:
        yield path, *span, kept
