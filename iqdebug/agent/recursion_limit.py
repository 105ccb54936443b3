"""Raises the recursion limit by what the debugger's own calls need.

pydevd's functions run on top of the program's stack and count against its limit: near the limit they
would fail inside the program. While attached, the real limit is ``EXTRA_CALLS`` higher, and the program's
``sys.getrecursionlimit`` and ``sys.setrecursionlimit`` work with the limit without them.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

EXTRA_CALLS = 400
"""More calls than pydevd's deepest path to a stop takes, including an evaluation."""


def raise_limit() -> Callable[[], None]:
    """Raise the limit. Returns a function that lowers it again."""
    get, put = sys.getrecursionlimit, sys.setrecursionlimit

    def getrecursionlimit() -> int:
        return get() - EXTRA_CALLS

    def setrecursionlimit(limit: int) -> None:
        put(limit + EXTRA_CALLS if type(limit) is int and limit > 0 else limit)

    put(get() + EXTRA_CALLS)
    sys.getrecursionlimit, sys.setrecursionlimit = getrecursionlimit, setrecursionlimit

    def undo() -> None:
        if sys.getrecursionlimit is getrecursionlimit:
            sys.getrecursionlimit = get
        if sys.setrecursionlimit is setrecursionlimit:
            sys.setrecursionlimit = put
        put(get() - EXTRA_CALLS)

    return undo
