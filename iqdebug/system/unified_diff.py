"""Unified diffs, read: those that git and difflib write, and those that a model writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["DiffHunk", "parse_diff", "parse_loose_diff", "without_file_headers"]

_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_LOOSE_HEADER = re.compile(r"@@+(?: -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))?)?")
_FILE_HEADERS = ("diff --git ", "--- ", "+++ ")


@dataclass(frozen=True, slots=True)
class DiffHunk:
    """One block of changes.

    :param old_path: the file before, without ``a/``; "" where there was none or none is named.
    :param new_path: the file after, without ``b/``; "" where there is none or none is named.
    :param header: its line ``@@ … @@``.
    :param old_start: the number of its first line before, 0 where the header says none.
    :param lines: each with its sign " ", "-" or "+" before the text.
    """

    old_path: str
    new_path: str
    header: str
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[str, ...]

    @property
    def old_lines(self) -> tuple[str, ...]:
        """The text that it is to be found by."""
        return tuple(line[1:] for line in self.lines if line[0] != "+")

    @property
    def new_lines(self) -> tuple[str, ...]:
        """The text that takes its place."""
        return tuple(line[1:] for line in self.lines if line[0] != "-")

    @property
    def removed_count(self) -> int:
        return sum(line[0] == "-" for line in self.lines)

    @property
    def is_whole(self) -> bool:
        """Whether it has as many lines as its header says."""
        return (len(self.old_lines), len(self.new_lines)) == (self.old_count, self.new_count)

    def changed_new_lines(self) -> Iterator[int]:
        """The numbers, in the new file, of lines that were added or changed; where lines were only
        removed, the line behind the gap."""
        number = self.new_start
        for line in self.lines:
            if line[0] != " ":
                yield number
            if line[0] != "-":
                number += 1


def parse_diff(text: str) -> Iterator[DiffHunk]:
    """The hunks of a diff whose counts are right; what is cut off at its end gives what there is.

    A line belongs to a hunk as long as the counts of its header last, whatever it looks like.
    """
    return _parse(_lines(text), loose=False)


def parse_loose_diff(text: str) -> Iterator[DiffHunk]:
    """The hunks of a diff that may stand in prose, with line numbers and counts that are wrong or missing.

    A hunk ends where the next one or a file's header begins, or at a line without a sign.
    """
    return _parse(_lines(text), loose=True)


def without_file_headers(text: str) -> list[str]:
    """The lines of what git printed, without those that name the files of its diffs."""
    kept = []
    inside_header = False
    for line in _lines(text):
        if line.startswith("diff --git "):
            inside_header = True
        elif line.startswith("@@"):
            inside_header = False
        if not (inside_header and line.startswith(_FILE_HEADERS)):
            kept.append(line)
    return kept


def _lines(text: str) -> list[str]:
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    return lines


def _parse(lines: Sequence[str], *, loose: bool) -> Iterator[DiffHunk]:
    old_path = new_path = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if _begins_file(lines, at - 1):
            old_path, new_path = _path(line, "a/", loose), _path(lines[at], "b/", loose)
            at += 1
        elif line.startswith("+++ "):
            new_path = _path(line, "b/", loose)
        elif header := (_LOOSE_HEADER if loose else _HEADER).match(line):
            old_start, new_start = int(header[1] or 0), int(header[3] or 0)
            old_count, new_count = int(header[2] or 1), int(header[4] or 1)
            body = _loose_body(lines, at) if loose else _counted_body(lines, at, old_count, new_count)
            at += len(body)
            signed = tuple(each or " " for each in body if each[:1] != "\\")
            yield DiffHunk(old_path, new_path, line, old_start, old_count, new_start, new_count, signed)


def _begins_file(lines: Sequence[str], at: int) -> bool:
    return lines[at].startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ ")


def _counted_body(lines: Sequence[str], at: int, old_left: int, new_left: int) -> Sequence[str]:
    end = at
    while end < len(lines) and (old_left > 0 or new_left > 0):
        sign = lines[end][:1] or " "
        if sign not in " +-\\":
            break
        old_left -= sign in " -"
        new_left -= sign in " +"
        if old_left < 0 or new_left < 0:
            break
        end += 1
    return lines[at:end]


def _loose_body(lines: Sequence[str], at: int) -> Sequence[str]:
    end = at
    while end < len(lines):
        line = lines[end]
        if line[:1] not in ("", " ", "+", "-", "\\") or _begins_file(lines, end):
            break
        if line.lstrip().startswith("```"):
            break
        end += 1
    return lines[at:end]


def _path(line: str, prefix: str, loose: bool) -> str:
    """The name in a file's header. What a model writes may have either prefix on either side."""
    name = line[4:].split("\t")[0].strip().strip('"')
    if name == "/dev/null":
        return ""
    if loose and name.startswith(("a/", "b/")):
        return name[2:]
    return name.removeprefix(prefix)
