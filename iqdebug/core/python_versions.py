"""Which Pythons can be debugged. Tests take their interpreters from here.

What else a new version needs is listed in ARCHITECTURE.md ("To add something")."""

from __future__ import annotations

__all__ = ["MINORS", "NEWEST_TARGET", "OLDEST_TARGET", "REMOTE_EXEC"]

OLDEST_TARGET = (3, 8)
"""The oldest Python that the debug server runs on, and so the oldest that can be attached to."""

NEWEST_TARGET = (3, 14)
"""The newest Python that is tested."""

REMOTE_EXEC = (3, 14)
"""From here on the interpreter lets a debugger in by itself (PEP 768); before, gdb does."""

MINORS = range(OLDEST_TARGET[1], NEWEST_TARGET[1] + 1)
"""The minor versions of Python 3 between the two."""
