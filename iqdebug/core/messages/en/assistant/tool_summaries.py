"""What stands beside a tool's call once it has ended."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.done.continued": "Continued",
    "assistant.done.paused": "Paused",
    "assistant.done.ran_towards": "Ran towards line {line}",
    "assistant.done.stepped": "Stepped {how}{times:? }",
    "assistant.done.then": "Then",
    "assistant.frames": "frames {first} to {last} of {total}",
    "assistant.frames.none": "no frames",
    "assistant.frames.none_from": "no frames from {first} on; there are {total}",
    "assistant.hits": "{count} of {wanted} hits at line {line}",
    "assistant.phase.connecting": "connecting",
    "assistant.phase.crashed": "crashed",
    "assistant.phase.detached": "detached",
    "assistant.phase.ended": "ended",
    "assistant.phase.paused": "paused",
    "assistant.phase.running": "running",
    "assistant.summary.breakpoints": "{count} breakpoints",
    "assistant.summary.edit_fits": (
        "The edit fits, and is shown to the person, who decides whether it is applied."
    ),
    "assistant.summary.exception": "exception {type}",
    "assistant.summary.failed": "failed",
    "assistant.summary.frame": "frame {number}: {function}",
    "assistant.summary.history": "git history of {place}",
    "assistant.summary.lines_found": "search {wanted}: {count} lines",
    "assistant.summary.log_records": "{count} log records",
    "assistant.summary.more_lines_found": "search {wanted}: {count} or more lines",
    "assistant.summary.no_exception": "no exception",
    "assistant.summary.no_log_record": "no log record",
    "assistant.summary.no_stop_yet": "{done}: no stop yet",
    "assistant.summary.no_tasks": "no asyncio tasks",
    "assistant.summary.not_set": "{name} was not set",
    "assistant.summary.nothing_found": "search {wanted}: nothing",
    "assistant.summary.now_in": "{done}: now in {function}, line {line}",
    "assistant.summary.now_without_frame": "{done}: now in no frame",
    "assistant.summary.process_has": "{done}; the process has {phase}{code:? with code }.",
    "assistant.summary.refused": "refused: {action}",
    "assistant.summary.stack": "stack of {thread}: {frames}",
    "assistant.summary.step_not_ended": (
        "Stepped {how} ({count} of {times}); the line has not ended within {seconds} s."
    ),
    "assistant.summary.stopped": "stopped",
    "assistant.summary.suspects": "{count} suspects",
    "assistant.summary.tasks": "{count} tasks",
    "assistant.summary.threads": "{count} threads",
    "assistant.summary.value": "{expression} → {value}",
    "assistant.summary.variables": "{what}: {shown}",
    "assistant.summary.watched": "watched line {line}: {hits}",
    "assistant.variables": "{count} from {first}{total:? of }",
    "assistant.variables.in": "what is in {name}",
    "assistant.variables.none": "no variables",
    "assistant.variables.nothing_below": "nothing below it",
    "assistant.variables.of_frame": "variables of frame {number}",
    "assistant.summary.wrong_call": "the call could not be run: {why}",
}
