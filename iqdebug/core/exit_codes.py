"""The exit codes of every command, in one table.

``iqdebug run`` alone ends with a code that may not be one of these: it gives the exit code of the
program that it ran, as a shell gives it.
"""

from __future__ import annotations

from enum import IntEnum

from iqdebug.core.text import folded

__all__ = ["ExitCode", "exit_code_lines", "exit_code_summary"]


class ExitCode(IntEnum):
    """``summary`` is the line in ``iqdebug --help``, ``sentence`` says the whole."""

    summary: str
    sentence: str

    def __new__(cls, value: int, summary: str, sentence: str) -> ExitCode:
        member = int.__new__(cls, value)
        member._value_ = value
        member.summary = summary
        member.sentence = sentence
        return member

    DONE = 0, "done", "The command did what it was asked to do."
    ERROR = (
        1,
        "another error",
        "Something failed that has no code of its own; or the answer is no: doctor found what must be "
        "mended, or a model's file is damaged or does not fit.",
    )
    USAGE = 2, "wrong use", "The command line, or the settings file, cannot be carried out as written."
    NOTHING_THERE = (
        3,
        "no such process",
        "There is nothing to look at: no process has that number, or the command that `diagnose -- CMD` "
        "ran ended without a crash.",
    )
    NOT_PYTHON = (
        4,
        "not a Python process",
        "The process, or the interpreter that was named, is not Python, or is a version that is too old.",
    )
    NOT_PERMITTED = 5, "not permitted", "The operating system forbids looking at the process."
    CANNOT_ATTACH = (
        6,
        "looking works, attaching does not",
        "The process can be looked at from outside (`iqdebug peek PID`), but not attached to.",
    )
    ATTACH_TIMEOUT = (
        7,
        "a step of attaching passed its deadline",
        "Attaching took too long; the process has been left as it was.",
    )
    TARGET_EXITED = (
        8,
        "the process ended meanwhile",
        "The process ended while it was being worked with.",
    )
    CONNECTION_BROKEN = (
        9,
        "the debug connection broke",
        "The connection to the debugger in the process broke, or spoke something else than it should.",
    )
    MISSING_TOOL = (
        10,
        "a program or package is missing",
        "A program or a package that this step needs is not installed.",
    )
    CRASH_FILE = (
        11,
        "a crash file cannot be opened",
        "The crash file does not exist, cannot be read, or is none.",
    )
    MODEL = (
        12,
        "no model, or it failed",
        "There is no model, it cannot be used, or it failed while it answered.",
    )
    INTERRUPTED = 130, "interrupted", "Ctrl-C, or a signal that asks a program to end, ended the command."


_LEFT_COLUMN = 6
"""Rows of the summary's left column; the rest stands beside it."""
_LEFT_WIDTH = 37
_TOGETHER_FROM = 12
_MARGIN = 6  # columns before a sentence


def exit_code_summary() -> str:
    """The table in two columns, for ``iqdebug --help``."""
    codes = list(ExitCode)
    left = [c for c in codes if c < _LEFT_COLUMN]
    right = [c for c in codes if _LEFT_COLUMN <= c < _TOGETHER_FROM]
    last = [c for c in codes if c >= _TOGETHER_FROM]
    rows = [*zip(left, right, strict=True), tuple(last)]
    lines = []
    for one, other in rows:
        beginning = f"{one:>3d}  {one.summary}"
        lines.append(f"{beginning:<{_LEFT_WIDTH}}{other:>2d}  {other.summary}")
    return "\n".join(["exit codes:", *lines]) + "\n"


def exit_code_lines(width: int) -> list[str]:
    """Every code with its sentence, for ``iqdebug help exit-codes``."""
    lines = []
    for code in ExitCode:
        first, *rest = folded(code.sentence, width - _MARGIN)
        lines += [f"{code:>{_MARGIN - 2}d}  {first}", *(" " * _MARGIN + line for line in rest)]
    return lines
