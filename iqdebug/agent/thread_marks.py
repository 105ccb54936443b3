"""Answers that pydevd looks for on threads, given by ``threading.Thread`` while it is here.

pydevd keeps its marks as attributes of the threads and asks for them before they are there. A class derived
from ``Thread`` that makes missing attributes itself would be run for each.
"""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

_MARKS = (
    "__pydevd_id__",
    "additional_info",
    "is_pydev_daemon_thread",
    "pydev_do_not_trace",
)


def answer_for_threads() -> Callable[[], None]:
    """Returns the function that takes the answers away."""
    cls = threading.Thread
    put = [name for name in _MARKS if name not in vars(cls)]
    for name in put:
        setattr(cls, name, None)

    def undo() -> None:
        for name in put:
            if vars(cls).get(name, put) is None:
                delattr(cls, name)

    return undo
