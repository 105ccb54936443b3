"""``python -m iqdebug.capture script.py args`` and ``python -m iqdebug.capture -m module args``.

The process is replaced by an interpreter that runs the script itself, with the hooks installed by
``boot/``: what it does, prints and exits with is the same as without capture.
"""

from __future__ import annotations

import os
import sys

from . import uninstall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, NoReturn

USAGE = """\
usage: python -m iqdebug.capture [--dir DIR] [--no-mask] SCRIPT [ARGS...]
       python -m iqdebug.capture [--dir DIR] [--no-mask] -m MODULE [ARGS...]

Runs a program unchanged; if it crashes, a crash file is left in DIR
(default: $IQDEBUG_CAPTURE, else ~/.local/state/iqdebug/crashes)."""


def main(arguments: List[str]) -> int:
    words = list(arguments)
    environ = dict(os.environ)
    while words and words[0].startswith("--"):
        option = words.pop(0)
        if option == "--no-mask":
            environ["IQDEBUG_CAPTURE_NO_MASK"] = "1"
        elif option == "--dir" and words:
            environ["IQDEBUG_CAPTURE"] = os.path.abspath(words.pop(0))
        elif option in ("--help", "-h"):
            print(USAGE)
            return 0
        else:
            return _usage_error("%s is not an option of this command" % option)
    if not words or words[0] == "-h" or words == ["-m"]:
        return _usage_error("no program was named")
    if sys.flags.ignore_environment or sys.flags.no_site:
        return _usage_error("it cannot enter a program that is started with -E, -I or -S")
    _exec_program(words, environ)


def _usage_error(why: str) -> int:
    sys.stderr.write("iqdebug.capture: %s\n%s\n" % (why, USAGE))
    return 2


def _exec_program(words: List[str], environ: Dict[str, str]) -> NoReturn:
    uninstall()  # this interpreter is not the program
    environ.setdefault("IQDEBUG_CAPTURE", "")
    environ.update(entered(environ))
    flags = _flags()
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *flags, *words], environ)


def entered(environ: Dict[str, str]) -> Dict[str, str]:
    """The environment variables that install the hooks in a Python started with them."""
    boot = os.path.join(os.path.dirname(os.path.abspath(__file__)), "boot")
    path = environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": boot + (os.pathsep + path if path else ""), "IQDEBUG_CAPTURE_BOOT": "once"}


def _flags() -> List[str]:
    """The options that this interpreter was started with."""
    import subprocess

    return list(subprocess._args_from_interpreter_flags())  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
