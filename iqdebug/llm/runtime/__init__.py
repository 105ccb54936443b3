"""llama.cpp with the Loop architecture: built from the pinned source plus ``native/patches``, on request.

:func:`build` makes it, :func:`find_runtime` finds it, :func:`runtime_for` decides which models need it. What
this package needs of llama.cpp are files and processes: it never loads a library itself.
"""

from __future__ import annotations

from iqdebug.llm.runtime.building import build
from iqdebug.llm.runtime.choice import is_loop, runtime_for
from iqdebug.llm.runtime.recipe import Backend, Recipe
from iqdebug.llm.runtime.rollback import safe_rollback_limit, swa_cells
from iqdebug.llm.runtime.store import Runtime, cache_folder, find_runtime, remove, runtimes

__all__ = [
    "Backend",
    "Recipe",
    "Runtime",
    "build",
    "cache_folder",
    "find_runtime",
    "is_loop",
    "remove",
    "runtime_for",
    "runtimes",
    "safe_rollback_limit",
    "swa_cells",
]
