"""Source that exists only in memory: the texts that the program keeps, and breakpoints in them.

Reads only through the descriptors and methods of builtin types; no loader is called.
"""

from __future__ import annotations

import os
import sys
import types

from ..capture import values
from ..capture.frames import list_items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

MAX_SOURCE_LENGTH = 4 << 20
"""Characters of a source text from memory."""

MAX_SOURCE_LINES = 100_000

MAX_CACHE_ENTRIES = 20_000
"""Entries read from ``linecache``."""


def text_of(value: Any) -> str:
    """The plain text of a ``str`` or an instance of a subclass; "" for anything else, or if it has a lone
    surrogate, which cannot be sent."""
    if not issubclass(type(value), str):
        return ""
    text = str.__str__(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return ""
    return text


def absolute(path: str) -> str:
    if path and not path.startswith("<") and not os.path.isabs(path):
        return os.path.abspath(path)
    return path


def _sendable(line: Any) -> str:
    if not issubclass(type(line), str):
        return ""
    return str.__str__(line).encode("utf-8", "backslashreplace").decode("utf-8")


def names_of(module: str) -> Dict[str, Any]:
    """The namespace of a loaded module; {} if there is none of that name."""
    loaded = sys.modules
    loaded_module = dict.get(loaded, module) if issubclass(type(loaded), dict) else None
    return (values.instance_dict(loaded_module) or {}) if loaded_module is not None else {}


def _line_cache() -> List[Tuple[str, Any]]:
    cache = names_of("linecache").get("cache")
    if not issubclass(type(cache), dict):
        return []
    return [(text_of(key), entry) for key, entry in list_items(cache, MAX_CACHE_ENTRIES) if text_of(key)]


def _has_lines(entry: Any) -> bool:
    """Whether the entry has lines: (size, time, lines, name). One with a loader's function instead is
    skipped, because calling that runs code."""
    return type(entry) is tuple and len(entry) == 4 and issubclass(type(entry[2]), list)


def remembered_names() -> List[str]:
    return [name for name, entry in _line_cache() if _has_lines(entry)]


def source(path: str) -> Optional[Dict[str, Any]]:
    """The source for a file name that the program gave to its code, and that name; None if there is none."""
    for name, entry in _line_cache():
        if path in (name, absolute(name)) and _has_lines(entry):
            return {"name": name, "lines": _bounded(entry[2])}
    lines = _of_doctest(path) or _of_prompt(path)
    return {"name": path, "lines": lines} if lines else None


def _bounded(lines: Any) -> List[str]:
    kept, size = [], 0
    for line in list.__getitem__(lines, slice(0, MAX_SOURCE_LINES)):
        text = _sendable(line)
        size += len(text)
        if size > MAX_SOURCE_LENGTH:
            break
        kept.append(text.rstrip("\r\n"))
    return kept


def _of_doctest(path: str) -> List[str]:
    """The lines of a doctest example. doctest patches ``linecache.getlines`` while examples run; the runner
    that the patch is bound to holds the test, whose examples are numbered."""
    patched = names_of("linecache").get("getlines")
    if type(patched) is not types.MethodType or not path.startswith("<doctest ") or not path.endswith("]>"):
        return []
    wanted, _, number = path[len("<doctest ") : -2].rpartition("[")
    test = (values.instance_dict(patched.__self__) or {}).get("test")
    known = values.instance_dict(test) or {}
    examples: Any = known.get("examples")
    if text_of(known.get("name")) != wanted or not number.isdigit() or not issubclass(type(examples), list):
        return []
    if not 0 <= int(number) < list.__len__(examples):
        return []
    example = list.__getitem__(examples, int(number))
    text = _sendable((values.instance_dict(example) or {}).get("source"))
    return text[:MAX_SOURCE_LENGTH].splitlines()[:MAX_SOURCE_LINES]


def _of_prompt(path: str) -> List[str]:
    """The lines typed at the prompt or given by ``-c``, which ``linecache`` keeps by code from 3.13 on."""
    cache = names_of("linecache").get("_interactive_cache")
    if not issubclass(type(cache), dict):
        return []
    for _, entry in list_items(cache, MAX_CACHE_ENTRIES):
        if _has_lines(entry) and text_of(entry[3]) == path:
            return _bounded(entry[2])
    return []


# breakpoints in them

_ACCEPTED: Set[str] = set()


def accept(name: str) -> None:
    """Make pydevd accept breakpoints in a file that does not exist."""
    utils: Any = sys.modules.get("pydevd_file_utils")
    if utils is None:
        return
    _ACCEPTED.add(utils.absolute_path(name))
    original = utils.exists
    if getattr(original, "accepts", None) is _ACCEPTED:
        return
    original = getattr(original, "original", original)  # of a session before this one

    def exists(filename: str) -> Any:
        return filename in _ACCEPTED or original(filename)

    exists.accepts, exists.original = _ACCEPTED, original  # type: ignore[attr-defined]
    utils.exists = exists


def is_skipped(name: str) -> bool:
    """Whether pydevd never stops in a file of that name. It decides by the base name; before 3.12, for some
    names, only if the file is among the libraries."""
    listed: Any = sys.modules.get("_pydevd_bundle.pydevd_dont_trace_files")
    constants: Any = sys.modules.get("_pydevd_bundle.pydevd_constants")
    pydevd: Any = sys.modules.get("pydevd")
    if listed is None or constants is None or pydevd is None:
        return False
    last = os.path.basename(name)
    kind = listed.DONT_TRACE.get(last)
    if kind == listed.LIB_FILE and sys.version_info < (3, 12):
        return not pydevd.get_global_debugger().in_project_roots_filename_uncached(name)
    return kind is not None or last.startswith(constants.IGNORE_BASENAMES_STARTING_WITH)
