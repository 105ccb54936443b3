"""The command line: which command runs, and what becomes of errors."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
from collections.abc import Callable, Sequence

from iqdebug.cli import on_demand
from iqdebug.cli.commands import WrongArguments, parser_for
from iqdebug.cli.common import complain
from iqdebug.core.errors import IqdebugError, UsageError
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say_error

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code.

    Foreseeable failures are printed to stderr as one to three lines; with ``--json`` stdout gets a
    document that says the same.
    """
    _tolerate_any_locale()
    on_demand.use_language()
    words, command = _split(sys.argv[1:] if arguments is None else arguments)
    json = "--json" in words
    try:
        parser = parser_for(words)
        for word in (*words, *(command or ())):
            if not _can_be(word):
                parser.error(render(message("cli.argument.impossible", argument=repr(word))))
        options = parser.parse_args(words)
        if command is not None:
            options.command = command
        json = getattr(options, "json", False)
        return _run(options)
    except WrongArguments as wrong:
        complaint = message("cli.wrong_arguments", program=wrong.program, complaint=wrong.message)
        say_error(render(complaint))
        return _document_of(UsageError(wrong.message), json)
    except IqdebugError as error:
        return _failed(error, json)
    except KeyboardInterrupt:
        interrupted = message("cli.interrupted")
        say_error(render(interrupted))
        _document_of(IqdebugError(interrupted), json, ExitCode.INTERRUPTED)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing more can be said to it.
        _write_no_more()
        return ExitCode.DONE
    except OSError as error:
        code = _failed(_of_the_system(error), json)
        if error.errno == errno.ENOSPC or sys.stdout is None:
            _write_no_more()
        return code
    except Exception as error:
        if os.environ.get("IQDEBUG_TRACEBACK"):
            raise
        unforeseen = IqdebugError(
            message("cli.unforeseen", exception=type(error).__name__),
            str(error),
            message("cli.unforeseen.fix"),
        )
        return _failed(unforeseen, json)


def _run(options: argparse.Namespace) -> int:
    run: Callable[[argparse.Namespace], int] = options.run
    on_demand.show_warnings_safely()
    code = run(options)
    if sys.stdout is not None:
        sys.stdout.flush()
    return code


def _failed(error: IqdebugError, json: bool) -> int:
    complain(error)
    return _document_of(error, json)


def _document_of(error: IqdebugError, json: bool, code: ExitCode | None = None) -> int:
    """The error as a document on stdout, where one was asked for. What cannot be written is lost."""
    code = code or error.exit_code
    if json:
        with contextlib.suppress(OSError, ValueError):
            on_demand.say_failure(error, code)
            sys.stdout.flush()
    return code


def _of_the_system(error: OSError) -> IqdebugError:
    """What the operating system refused, and on which file."""
    words = error.strerror or str(error) or type(error).__name__
    names = [os.fsdecode(n) for n in (error.filename, error.filename2) if isinstance(n, (str, bytes))]
    return IqdebugError(words, ", ".join(names)) if names else IqdebugError(words)


def _write_no_more() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
