"""The help of each argument, and what is said of one that is wrong."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "cli.argparse.ambiguous": "ambiguous option: %(option)s could match %(matches)s",
    "cli.argparse.argument": "argument %(argument_name)s: %(message)s",
    "cli.argparse.at_least_one": "expected at least one argument",
    "cli.argparse.at_most_one": "expected at most one argument",
    "cli.argparse.choice": "invalid choice: %(value)r (choose from %(choices)s)",
    "cli.argparse.help": "show this help message and exit",
    "cli.argparse.ignored": "ignored explicit argument %r",
    "cli.argparse.not_with": "not allowed with argument %s",
    "cli.argparse.one": "expected one argument",
    "cli.argparse.one_required": "one of the arguments %s is required",
    "cli.argparse.options": "options",
    "cli.argparse.positional": "positional arguments",
    "cli.argparse.required": "the following arguments are required: %s",
    "cli.argparse.unrecognized": "unrecognized arguments: %s",
    "cli.argparse.usage": "usage: ",
    "cli.argparse.value": "invalid %(type)s value: %(value)r",
    "cli.argparse.version": "show program's version number and exit",
    "cli.argument.ask.question": 'such as "why does it fail?"',
    "cli.argument.ask.target": "a process id, a crash file, or: latest",
    "cli.argument.attach.break": (
        "a breakpoint at FILE:LINE or in a function (accept, OrderService.accept, shop.orders.accept); "
        "may be given several times"
    ),
    "cli.argument.attach.no_hold": (
        "no stop holds the process: each is recorded, the process goes on at once, and the recording is shown"
    ),
    "cli.argument.attach.pause": "pause as soon as attached",
    "cli.argument.attach.yes": "do not ask before attaching",
    "cli.argument.crashes.prune": (
        "delete what is older than 30 days, more than 20 of one kind, or beyond 500 MB"
    ),
    "cli.argument.ctx": (
        "the model's window in tokens, for a server that does not state it (default: as configured)"
    ),
    "cli.argument.diagnose.ask": "crash: put a question to the model behind it",
    "cli.argument.diagnose.budget": "crash: size of the evidence in tokens (default 16000)",
    "cli.argument.diagnose.no_attach": "PID: only look from outside",
    "cli.argument.diagnose.no_mask": "CMD: write secrets to the crash file as they are",
    "cli.argument.diagnose.python": "CMD: the interpreter that runs a script or -m module",
    "cli.argument.diagnose.seconds": "PID: observe for N seconds (default %(default)s)",
    "cli.argument.diagnose.target": "a process id; a crash file, the beginning of a fingerprint, or: latest",
    "cli.argument.diagnose.yes": "accepted for symmetry; diagnose never asks",
    "cli.argument.dir": "folder of crash files (default: $IQDEBUG_CAPTURE, else iqdebug's state folder)",
    "cli.argument.help.topic": "a command, such as: models pull; or: {exit_codes}",
    "cli.argument.impossible": "{argument} holds what no argument can: half a character, or a null",
    "cli.argument.json": "print JSON (docs/json.md)",
    "cli.argument.model": (
        "who to talk with: llama:FILE.gguf, http://host:port/v1, or none (default: $IQDEBUG_MODEL, else "
        "what `iqdebug models use` chose)"
    ),
    "cli.argument.models.ctx": "the window in tokens",
    "cli.argument.models.endpoint": "another hub (default: $HF_ENDPOINT)",
    "cli.argument.models.file": "the file, or its quantisation, such as q4_k_m",
    "cli.argument.models.kv": "type of the KV cache",
    "cli.argument.models.model": (
        "FILE and NAME also as llama:FILE; auto: the first server that answers on this machine"
    ),
    "cli.argument.models.name": "a name of `models list`, or OWNER/REPOSITORY",
    "cli.argument.models.ram": "memory as if, such as 64G",
    "cli.argument.models.to": "the folder (default: iqdebug's data folder)",
    "cli.argument.models.use": "use the file from now on",
    "cli.argument.models.vram": "GPUs as if, such as 24G,24G; 0: none",
    "cli.argument.no_folder": "{argument} is not a folder",
    "cli.argument.no_number": "{argument} is not a number from {least} to {most}",
    "cli.argument.no_pid": "{argument} is not a process id; `iqdebug ps` lists them",
    "cli.argument.no_seconds": "{argument} is not a number of seconds from {least} to {most}",
    "cli.argument.no_size": "{argument} is no amount of memory, such as 24G",
    "cli.argument.no_tokens": "{argument} is not a number of tokens from {least} to {most}",
    "cli.argument.no_tokens_from": "{argument} is not a number of tokens from {least}",
    "cli.argument.no_variable": "{argument} is not NAME=VALUE",
    "cli.argument.on_exception": (
        "stop at exceptions: uncaught ones, all when raised, or those that leave your code (default "
        "%(default)s)"
    ),
    "cli.argument.open.crash": (
        "a crash file, the beginning of a fingerprint (see `iqdebug crashes`), or: latest"
    ),
    "cli.argument.peek.no_locals": "leave out local variables",
    "cli.argument.pid": "process id (see `iqdebug ps`)",
    "cli.argument.project": (
        "crash file: the project whose files may be read beside it (default: the one you stand in)"
    ),
    "cli.argument.resume.which": "of the list, 1 the newest; without it: the list",
    "cli.argument.run.cwd": "the folder to start in",
    "cli.argument.run.env": "set a variable (repeatable)",
    "cli.argument.run.pause": "pause at the program's first line",
    "cli.argument.run.python": "the interpreter (default: python3 as your shell finds it)",
    "cli.argument.run.terminal": "for a program that draws itself: it gets this terminal until it stops",
    "cli.argument.runtime.arch": "CUDA architectures, such as 90 or '86;90' (default: this card's)",
    "cli.argument.runtime.cpu": "without a graphics card (the default)",
    "cli.argument.runtime.cuda": "for NVIDIA cards; needs nvcc",
    "cli.argument.runtime.jobs": "compilers at a time (default: all processors)",
    "cli.argument.runtime.metal": "for Apple's graphics",
    "cli.argument.runtime.sdist": "the source, downloaded beforehand",
    "cli.argument.snapshot.no_attach": "only look from outside",
    "cli.argument.snapshot.no_mask": "write secrets as they are",
    "cli.argument.snapshot.output": "where to (default: with the crashes)",
    "cli.wrong_arguments": "{program}: error: {complaint}",
}
