"""The list of recorded crashes as plain text."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from iqdebug.core.messages import message, render
from iqdebug.core.text import clean, size
from iqdebug.crash.folder import Group
from iqdebug.crash.summary import moment_words

__all__ = ["crash_table"]

_HEADS = (
    message("crash.table.head.last_seen"),
    message("crash.table.head.count"),
    message("crash.table.head.id"),
    message("crash.table.head.why"),
    message("crash.table.head.size"),
    message("crash.table.head.place"),
    message("crash.table.head.what"),
)
_WHY_TEXTS = {
    "uncaught": message("crash.table.why.uncaught"),
    "thread": message("crash.table.why.thread"),
    "unraisable": message("crash.table.why.unraisable"),
    "task": message("crash.table.why.task"),
    "test": message("crash.table.why.test"),
    "native": message("crash.table.why.native"),
    "caught": message("crash.table.why.caught"),
    "snapshot": message("crash.table.why.snapshot"),
}
_FINGERPRINT_CHARACTERS = 8  # characters of a fingerprint


def crash_table(groups: Sequence[Group], width: int | None = None) -> list[str]:
    """A header and a row a group, no line wider than the terminal; fingerprints as short as they
    stay apart."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    names = [g.newest.meta.fingerprint for g in groups]
    short = _FINGERPRINT_CHARACTERS
    while short < 16 and len({n[:short] for n in names if n}) < len({n for n in names if n}):
        short += 2
    rows = [_row(group, short) for group in groups]
    head = tuple(map(render, _HEADS))
    wide = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head) - 1)]
    wide[5] = min(wide[5], max(width // 4, 12))
    narrow = width < 90
    fitted = [head, *(_cut(row, wide, width, narrow) for row in rows)]
    return [_line(row, wide, narrow)[:width].rstrip() for row in fitted]


def _row(group: Group, short: int) -> tuple[str, ...]:
    meta = group.newest.meta
    title = clean(meta.title) or "?"
    if not group.newest.whole:
        cut_short = message("crash.table.cut_short", title=title)
        title = render(cut_short if meta.title else message("crash.table.damaged"))
    return (
        moment_words(group.newest.seen),
        str(group.times),
        clean(meta.fingerprint[:short]) or "-",
        render(_WHY_TEXTS.get(meta.why, clean(meta.why)[:10] or "?")),
        size(group.size),
        _place(group),
        title,
    )


def _place(group: Group) -> str:
    if group.place is None:
        return "-"
    file, line, function = group.place
    name = file.replace("\\", "/").rpartition("/")[2]
    return clean(f"{name}:{line} {function}")


def _line(row: tuple[str, ...], wide: Sequence[int], narrow: bool) -> str:
    """In a narrow terminal why and size give way to what happened."""
    last, count, name, why, size_, place, what = row
    cells = [f"{last:<{wide[0]}}", f"{count:>{wide[1]}}", f"{name:<{wide[2]}}"]
    if not narrow:
        cells += [f"{why:<{wide[3]}}", f"{size_:>{wide[4]}}"]
    return "  ".join([*cells, f"{place:<{wide[5]}}", what])


def _cut(row: tuple[str, ...], wide: Sequence[int], width: int, narrow: bool) -> tuple[str, ...]:
    place = row[5] if len(row[5]) <= wide[5] else row[5][: wide[5] - 1] + "…"
    used = len(_line((*row[:5], place, ""), wide, narrow))
    room = max(width - used, 1)
    what = row[6] if len(row[6]) <= room else row[6][: room - 1] + "…"
    return (*row[:5], place, what)
