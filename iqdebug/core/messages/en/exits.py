"""The exit codes of the commands."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "exit.attach_timeout": "a step of attaching passed its deadline",
    "exit.attach_timeout.sentence": "Attaching took too long; the process has been left as it was.",
    "exit.cannot_attach": "looking works, attaching does not",
    "exit.cannot_attach.sentence": (
        "The process can be looked at from outside (`iqdebug peek PID`), but not attached to."
    ),
    "exit.connection_broken": "the debug connection broke",
    "exit.connection_broken.sentence": (
        "The connection to the debugger in the process broke, or spoke something else than it should."
    ),
    "exit.crash_file": "a crash file cannot be opened",
    "exit.crash_file.sentence": "The crash file does not exist, cannot be read, or is none.",
    "exit.done": "done",
    "exit.done.sentence": "The command did what it was asked to do.",
    "exit.error": "another error",
    "exit.error.sentence": (
        "Something failed that has no code of its own; or the answer is no: doctor found what must be "
        "mended, or a model's file is damaged or does not fit."
    ),
    "exit.interrupted": "interrupted",
    "exit.interrupted.sentence": "Ctrl-C, or a signal that asks a program to end, ended the command.",
    "exit.missing_tool": "a program or package is missing",
    "exit.missing_tool.sentence": "A program or a package that this step needs is not installed.",
    "exit.model": "no model, or it failed",
    "exit.model.sentence": "There is no model, it cannot be used, or it failed while it answered.",
    "exit.not_permitted": "not permitted",
    "exit.not_permitted.sentence": "The operating system forbids looking at the process.",
    "exit.not_python": "not a Python process",
    "exit.not_python.sentence": (
        "The process, or the interpreter that was named, is not Python, or is a version that is too old."
    ),
    "exit.nothing_there": "no such process",
    "exit.nothing_there.sentence": (
        "There is nothing to look at: no process has that number, or the command that `diagnose -- CMD` "
        "ran ended without a crash."
    ),
    "exit.target_exited": "the process ended meanwhile",
    "exit.target_exited.sentence": "The process ended while it was being worked with.",
    "exit.usage": "wrong use",
    "exit.usage.sentence": "The command line, or the settings file, cannot be carried out as written.",
}
