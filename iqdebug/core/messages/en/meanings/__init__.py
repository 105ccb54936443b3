"""What exceptions mean and what to look at.

The files beside this one hold blocks of three lines: the end of the message's id, ``meaning.…``; what
such an exception means; what to look at. Their texts name no values.
"""

from __future__ import annotations

from iqdebug.core.messages.en.meanings import data, databases, errors, failures, standard, web

__all__ = ["TEMPLATES"]

_PARTS = (errors, failures, standard, web, databases, data)


def _templates() -> dict[str, str]:
    blocks = (block.strip().splitlines() for part in _PARTS for block in part.BLOCKS.strip().split("\n\n"))
    return {f"meaning.{name}": f"{means} {look}" for name, means, look in blocks}


TEMPLATES: dict[str, str] = _templates()
