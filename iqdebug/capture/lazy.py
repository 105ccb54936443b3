"""Regular expressions that are compiled on first use: most programs with the hooks never need them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Lazy:
    """Stands for a compiled expression. Two threads may both compile it, which is harmless."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        compiled = re.compile(self._pattern, self._flags)
        self.finditer = compiled.finditer
        self.search = compiled.search
        self.match = compiled.match
        return getattr(compiled, name)


def lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """:func:`re.compile` on first use."""
    return _Lazy(pattern, flags)  # type: ignore[return-value]
