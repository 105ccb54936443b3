"""What the rules say of a living program: threads, locks, event loops, loops, containers."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "live.any_of": "{names} or {last}",
    "live.as_local": " (local `{name}`)",
    "live.busy": "{thread} keeps the CPU busy{place:? at }",
    "live.deadlock": "deadlock: {parties: and } wait for each other's locks ({locks})",
    "live.deadlock.behind": "stuck behind the deadlock as well: {parties}",
    "live.deadlock.by_names": "{headline} - going by the locks' names",
    "live.deadlock.holds": "{holder} holds `{lock}` since line {line}, which {waiter} waits for",
    "live.deadlock.itself": "{waiter} waits for `{lock}`, which it already holds: it can never go on",
    "live.deadlock.opposite_order": "the two take the same locks in opposite order",
    "live.deadlock.waits": "{waiter} waits here for `{lock}`, which {holder} holds since line {line}",
    "live.deadlock.waits_for_itself": (
        "{waiter} waits here for `{lock}`, which it holds itself since line {line}"
    ),
    "live.ended": "the process has ended{code}",
    "live.endless_loop": "{thread} is in a loop that does not end{place:? at }: {reason}",
    "live.event": "{task} waits for an event that nothing in {file} sets ({where})",
    "live.event.argument": "`{name}` came in as an argument of a call in this file",
    "live.event.awaited": "{task} awaits `{event}.wait()` here, and nothing in its file calls `{name}.set`",
    "live.event_loop": "{thread} blocks its event loop{place:? at }{call}",
    "live.event_loop.in_call": " in `{call}`",
    "live.event_loop.something": "something",
    "live.event_loop.waits": (
        "{what} waits here on the event loop's thread; until it returns, no task of that loop can run"
    ),
    "live.exit_code": " with exit code {code}",
    "live.gil.held": "{thread} holds the GIL{place:? at }",
    "live.gil.held_and": "{held} and {others}",
    "live.gil.not_moved": (
        "it holds the GIL and has not moved since the look before: a C call that keeps it, or a hot loop"
    ),
    "live.gil.note": "{held}; {others}",
    "live.gil.others": "{count:another thread waits for it|{count} other threads wait for it}",
    "live.gil.unseen": "all {count} threads wait for the GIL, and its holder cannot be seen",
    "live.grew": "`{name}` grew from {before} to {now} between two looks",
    "live.grew_at": "{reason} ({where})",
    "live.large": "`{name}` has {count} elements{local} in {where}",
    "live.lock.holds": "{holder} holds `{lock}` since line {line}{doing}, and {waiting} waits for it",
    "live.lock.keeps": "{holder} keeps `{lock}`{doing}; {count} waiting for it",
    "live.lock.waits": "{waiting} waits for `{lock}`, held by {holder}{place:? at }",
    "live.lock.while": " while it is in `{call}`",
    "live.loop.floats": "`{test}` compares floats for exact equality; `{name}` is {value}{past}",
    "live.loop.no_way_out": "`while {test}` with no way out and nothing that waits",
    "live.loop.over": "the loop around it runs over `{iterable}`",
    "live.loop.past": " and is past {goal} already",
    "live.loop.unchanged": "nothing in the loop changes {names}, so `{test}` stays as it is",
    "live.loop.while": "the loop around it goes on while `{test}`",
    "live.more_remarks": "and {count} more remarks",
    "live.not_moved": "it has not moved since the look before",
    "live.nothing.no_code": "nothing stands out: no thread runs Python code at the moment",
    "live.nothing.no_threads": "nothing stands out: no threads were seen",
    "live.nothing.not_running": (
        "nothing stands out: {count:the thread was not seen running|no thread was seen running}"
    ),
    "live.nothing.paused": "nothing stands out: paused at {place}",
    "live.nothing.running": "nothing stands out: the thread is running",
    "live.nothing.some_running": "nothing stands out: {running} of {count} threads {running:is|are} running",
    "live.nothing.waiting": (
        "nothing stands out: {count:the thread waits|all {count} threads wait}, as an idle program does"
    ),
    "live.place": "{file}:{line} in {function}",
    "live.pool": "all {count} workers of the thread pool wait for results, and none is left to produce them",
    "live.pool.waits": (
        "this runs in a worker of a thread pool and waits for the result of other work in a pool"
    ),
    "live.recursion.alike": "{names} is the same at each level: nothing brings the recursion to its end",
    "live.recursion.counted": "{calls}: {count} of {total} frames",
    "live.recursion.deep": "{thread} is deep in a recursion: {counted}",
    "live.recursion.each_other": "{functions: and } call each other",
    "live.recursion.endless": "recursion without end: {calls}, {count} deep",
    "live.recursion.itself": "{function} calls itself",
    "live.recursion.unchanged": "{thread} recurses with unchanged arguments: {calls}",
    "live.running": "{thread} is running{place:? at }",
    "live.same_call": "it was in the same call at the look before",
    "live.tasks": "{count} tasks are pending: {tasks}{more}",
    "live.tasks.awaiting": "{name} ({awaiting})",
    "live.tasks.more": ", ...",
    "who.task": "task {name}",
    "who.the_main_thread": "the main thread",
    "who.thread": "thread {name}",
}
