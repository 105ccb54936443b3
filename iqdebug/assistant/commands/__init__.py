"""The commands, in the order in which ``/help`` lists them. A new command is one more entry here."""

from __future__ import annotations

from iqdebug.assistant.command_dispatcher import Command
from iqdebug.assistant.commands import conversation, edits, evidence, model
from iqdebug.assistant.commands.edits import show_proposal
from iqdebug.assistant.session import AssistantSession
from iqdebug.core.messages import message

__all__ = ["COMMANDS", "show_proposal"]

COMMANDS: tuple[Command[AssistantSession], ...] = (
    Command("help", message("assistant.help.help"), conversation.show_help),
    Command("why", message("assistant.help.why"), evidence.show_why),
    Command("explain", message("assistant.help.explain"), evidence.explain_it),
    Command("fix", message("assistant.help.fix"), edits.propose_fix),
    Command("apply", message("assistant.help.apply"), edits.apply_fix),
    Command("verify", message("assistant.help.verify"), edits.verify_fix),
    Command("test", message("assistant.help.test"), edits.prove_test),
    Command("watch", message("assistant.help.watch"), evidence.watch_variables),
    Command("scan", message("assistant.help.scan"), evidence.scan_stack),
    Command("complete", message("assistant.help.complete"), evidence.complete_expression),
    Command("undo", message("assistant.help.undo"), edits.undo_last),
    Command("retry", message("assistant.help.retry"), conversation.retry),
    Command("edit", message("assistant.help.edit"), conversation.edit_question),
    Command("copy", message("assistant.help.copy"), conversation.copy_answer),
    Command("context", message("assistant.help.context"), conversation.show_context),
    Command("pin", message("assistant.help.pin"), conversation.pin),
    Command("unpin", message("assistant.help.unpin"), conversation.unpin),
    Command("compact", message("assistant.help.compact"), conversation.compact),
    Command("model", message("assistant.help.model"), conversation.show_model),
    Command("get", message("assistant.help.get"), model.get_model),
    Command("rights", message("assistant.help.rights"), conversation.show_rights),
)
