"""Texts of code that are in no file: what the program keeps of them, and breakpoints in them.

Read through the descriptors and methods of builtin types; no loader is asked for its source.
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

MAX_SOURCE = 4 << 20
"""Characters of a text from memory."""

MAX_LINES = 100_000

MAX_ENTRIES = 20_000
"""Of the line cache."""


def text_of(value: Any) -> str:
    """The text itself, of a subclass too; "" for what is none, or has half a surrogate pair, which
    cannot be sent."""
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
    """What a loaded module holds; {} where there is none of that name."""
    loaded = sys.modules
    found = dict.get(loaded, module) if issubclass(type(loaded), dict) else None
    return (values.instance_dict(found) or {}) if found is not None else {}


def _line_cache() -> List[Tuple[str, Any]]:
    cache = names_of("linecache").get("cache")
    if not issubclass(type(cache), dict):
        return []
    return [(text_of(key), entry) for key, entry in list_items(cache, MAX_ENTRIES) if text_of(key)]


def _is_text(entry: Any) -> bool:
    """Whether it holds lines: (size, time, lines, name). One that holds a loader's function instead
    stays unread: asking it would run code."""
    return type(entry) is tuple and len(entry) == 4 and issubclass(type(entry[2]), list)


def remembered_names() -> List[str]:
    return [name for name, entry in _line_cache() if _is_text(entry)]


def source(path: str) -> Optional[Dict[str, Any]]:
    """The text of a file name that the program gave to code, and that name; None for none."""
    for name, entry in _line_cache():
        if path in (name, absolute(name)) and _is_text(entry):
            return {"name": name, "lines": _bounded(entry[2])}
    lines = _of_doctest(path) or _of_prompt(path)
    return {"name": path, "lines": lines} if lines else None


def _bounded(lines: Any) -> List[str]:
    kept, size = [], 0
    for line in list.__getitem__(lines, slice(0, MAX_LINES)):
        text = _sendable(line)
        size += len(text)
        if size > MAX_SOURCE:
            break
        kept.append(text.rstrip("\r\n"))
    return kept


def _of_doctest(path: str) -> List[str]:
    """doctest puts its own function in place of ``linecache.getlines`` while examples run; the
    runner behind it holds the test, whose examples are numbered."""
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
    return text[:MAX_SOURCE].splitlines()[:MAX_LINES]


def _of_prompt(path: str) -> List[str]:
    """From 3.13 on the interpreter keeps what was typed or given by ``-c``, by code rather than name."""
    cache = names_of("linecache").get("_interactive_cache")
    if not issubclass(type(cache), dict):
        return []
    for _, entry in list_items(cache, MAX_ENTRIES):
        if _is_text(entry) and text_of(entry[3]) == path:
            return _bounded(entry[2])
    return []


# breakpoints in them

_ACCEPTED: Set[str] = set()


def accept(name: str) -> None:
    """Have pydevd take breakpoints in a file that is not there: it refuses those."""
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
    """Whether pydevd stops in no file of that name. It goes by the last part of it: before 3.12 for
    some of those only where they lie with the libraries."""
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
