"""What ``/help`` lists."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.help": "commands",
    "assistant.help.apply": "write the proposed edit, with a backup",
    "assistant.help.compact": "fold older stops into the ledger now; /compact undo",
    "assistant.help.complete": "what may stand at the end of an expression: the process, then the model",
    "assistant.help.context": "what the model has before it, by source",
    "assistant.help.copy": "copy the last answer",
    "assistant.help.edit": "take the last question back into the field",
    "assistant.help.explain": "what it means and where the values came from; a model adds its words",
    "assistant.help.fix": "propose the smallest edit; /apply writes it",
    "assistant.help.get": "fetch a model that suits this machine, and go on with it; /get NAME",
    "assistant.help.help": "this list",
    "assistant.help.mentions": (
        "in a question @file:name.py, @frame, @var:name and @log:word add what they name; Tab completes"
    ),
    "assistant.help.model": "which model, where, how large its window is",
    "assistant.help.pin": "keep a fact in the window whatever happens: /pin TEXT",
    "assistant.help.retry": "have the last question answered anew",
    "assistant.help.rights": "what the model may do and did; /rights revoke",
    "assistant.help.scan": "dangerous patterns in the code on the stack",
    "assistant.help.test": "a pytest of the failing call, proved in a copy",
    "assistant.help.undo": "undo the last change that can be undone",
    "assistant.help.unpin": "let go of it: /unpin BEGINNING",
    "assistant.help.verify": "run the recorded command without and with the edit, in a copy",
    "assistant.help.watch": "variables worth watching, as log-points; /watch stop",
    "assistant.help.why": "the cause, from the evidence alone",
}
