"""Room below the recursion limit for the debugger's own calls.

pydevd's functions are called on top of the program's stack and count against the program's limit:
near it they would fail, and the failure would be the program's. While attached the true limit is
higher by ``ROOM``, and the program's ``sys.getrecursionlimit`` and ``sys.setrecursionlimit`` speak
of the limit without it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

ROOM = 400
"""Calls: pydevd's deepest way to a stop, with an evaluation, takes fewer."""


def give_room() -> Callable[[], None]:
    """Raise the limit. Returns what takes it back."""
    get, put = sys.getrecursionlimit, sys.setrecursionlimit

    def getrecursionlimit() -> int:
        return get() - ROOM

    def setrecursionlimit(limit: int) -> None:
        put(limit + ROOM if type(limit) is int and limit > 0 else limit)

    put(get() + ROOM)
    sys.getrecursionlimit, sys.setrecursionlimit = getrecursionlimit, setrecursionlimit

    def undo() -> None:
        if sys.getrecursionlimit is getrecursionlimit:
            sys.getrecursionlimit = get
        if sys.setrecursionlimit is setrecursionlimit:
            sys.setrecursionlimit = put
        put(get() - ROOM)

    return undo
