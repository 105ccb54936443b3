"""The commands, in the order in which ``/help`` lists them. A new command is one more entry here."""

from __future__ import annotations

from iqdebug.assistant.command_dispatcher import Command
from iqdebug.assistant.commands import conversation, edits, evidence
from iqdebug.assistant.commands.edits import show_proposal
from iqdebug.assistant.session import AssistantSession

__all__ = ["COMMANDS", "show_proposal"]

COMMANDS: tuple[Command[AssistantSession], ...] = (
    Command("help", "this list", conversation.show_help),
    Command("why", "the cause, from the evidence alone", evidence.show_why),
    Command(
        "explain", "what it means and where the values came from; a model adds its words", evidence.explain_it
    ),
    Command("fix", "propose the smallest edit; /apply writes it", edits.propose_fix),
    Command("apply", "write the proposed edit, with a backup", edits.apply_fix),
    Command("verify", "run the recorded command without and with the edit, in a copy", edits.verify_fix),
    Command("test", "a pytest of the failing call, proved in a copy", edits.prove_test),
    Command("watch", "variables worth watching, as log-points; /watch stop", evidence.watch_variables),
    Command("scan", "dangerous patterns in the code on the stack", evidence.scan_stack),
    Command(
        "complete",
        "what may stand at the end of an expression: the process, then the model",
        evidence.complete_expression,
    ),
    Command("undo", "undo the last change that can be undone", edits.undo_last),
    Command("retry", "have the last question answered anew", conversation.retry),
    Command("edit", "take the last question back into the field", conversation.edit_question),
    Command("copy", "copy the last answer", conversation.copy_answer),
    Command("context", "what the model has before it, by source", conversation.show_context),
    Command("pin", "keep a fact in the window whatever happens: /pin TEXT", conversation.pin),
    Command("unpin", "let go of it: /unpin BEGINNING", conversation.unpin),
    Command("compact", "fold older stops into the ledger now; /compact undo", conversation.compact),
    Command("model", "which model, where, how large its window is", conversation.show_model),
    Command("rights", "what the model may do and did; /rights revoke", conversation.show_rights),
)
