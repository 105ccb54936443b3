"""Why a command cannot be carried out, and what can be done instead."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "cli.ask.no_model": "No model was chosen",
    "cli.ask.no_model.fix": (
        "--model llama:FILE.gguf or --model http://host:port/v1; `iqdebug diagnose` needs none"
    ),
    "cli.diagnose.ask_process": "--ask belongs to a crash",
    "cli.diagnose.ask_process.fix": "iqdebug ask {pid} QUESTION",
    "cli.diagnose.both": "Both {target} and a command were named",
    "cli.diagnose.both.fix": "Name one of them",
    "cli.diagnose.cannot_start": "{program} cannot be started",
    "cli.diagnose.no_program": "No program was named",
    "cli.diagnose.no_program.fix": "iqdebug diagnose -- script.py ARGS",
    "cli.diagnose.nothing_left": "Neither an exception nor a stack can be read in {path}",
    "cli.diagnose.nothing_named": "Nothing was named to diagnose",
    "cli.diagnose.nothing_named.fix": "iqdebug diagnose PID | FILE | -- script.py ARGS",
    "cli.diagnose.silent": "Process {pid} ended or did not answer while it was being looked at",
    "cli.diagnose.too_old": "{interpreter} is Python {version}; crashes are recorded on 3.8 and later",
    "cli.interrupted": "interrupted",
    "cli.no_command": "There is no command {name}",
    "cli.no_command.fix": "One of: {names}; or: {exit_codes}",
    "cli.no_crash_file": "No crash file can be made of {path}",
    "cli.no_crash_file.why": "its process lives, or it left no text, or it is not ours",
    "cli.no_file": "There is no file {name}{folder:? in }",
    "cli.no_file.why": "looked for in {folder}",
    "cli.no_folder": "There is no folder {name}",
    "cli.no_interpreter": "There is no interpreter {name}",
    "cli.no_interpreter.fix": "Name one with --python",
    "cli.no_terminal": "This command draws on a terminal, and there is none here",
    "cli.no_terminal.attach": "`iqdebug diagnose {pid}` and `iqdebug peek {pid}` need none.",
    "cli.no_terminal.conversation": "`iqdebug ask {target} QUESTION` needs none.",
    "cli.no_terminal.open": "`iqdebug diagnose {path}` prints what is in it.",
    "cli.no_terminal.picker": "`iqdebug ps`, `iqdebug diagnose PID` and `iqdebug peek PID` need none.",
    "cli.no_terminal.run": "Use `iqdebug diagnose -- CMD`, which needs none.",
    "cli.not_python": "{interpreter} is not a Python interpreter",
    "cli.resume.crash_file_gone": "The crash file of that conversation is gone",
    "cli.resume.no_conversation": "There is no conversation {number}",
    "cli.resume.no_conversation.fix": "iqdebug resume lists them",
    "cli.resume.no_json": "A conversation goes on on a screen, not as JSON",
    "cli.resume.no_json.fix": "iqdebug resume --json lists them",
    "cli.run.no_option": "{word} is no option of `iqdebug run`",
    "cli.run.no_program": "No program to run was given",
    "cli.run.too_old": "{interpreter} is Python {version}; iqdebug runs programs on 3.8 and later",
    "cli.run.usage": "iqdebug run script.py [ARGS...], or iqdebug run -m module [ARGS...]",
    "cli.snapshot.cannot_write": "{path} cannot be written",
    "cli.unforeseen": "This should not have happened: {exception}",
    "cli.unforeseen.fix": "Please report it; with IQDEBUG_TRACEBACK=1 in the environment it shows where",
}
