"""Whether an expression only reads, and so needs no right.

Two judges must agree. This one looks at the text alone: what it lets pass is a plan made of reads (see
:mod:`iqdebug.core.expressions`). The second meets the objects: ``read_expression`` of a session follows the
plan by reads of its own, never by the interpreter's ``eval``, and refuses at the first object that would
run code. When in doubt an expression is a probe.
"""

from __future__ import annotations

from iqdebug.core.errors import RunsCode
from iqdebug.core.expressions import plan_of

__all__ = ["why_a_probe"]


def why_a_probe(expression: str) -> str:
    """Why the text may run code, in words; "" when it may be tried as a read.

    :raises SyntaxError: it is no Python.
    """
    try:
        plan_of(expression)
    except RunsCode as error:
        return error.why
    return ""
