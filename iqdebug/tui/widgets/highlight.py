"""Python source as coloured lines."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

__all__ = ["coloured"]

# Styles of the 16 colours that every terminal has; other terminals map them to their theme.
_STYLES = {
    "Comment": Style(color="bright_black", italic=True),
    "Keyword": Style(color="magenta"),
    "Keyword.Constant": Style(color="cyan"),
    "Name.Function": Style(color="blue", bold=True),
    "Name.Class": Style(color="blue", bold=True),
    "Name.Decorator": Style(color="yellow"),
    "Name.Builtin": Style(color="cyan"),
    "Name.Exception": Style(color="red"),
    "Literal.String": Style(color="green"),
    "Literal.String.Doc": Style(color="bright_black"),
    "Literal.Number": Style(color="cyan"),
    "Operator.Word": Style(color="magenta"),
    "Error": Style(color="red"),
}


def _style(kind: str) -> Style | None:
    while kind:
        if kind in _STYLES:
            return _STYLES[kind]
        kind = kind.rpartition(".")[0]
    return None


def coloured(lines: Sequence[str]) -> list[Text]:
    """One text a line, as many as came in."""
    from pygments.lexers.python import PythonLexer

    styles: dict[object, Style | None] = {}
    texts = [Text()]
    for token, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(lines)):
        if token not in styles:
            styles[token] = _style(str(token).removeprefix("Token."))
        parts = value.split("\n")
        texts[-1].append(parts[0], styles[token])
        for part in parts[1:]:
            texts.append(Text(part, styles[token] or ""))
    texts += [Text() for _ in range(len(lines) - len(texts))]
    return texts[: len(lines)]
