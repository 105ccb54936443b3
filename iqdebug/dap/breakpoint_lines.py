"""On which line a breakpoint belongs when a person puts it on a function's head.

The lines of a ``def``, its decorators and its parameters run once, when the function is made, which has
long been in a running process; a person who marks them means the function.
"""

from __future__ import annotations

import ast
import functools

from iqdebug.core.messages import message

__all__ = ["MOVED", "line_that_runs"]

MOVED = message("dap.breakpoint.moved_from_head")

MAX_LINES_PARSED = 50_000  # a larger file was not written by hand


def line_that_runs(lines: tuple[str, ...], line: int) -> int:
    """The first line that runs of the body of the function whose head has the line; else the line itself."""
    return _heads(lines).get(line, line)


@functools.lru_cache(maxsize=16)
def _heads(lines: tuple[str, ...]) -> dict[int, int]:
    """For each line of a function's head that runs nothing of its body: where the body begins."""
    if len(lines) > MAX_LINES_PARSED:
        return {}
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    body_lines: dict[int, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            begin = _first_that_runs(node)
            body_lines.update(dict.fromkeys(range(first, node.body[0].lineno), begin))
            for line in range(node.body[0].lineno, begin):  # a docstring runs nothing
                body_lines.setdefault(line, begin)
    return body_lines


def _first_that_runs(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body
    documented = ast.get_docstring(node, clean=False) is not None
    statement = body[1] if documented and len(body) > 1 else body[0]
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])
