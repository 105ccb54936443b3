"""The last thing before the terminal: nothing in a text that is drawn can steer it.

Panes show foreign texts through :func:`iqdebug.core.text.clean`, which makes such characters visible. What a
pane forgot is left out here, so that the cells stay where they are.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from iqdebug.core.text import is_invisible

__all__ = ["Printable"]


class Printable(LineFilter):
    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.text.isprintable() or segment.control for segment in segments):
            return segments
        return [
            segment if segment.control else Segment(_printable(segment.text), segment.style)
            for segment in segments
        ]


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(c for c in text if not is_invisible(c))
