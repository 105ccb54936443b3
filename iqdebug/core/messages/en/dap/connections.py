"""The connections into a process: what came over them that should not, and what did not come."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "dap.agent.ended": "The connection into the target ended",
    "dap.agent.failed": "The agent in the target could not do this ({operation})",
    "dap.agent.given_up": "The connection into the target was given up: what came from it is not the agent's",
    "dap.agent.given_up.fix": "The process runs on, released. If it is not hostile, please report this.",
    "dap.agent.shape": "The agent in the target answered in an unexpected shape",
    "dap.agent.shape.fix": "If the program is not hostile and it happens again, please report it.",
    "dap.attach_again": "Attach again to go on.",
    "dap.not_attached": "Not attached",
    "dap.server.ended": "The debug connection ended",
    "dap.server.garbage": "The debug connection carries something that is not DAP",
    "dap.server.garbage.fix": "Is something else writing to this connection? Detach and attach again.",
    "dap.server.garbage.why": "Expected a Content-Length header, got {shown}.",
    "dap.server.no_message": "The debug server sent something that is not a DAP message",
    "dap.server.no_message.fix": "Detach and attach again; if it happens again, please report it.",
    "dap.server.no_message.why": "{error}; it began with {shown}",
    "dap.server.not_reading": "The debug server asks, and does not read the answers",
    "dap.server.refused": "The debug server refused {command}",
    "dap.server.shape": "The debug server's answer has an unexpected shape",
    "dap.server.somebody_else": "The debug connection was answered by something else than the target",
    "dap.server.too_many_events": "The target reports more events than can be looked into",
    "dap.server.unexpected": "The debug server sent what nobody expected",
}
