"""Notes and errors of a conversation, the model's status, and what may be asked next."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.cannot_converse": "{model} cannot converse",
    "assistant.cannot_converse.fix": "Choose an instruct model",
    "assistant.headline.not_examined": "not examined yet",
    "assistant.headline.ranking_failed": "The ranking of suspects failed unexpectedly; {error}",
    "assistant.mark.file": "not so: no {file} is known here",
    "assistant.mark.function": "not so: {file} has no `{function}`",
    "assistant.mark.here": "here",
    "assistant.mark.in": "in `{function}`",
    "assistant.mark.inside": "not so: {place} is in `{function}`",
    "assistant.mark.length": "not so: `len({name})` is {size} {where}",
    "assistant.mark.line": "not so: {file} has {lines} lines",
    "assistant.mark.name": "not so: nothing here is called `{name}`",
    "assistant.mark.no_line": "not so: no file of the stack has a line {line}",
    "assistant.mark.outside": "not so: {place} is not in `{function}`",
    "assistant.mark.value": "not so: `{name}` is {value} {where}",
    "assistant.needs_crash": "{purpose} needs a crash that can be repeated",
    "assistant.needs_crash.fix": (
        "`iqdebug run`, `iqdebug diagnose -- COMMAND` and `python -m iqdebug.capture` catch one"
    ),
    "assistant.needs_crash.why.no_exception": "the process stands at no exception",
    "assistant.needs_crash.why.not_attached": "not attached",
    "assistant.note.crash_file_kept": "kept as a crash file; iqdebug open {path}",
    "assistant.note.ended": "the process has ended",
    "assistant.note.goes_on.as_it_was": "the conversation goes on; nothing is read again",
    "assistant.note.goes_on.read_again": "the conversation goes on; the model reads it again",
    "assistant.note.no_model": (
        "no model was chosen: /get fetches one that suits this machine, and asks before. By itself iqdebug "
        "answers /why, /explain, /fix, /test, /verify, /watch and /scan"
    ),
    "assistant.note.no_process": "there is no process yet to speak of",
    "assistant.note.no_such_command": "there is no /{name}; /help lists what there is",
    "assistant.note.not_run": "{count} of {total} calls were not run: too many",
    "assistant.note.repeats": (
        "the model asked again and again for what it had been given, and was stopped; ask in other words"
    ),
    "assistant.note.still_answering": "the model is still answering; Esc stops it",
    "assistant.note.thought_for": "{seconds} s",
    "assistant.note.to_ask": "to ask",
    "assistant.note.too_many_calls": "stopped after {count} tool calls; ask again to go on",
    "assistant.note.too_many_rounds": "stopped after {count} rounds of tool calls; ask again to go on",
    "assistant.note.unknown_mention": "{mention} is not known here",
    "assistant.note.variables_not_read": "the variables of this frame were not read in time",
    "assistant.note.wrong_calls": (
        "the model called tools in a form that cannot be read, also after it was told why; ask anew, or in "
        "other words"
    ),
    "assistant.nothing_examined": "There is nothing to speak of yet",
    "assistant.nothing_examined.why": "No stop or crash was examined",
    "assistant.offer.doing": "What is it doing?",
    "assistant.offer.is_cause": "Is this the cause: {anomaly}",
    "assistant.offer.waiting": "What is it waiting for?",
    "assistant.offer.what_else": "What else could break in the same way?",
    "assistant.offer.whence": "Where does {expression} come from?",
    "assistant.offer.why_failed": "Why did it fail?",
    "assistant.offer.why_fails": "Why does {function} fail?",
    "assistant.other_project": "The recorded program is not of the project that you work in",
    "assistant.other_project.fix": "Stand in its folder, or name it: --project DIR",
    "assistant.other_project.why": "It lies in {folder}",
    "assistant.other_project.why.not_here": "Its files are not on this machine",
    "assistant.source.none_kept": "today's text: none was kept",
    "assistant.source.only_todays": "only today's text is there",
    "assistant.status.answering": "answering",
    "assistant.status.loading": "loading the model",
    "assistant.status.loading_share": "{words} {percent}%",
    "assistant.status.no_model": "no model",
    "assistant.status.reading": "reading",
    "assistant.status.reading_ahead": "reading {done} of {total} tokens ahead{left}",
    "assistant.status.reading_tokens": "reading {done} of {total} tokens{left}",
    "assistant.status.seconds_left": ", about {seconds} s left",
    "assistant.status.ready": "ready",
    "assistant.status.running": "running {tool}",
    "assistant.status.thinking": "thinking",
    "assistant.status.waiting_for_consent": "waiting for your consent",
    "assistant.status.waiting_for_server": "waiting for the first token, {seconds} of {limit} s",
    "assistant.status.works_without_model": "no model: /get fetches one, /help lists what works without",
    "assistant.stop_damaged": "The kept stop of that conversation cannot be read",
    "assistant.turn_failed": "The turn failed, which should not happen",
    "assistant.turn_failed.fix": "Ask again",
}
