"""What evidence alone answers: why it failed, what to watch, which patterns are dangerous."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.actions.scan.here": "here {name} = {value}",
    "assistant.actions.scan.more": "{count} more findings are not shown",
    "assistant.actions.scan.no_bandit": "bandit is not installed, whose rules are used here",
    "assistant.actions.scan.not_parsed": "{file} could not be parsed",
    "assistant.actions.scan.not_scanned": "{file} was not scanned: too large, or too many files",
    "assistant.actions.scan.on_stack": "on the stack",
    "assistant.actions.scan.path": (
        "`{name}` leads out of the folder: a path that a caller chooses is opened"
    ),
    "assistant.actions.scan.same_file": "same file",
    "assistant.actions.scan.where": "{place} in {function} ({on_stack}): {source}",
    "assistant.actions.watch.hop": "`{name}` {how} at line {line} of {function}",
    "assistant.actions.watch.hop_value": "{hop}; it was {value} at the failure",
    "assistant.actions.watch.suspect": "{function}: {why}",
    "assistant.actions.watch.suspected": "it is under suspicion",
    "assistant.actions.why.a_model": (
        "Evidence says where and with which values; what the program was meant to do, and a fix that follows "
        "from that, a model can suggest"
    ),
    "assistant.actions.why.anomaly": "{what}, {place} ({kind})",
    "assistant.actions.why.besides": "Besides",
    "assistant.actions.why.came_with": "{error} came with {other}",
    "assistant.actions.why.caused_by": "{error} was caused by {other}",
    "assistant.actions.why.exceptions": "The exceptions",
    "assistant.actions.why.here": "Most likely here",
    "assistant.actions.why.holds": "{error} holds {other}",
    "assistant.actions.why.hop": "`{expression}`{value:? = } {how}, {place}",
    "assistant.actions.why.meaning": "What this exception means",
    "assistant.actions.why.no_exception": (
        "There is no exception: what is wrong with the program, only its behaviour can tell"
    ),
    "assistant.actions.why.no_rule": (
        "No rule explains the values: the ranking of places is a guess from the code's form"
    ),
    "assistant.actions.why.no_variables": "Not all frames have their variables here",
    "assistant.actions.why.unknown": "What is not known",
    "assistant.actions.why.unusual": "What is unusual",
    "assistant.actions.why.values_gone": (
        "`{expression}` comes from code that has returned: its values are gone"
    ),
    "assistant.actions.why.way": "The way of `{expression}`",
    "assistant.actions.why.where": "Where the cause may lie",
    "assistant.actions.why.while_handling": "{error} was raised while handling {other}",
}
