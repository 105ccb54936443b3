"""Why a place is under suspicion."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "exception": "{type}: {text}",
    "lock.taken": "taken at line {line}",
    "lock.waited_for": "waited for here",
    "reason.changed": "this line was changed {days} {days:day|days} ago: {subject}",
    "reason.changed_today": "this line was changed today: {subject}",
    "reason.not_committed": "this line was changed and is not committed yet",
    "reason.gave_value": "`{name}` {how}: `{code}`",
    "reason.got_value": "`{name}` got its value here: `{code}`",
    "reason.unchecked": "`{name}` is not checked before it is used at line {line}",
    "reason.call_with": "the call that led to `{function}` and its `{name}`",
    "reason.passed": "`{name}` of {function} is `{passed}` here",
    "reason.set": "`{name}` is set here: `{code}`",
    "reason.declared": "`{name}` is declared here: `{code}`",
    "reason.returned": "`{name}(…)` gave the value: {function} returns here",
    "reason.deleted": "`{name}` is deleted here: `{code}`",
    "reason.made": "`{name}` is made here: `{code}`",
    "reason.class_named": "`{name}`, which the message names, is defined here",
    "reason.add_support": "what `{name}` does not support would be added here",
    "reason.passed_through": "the exception passed through here",
    "reason.passed_through_call": "the exception passed through this call",
    "reason.raised_on_purpose": "{exception} is raised here on purpose",
    "reason.came_out_of_call": "{exception} came out of this call",
    "reason.arises": "{exception} arises here",
    "reason.is_none": "`{name}` is None",
    "reason.raised_here": "{exception} was raised here",
    "reason.raised_for_caller": (
        "this line raises it on purpose: the values that led here come from its caller"
    ),
    "reason.raised_further_in": "the exception was raised further in, at {place}",
    "reason.led_there": "this is the call that led there",
    "reason.argument": "`{name}` is an argument: this call passed it",
    "reason.let_line_run": "`{code}` let the failing line run",
    "reason.goes_round": "goes round: {count} times among the innermost frames",
    "reason.writes_text": "`{code}` writes what stands in the text that failed",
    "reason.ended_here": "the process ended in this call",
    "reason.call_led_there": "this call led there",
    "headline.no_frame": "{reason}: no frame was recorded",
    "headline.called_at": "{reason}, called{place:? at }",
    "headline.exception": "{exception}{place:? at }",
    "headline.explained": "{headline}: {reason}",
}
