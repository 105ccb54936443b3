"""What a capture is asked to do."""

from __future__ import annotations

import os

from .original_functions import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Tuple

MAX_BYTES = 8_000_000
SECONDS = 2.0


class Settings:
    """:param directory: where crash files go; "" for the default.
    :param mask: whether secrets are masked.
    :param max_bytes: size of a file at most.
    :param seconds: time for one capture, about.
    :param own_texts: whether objects are asked for their own ``repr`` (see :mod:`.reprs`).
    :param message: reads an exception's message; None for what its own ``__str__`` says.
    :param hidden: folders, with a slash at the end, whose frames are a debugger's and not the program's.
    """

    def __init__(
        self,
        directory: str = "",
        mask: bool = True,
        max_bytes: int = MAX_BYTES,
        seconds: float = SECONDS,
        own_texts: bool = False,
        hidden: Tuple[str, ...] = (),
        message: Optional[Callable[[BaseException], str]] = None,
    ) -> None:
        self.directory = system.absolute(directory) if directory else default_directory()
        self.mask = mask
        self.max_bytes = max_bytes
        self.seconds = seconds
        self.own_texts = own_texts
        self.hidden = hidden
        self.message = message


def default_directory() -> str:
    """``$IQDEBUG_CAPTURE``, or ``crashes`` in iqdebug's state folder."""
    asked: Optional[str] = os.environ.get("IQDEBUG_CAPTURE")
    if asked:
        return system.absolute(asked)
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "iqdebug", "crashes")
