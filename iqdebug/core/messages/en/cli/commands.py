"""The help of the commands and of their actions, and the names of what stands behind an option."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "cli.action.models.inspect": "what a GGUF file is",
    "cli.action.models.list": "the models that are known, and the one in use",
    "cli.action.models.plan": "what of a model fits where on this machine",
    "cli.action.models.pull": "download a model's file from the hub",
    "cli.action.models.recommend": "which models suit this machine, and the command that fetches each",
    "cli.action.models.use": "choose the model for the conversation",
    "cli.action.runtime.build": "download, patch and compile it into the cache folder",
    "cli.action.runtime.build.description": (
        "Downloads the source of the pinned llama-cpp-python with pip, checks its hash, patches and "
        "compiles it (minutes), and keeps the libraries in the user's cache folder. Nothing is changed "
        "in the Python environment; models that are not Loop models keep their llama.cpp."
    ),
    "cli.action.runtime.remove": "delete what was built and downloaded",
    "cli.action.runtime.status": "what is built, and which of it is used",
    "cli.actions": "actions",
    "cli.command.ask": "ask a model about a process or a crash file",
    "cli.command.attach": "open a live process in the debugger",
    "cli.command.crashes": "list the recorded crashes, equal ones together",
    "cli.command.diagnose": "print what is likely wrong with a process, a crash file or a command",
    "cli.command.diagnose.epilog": (
        "`diagnose -- CMD` and `diagnose FILE` exit with 0 when a crash was diagnosed and with 3 when "
        "the\n"
        "program ended without one. What CMD prints is its own; with --json it goes to stderr."
    ),
    "cli.command.diagnose.usage": "iqdebug diagnose [options] PID | FILE | -- CMD [ARGS...]",
    "cli.command.doctor": "what this machine can do, and how to mend what it cannot",
    "cli.command.help": "show this help, or the help of a command; or: help exit-codes",
    "cli.command.models": "local models: list, recommend, inspect, plan, pull, use",
    "cli.command.open": "open a recorded crash in the debugger",
    "cli.command.peek": "every thread's stack and locals, without touching the process",
    "cli.command.ps": "list the Python processes that can be debugged, and why not",
    "cli.command.resume": "go on with a conversation",
    "cli.command.run": "start a program; an exception that nobody catches is held where it was raised",
    "cli.command.run.description": (
        "Start a program at full speed, on a terminal of its own. Where an exception is caught by nobody "
        "the program is held, with all its frames and variables."
    ),
    "cli.command.run.usage": "iqdebug run [options] [--] SCRIPT.py [ARGS...] | -m MODULE [ARGS...]",
    "cli.command.runtime": "build the llama.cpp that IQuest-Coder Loop models need",
    "cli.command.snapshot": "record a living process in a file, without stopping it",
    "cli.commands": "commands",
    "cli.description": (
        "A terminal debugger for live Python processes. Without a command: pick one from a list."
    ),
    "cli.metavar.action": "ACTION",
    "cli.metavar.address": "URL",
    "cli.metavar.architectures": "A",
    "cli.metavar.command": "COMMAND",
    "cli.metavar.file": "FILE",
    "cli.metavar.file_or_name": "FILE|NAME",
    "cli.metavar.folder": "D",
    "cli.metavar.hub_file": "F",
    "cli.metavar.interpreter": "PY",
    "cli.metavar.model": "NAME|FILE|URL|auto|none",
    "cli.metavar.name": "NAME",
    "cli.metavar.number": "N",
    "cli.metavar.of_the_list": "NUMBER",
    "cli.metavar.pid": "PID",
    "cli.metavar.pid_or_file": "PID|FILE",
    "cli.metavar.place": "PLACE",
    "cli.metavar.project": "DIR",
    "cli.metavar.question": "QUESTION",
    "cli.metavar.setting": "SETTING",
    "cli.metavar.size": "SIZE",
    "cli.metavar.sizes": "SIZE[,SIZE]",
    "cli.metavar.tokens": "TOKENS",
    "cli.metavar.variable": "K=V",
}
