"""How the diagnosis reads source: each file once, a function at a time, within a budget.

The rules about crashes and those about living programs read here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from iqdebug.diagnosis.source.definitions import Definition
from iqdebug.diagnosis.source.outline import FunctionTree, Outline

__all__ = ["Texts"]

MAX_CACHED_OUTLINES = 64
MAX_PARSED_LINES = 20_000
"""Lines of the functions of frames that one diagnosis parses."""

_outlines: OrderedDict[str, Outline] = OrderedDict()


def _outline(path: str, lines: tuple[str, ...]) -> Outline:
    """The outline of the very same lines as before, where it is still cached: every stop of a session
    asks for the same files."""
    outline = _outlines.get(path)
    if outline is None or outline.lines is not lines:
        outline = Outline(lines)
    _outlines[path] = outline
    _outlines.move_to_end(path)
    while len(_outlines) > MAX_CACHED_OUTLINES:
        _outlines.popitem(last=False)
    return outline


class Texts:
    """The source files of one diagnosis, each read at most once.

    :param read_source: path → lines. A file for which it raises OSError, ValueError, LookupError or
        SyntaxError (of its encoding) is taken to be empty.
    """

    def __init__(self, read_source: Callable[[str], Sequence[str]]) -> None:
        self._read = read_source
        self._outlines: dict[str, Outline] = {}
        self._budget = MAX_PARSED_LINES
        self._granted: dict[tuple[str, int], bool] = {}

    def __getitem__(self, path: str) -> Outline:
        outline = self._outlines.get(path)
        if outline is None:
            try:
                lines = self._read(path)
            except (OSError, ValueError, LookupError, SyntaxError):
                lines = ()
            outline = self._outlines[path] = _outline(path, tuple(lines))
        return outline

    def tree(self, path: str, definition: Definition) -> FunctionTree | None:
        """A function's tree, as long as the budget lasts. A function counts once, whether or not an
        earlier diagnosis had it parsed: the same question gets the same answer."""
        key = (path, definition.line)
        if key not in self._granted:
            lines = definition.end - definition.first + 1
            self._granted[key] = lines <= self._budget
            self._budget -= lines if self._granted[key] else 0
        return self[path].tree(definition) if self._granted[key] else None
