"""Runs a callback when a module is first imported, without importing it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def after_import(name: str, then: Callable[[Any], None]) -> Callable[[], None]:
    """Call ``then`` with the module: now if it is loaded, else right after its first import. What ``then``
    raises is swallowed. Returns a function that cancels the call."""
    if name in sys.modules:
        _call_quietly(then, sys.modules[name])
        return lambda: None
    finder = _Finder(name, then)
    sys.meta_path.insert(0, finder)
    return finder.remove


def _call_quietly(then: Callable[[Any], None], module: Any) -> None:
    try:
        then(module)
    except Exception:
        pass


class _Finder:
    """A finder in front of the import system's, which wraps the loader of one module."""

    def __init__(self, name: str, then: Callable[[Any], None]) -> None:
        self._name = name
        self._then = then

    def remove(self) -> None:
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self._name:
            return None
        self.remove()
        import importlib.util

        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            _call_quietly(self._then, module)

        loader.exec_module = exec_module
        return spec
