"""The exit codes of every command, in one table.

``iqdebug run`` alone ends with a code that may not be one of these: it gives the exit code of the
program that it ran, as a shell gives it.
"""

from __future__ import annotations

from enum import IntEnum

from iqdebug.core.messages import Message, message, render
from iqdebug.core.text import folded

__all__ = ["ExitCode", "exit_code_lines", "exit_code_summary"]


class ExitCode(IntEnum):
    """``summary`` is the line in ``iqdebug --help``, ``sentence`` says the whole."""

    summary_message: Message
    sentence_message: Message

    def __new__(cls, value: int, summary: Message, sentence: Message) -> ExitCode:
        member = int.__new__(cls, value)
        member._value_ = value
        member.summary_message = summary
        member.sentence_message = sentence
        return member

    DONE = 0, message("exit.done"), message("exit.done.sentence")
    ERROR = 1, message("exit.error"), message("exit.error.sentence")
    USAGE = 2, message("exit.usage"), message("exit.usage.sentence")
    NOTHING_THERE = 3, message("exit.nothing_there"), message("exit.nothing_there.sentence")
    NOT_PYTHON = 4, message("exit.not_python"), message("exit.not_python.sentence")
    NOT_PERMITTED = 5, message("exit.not_permitted"), message("exit.not_permitted.sentence")
    CANNOT_ATTACH = 6, message("exit.cannot_attach"), message("exit.cannot_attach.sentence")
    ATTACH_TIMEOUT = 7, message("exit.attach_timeout"), message("exit.attach_timeout.sentence")
    TARGET_EXITED = 8, message("exit.target_exited"), message("exit.target_exited.sentence")
    CONNECTION_BROKEN = 9, message("exit.connection_broken"), message("exit.connection_broken.sentence")
    MISSING_TOOL = 10, message("exit.missing_tool"), message("exit.missing_tool.sentence")
    CRASH_FILE = 11, message("exit.crash_file"), message("exit.crash_file.sentence")
    MODEL = 12, message("exit.model"), message("exit.model.sentence")
    INTERRUPTED = 130, message("exit.interrupted"), message("exit.interrupted.sentence")

    @property
    def summary(self) -> str:
        return render(self.summary_message)

    @property
    def sentence(self) -> str:
        return render(self.sentence_message)


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
    return "\n".join([render(message("core.exit_codes")), *lines]) + "\n"


def exit_code_lines(width: int) -> list[str]:
    """Every code with its sentence, for ``iqdebug help exit-codes``."""
    lines = []
    for code in ExitCode:
        first, *rest = folded(code.sentence, width - _MARGIN)
        lines += [f"{code:>{_MARGIN - 2}d}  {first}", *(" " * _MARGIN + line for line in rest)]
    return lines
