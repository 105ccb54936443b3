"""The command line: the parser, and what becomes of errors.

Each command imports what it needs when it runs: ``--help`` stays instant and imports neither
textual, debugpy nor llama_cpp.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from iqdebug import __version__
from iqdebug.cli import ask, crashes, diagnose, models, processes, run, runtime
from iqdebug.cli.common import complain
from iqdebug.core.errors import IqdebugError

__all__ = ["main"]

EXIT_CODES = """\
exit codes:
  0  done                             6  looking works, attaching does not
  1  another error                    7  a step of attaching passed its deadline
  2  wrong use                        8  the process ended meanwhile
  3  no such process                  9  the debug connection broke
  4  not a Python process            10  a program or package is missing
  5  not permitted                   11  a crash file cannot be opened
 12  no model, or it failed          130  interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code. Foreseeable failures are printed to stderr as one
    to three lines."""
    _tolerate_any_locale()
    parser = _parser()
    words, command = _split(sys.argv[1:] if arguments is None else arguments)
    for word in (*words, *(command or ())):
        if not _can_be(word):
            parser.error(f"{word!r} holds what no argument can: half a character, or a null")
    options = parser.parse_args(words)
    if command is not None:
        options.command = command
    run: Callable[[argparse.Namespace], int] = options.run
    _show_warnings_safely()
    try:
        code = run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except IqdebugError as error:
        complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        from iqdebug.core.output import say_error

        say_error("interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing more can be said to it.
        _write_no_more()
        return 0
    except OSError as error:
        complain(_of_the_system(error))
        if error.errno == errno.ENOSPC or sys.stdout is None:
            _write_no_more()
        return 1
    except Exception as error:
        if os.environ.get("IQDEBUG_TRACEBACK"):
            raise
        complain(
            IqdebugError(
                f"This should not have happened: {type(error).__name__}",
                str(error),
                "Please report it; with IQDEBUG_TRACEBACK=1 in the environment it shows where",
            )
        )
        return 1


def _of_the_system(error: OSError) -> IqdebugError:
    """What the operating system refused, and on which file."""
    words = error.strerror or str(error) or type(error).__name__
    names = [os.fsdecode(n) for n in (error.filename, error.filename2) if isinstance(n, (str, bytes))]
    return IqdebugError(words, ", ".join(names)) if names else IqdebugError(words)


def _write_no_more() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_warnings_safely() -> None:
    """What is logged and nobody handles goes to standard error: it may tell of foreign texts."""
    import logging

    from iqdebug.core.output import visible

    class Visible(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return visible(super().format(record))

    if logging.lastResort is not None:
        logging.lastResort.setFormatter(Visible())


def _can_be(word: str) -> bool:
    """Whether the system could hand it over, and take it as the name of a file."""
    try:
        return b"\0" not in os.fsencode(word)
    except UnicodeEncodeError:
        return False


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """What stands before and behind the first ``--`` of `diagnose`: options, and a command."""
    words = list(arguments)
    if words[:1] == ["diagnose"] and "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, None


def _tolerate_any_locale() -> None:
    """In the C locale what cannot be encoded is escaped instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


class _Parser(argparse.ArgumentParser):
    """Shows arguments that are wrong so that they cannot steer the terminal, nor fill it."""

    def error(self, message: str) -> NoReturn:
        from iqdebug.core.text import clean, shortened

        super().error(shortened(clean(message), 1_000))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="iqdebug",
        description="A terminal debugger for live Python processes. Without a command: pick one from a list.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"iqdebug {__version__}")
    parser.set_defaults(run=processes.pick)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    for group in (processes, run, diagnose, crashes, ask, models, runtime):
        group.add(commands)
    return parser
