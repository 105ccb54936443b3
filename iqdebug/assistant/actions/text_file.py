"""A source file as lines that can be replaced, without touching any byte of the others."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from iqdebug.core.errors import UsageError
from iqdebug.core.messages import message

__all__ = ["TextFile"]

_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class TextFile:
    """Each line with its own end, as it stands in the file. ``encoding`` is the one that Python would
    use; a byte order mark is kept."""

    lines: tuple[str, ...]
    ends: tuple[str, ...]
    encoding: str = "utf-8"
    bom: bool = False

    @classmethod
    def of(cls, data: bytes, name: str = "") -> TextFile:
        """:raises UsageError: the bytes are no text in the encoding that the file declares."""
        bom = data.startswith(codecs.BOM_UTF8)
        try:
            encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
            encoding = "utf-8" if bom else encoding
            text = data[len(codecs.BOM_UTF8) if bom else 0 :].decode(encoding)
        except (SyntaxError, LookupError, UnicodeDecodeError) as error:
            raise UsageError(
                message("assistant.actions.text.not_read", name=name)
                if name
                else message("assistant.actions.text.not_read.unnamed"),
                str(error),
            ) from None
        lines, ends, at = [], [], 0
        for end in _ENDS.finditer(text):
            lines.append(text[at : end.start()])
            ends.append(end[0])
            at = end.end()
        if at < len(text):
            lines.append(text[at:])
            ends.append("")
        return cls(tuple(lines), tuple(ends), encoding, bom)

    @property
    def newline(self) -> str:
        """The line end that most lines have."""
        counted = Counter(end for end in self.ends if end)
        return counted.most_common(1)[0][0] if counted else "\n"

    @property
    def text(self) -> str:
        """With plain line ends."""
        return "".join(f"{line}\n" if end else line for line, end in zip(self.lines, self.ends, strict=True))

    @property
    def data(self) -> bytes:
        """:raises UsageError: a character that the file's encoding does not have."""
        text = "".join(line + end for line, end in zip(self.lines, self.ends, strict=True))
        try:
            return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            bad = text[error.start : error.end]
            raise UsageError(
                message("assistant.actions.text.no_character", text=repr(bad), encoding=self.encoding)
            ) from None

    def replaced(self, start: int, stop: int, new: Sequence[str]) -> TextFile:
        """With lines ``start`` to ``stop`` (from 0, the last exclusive) replaced. Lines that are the
        same at both ends of the change keep their own line ends."""
        new = list(new)
        while start < stop and new and self.lines[start] == new[0]:
            start, new = start + 1, new[1:]
        while start < stop and new and self.lines[stop - 1] == new[-1]:
            stop, new = stop - 1, new[:-1]
        style = self.newline
        kept = list(self.ends[start:stop])
        ends = [kept[n] if n < len(kept) and kept[n] else style for n in range(len(new))]
        before = list(self.ends[:start])
        last = stop == len(self.lines)
        if last and new and self.ends and self.ends[-1] == "":
            ends[-1] = ""
            if before and not before[-1]:
                before[-1] = style
        return replace(
            self,
            lines=(*self.lines[:start], *new, *self.lines[stop:]),
            ends=(*before, *ends, *self.ends[stop:]),
        )
