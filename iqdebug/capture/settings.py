"""The settings of a capture."""

from __future__ import annotations

import os

from .original_functions import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Tuple

MAX_BYTES = 8_000_000
CAPTURE_TIMEOUT = 2.0  # seconds


class Settings:
    """:param directory: where crash files go; "" for the default.
    :param mask: whether secrets are masked.
    :param max_bytes: maximum size of a file.
    :param seconds: approximate time for one capture.
    :param own_texts: whether to call the objects' own ``repr`` (see :mod:`.reprs`).
    :param message: reads an exception's message; None to call its ``__str__``.
    :param hidden: folders, each with a slash at the end, of a debugger's own code.
    """

    def __init__(
        self,
        directory: str = "",
        mask: bool = True,
        max_bytes: int = MAX_BYTES,
        seconds: float = CAPTURE_TIMEOUT,
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
    requested: Optional[str] = os.environ.get("IQDEBUG_CAPTURE")
    if requested:
        return system.absolute(requested)
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "iqdebug", "crashes")
