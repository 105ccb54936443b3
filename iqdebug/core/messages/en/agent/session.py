"""What the agent says of a session: refusals, other tracers, waits, and how an exception came to it."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "agent.debugger_failed": "the debugger failed in the target: {error}",
    "agent.debugger_failed_at": "the debugger failed in the target: {error} ({file}:{line})",
    "agent.how.a_thread": "in a thread",
    "agent.how.asyncio": "reported by asyncio",
    "agent.how.asyncio_task": "reported by asyncio: {name} ({function})",
    "agent.how.at_exit": "(after the program's own excepthook)",
    "agent.how.ignored": "ignored by Python",
    "agent.how.ignored_in": "ignored in {where}",
    "agent.how.thread": "in thread {name}",
    "agent.more_greenlets": "{count} more greenlets",
    "agent.refused.audit_hook": "an audit hook of the program forbids {event} ({error})",
    "agent.refused.debugger": "another debugger (debugpy) is attached to this process: detach it first",
    "agent.refused.memory": (
        "its limit RLIMIT_AS leaves it {left} MB of memory, and the debugger needs {needed} MB"
    ),
    "agent.refused.no_module": "the standard library's {name} cannot be found",
    "agent.refused.replaced": "the program has replaced {module}.{name}",
    "agent.refused.slot": "sys.monitoring's debugger slot is held by {holder}",
    "agent.still_running": "still running",
    "agent.threads_replaced": (
        "released: the program has just replaced what threads are made of (gevent, eventlet); attach again"
    ),
    "agent.tracer.beside": "{name} traces this program too and goes on meanwhile",
    "agent.tracer.monitoring": "{name} watches this program (sys.monitoring) and goes on meanwhile",
    "agent.tracer.replaced": (
        "{name} traces this program: what runs while iqdebug is attached is missing from its result; it "
        "goes on after detach"
    ),
    "agent.tracer.set": (
        "{name} has been set as the tracer of a thread: breakpoints and pauses do not reach it until it "
        "is removed"
    ),
    "agent.wait.hub_greenlet": "the {library} hub: goes on when the greenlet that runs gives way",
    "agent.wait.paused_hub": "paused while waiting for events: the {library} hub",
}
