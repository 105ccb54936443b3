"""What the person is asked before a command or a tool does something, and how it is undone."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "assistant.breakpoint": "{place}{condition:? if }{hit:? on hit }{log:? logs }",
    "assistant.consent.change": "change {names}",
    "assistant.consent.change.why": "a backup is kept; /undo",
    "assistant.consent.continue": "let the program run on",
    "assistant.consent.evaluate": "evaluate in {place}",
    "assistant.consent.log_point": "watch {place} for {hits} hits or {seconds} s, letting the program run",
    "assistant.consent.log_point.why": "in the message {expression} may run code: {why}",
    "assistant.consent.pause": "stop the program where it is",
    "assistant.consent.remove_breakpoint": "remove the breakpoint at {place}",
    "assistant.consent.run_again": "run the recorded command again",
    "assistant.consent.run_test": "run a test of the failing call in a copy",
    "assistant.consent.run_to": "run to {place}",
    "assistant.consent.set": "set {name} in {function}",
    "assistant.consent.set.why": "it changes the running program",
    "assistant.consent.set_breakpoint": "set a breakpoint at {breakpoint}",
    "assistant.consent.set_breakpoint.why": "the condition is evaluated in the program",
    "assistant.consent.step": "step {how}{times:? } in thread {thread}",
    "assistant.consent.tool": "run {tool}",
    "assistant.consent.watch": "set {count} log-points",
    "assistant.consent.watch.why": "nothing stops at them",
    "assistant.consent.write_test": "write {path}",
    "assistant.step.in": "in",
    "assistant.step.out": "out",
    "assistant.step.over": "over",
    "assistant.times": "{count} times",
    "assistant.undo": "undo: {action}",
    "assistant.undo.set": "set {name} back to {value}",
    "assistant.undone.breakpoints": "{count} breakpoints, as before",
    "assistant.undone.nothing": "nothing that was done can be undone",
    "assistant.undone.put_back": "put back: {paths}",
    "assistant.undone.set": "{name} is {value} again",
}
