"""Names of accounts."""

from __future__ import annotations

import pwd

__all__ = ["user_name"]


def user_name(uid: int) -> str:
    """The account's name, or the number when there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
