"""What can have a breakpoint in this process: loaded files, functions, and source that is in no file.

Everything is read through the descriptors and methods of builtin types: no attribute of the
program's is asked for, nothing is imported, no loader is asked for its source.
"""

from __future__ import annotations

import dis
import os
import sys
import time
import types

from ..capture import values
from ..capture.frames import list_items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple

MAX_MODULES = 20_000
MAX_NAMES = 20_000
"""Names of one module or class that are looked at."""

MAX_FOUND = 5_000
"""Functions or files in one answer."""

MAX_DEPTH = 4
"""Classes within classes, and wrappers around functions."""

FIND_TIMEOUT = 1.0
"""Seconds for one question; what was found by then is the answer."""

MAX_SOURCE = 4 << 20
"""Characters of a text from memory."""

MAX_LINES = 100_000

_wrapped_function = (
    (staticmethod, staticmethod.__dict__["__func__"].__get__),
    (classmethod, classmethod.__dict__["__func__"].__get__),
    (property, property.__dict__["fget"].__get__),
)
_WITHIN = ("__wrapped__", "func", "callback")
# Where wrappers keep the function: functools.wraps and lru_cache; cached_property and partialmethod;
# commands of click.


_hidden: List[str] = []
"""Folders whose modules are the debugger's own."""


def answer(message: Dict[str, Any], hidden: Iterable[str] = ()) -> Any:
    """``what``: "files", "functions", "named" (with ``name``), "source" (with ``path``), "skipped" or
    "accept" (with ``name``). ``hidden``: the debugger's own folders."""
    _hidden[:] = [os.path.join(folder, "") for folder in hidden]
    what = message["what"]
    if what == "files":
        return _files()
    if what == "functions":
        return _functions()
    if what == "named":
        return _named(message["name"])
    if what == "source":
        return _source(message["path"])
    if what == "skipped":
        return _is_skipped(message["name"])
    return _accept(message["name"])


# modules and what they define


def _text(value: Any) -> str:
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


def _modules() -> List[Tuple[str, str, Dict[str, Any]]]:
    """Name, file ("" for none) and names of each loaded module but our own."""
    found = []
    loaded = sys.modules
    if not issubclass(type(loaded), dict):
        return []
    for name, module in list_items(loaded, MAX_MODULES):
        names = values.instance_dict(module) if type(name) is str and _text(name) else None
        if names is None or name.startswith("_iqdebug"):
            continue
        path = _absolute(_text(names.get("__file__")))
        if not path.startswith(tuple(_hidden)):
            found.append((name, path, names))
    return found


def _absolute(path: str) -> str:
    if path and not path.startswith("<") and not os.path.isabs(path):
        return os.path.abspath(path)
    return path


def _is_library(path: str) -> bool:
    """Installed packages, the standard library, and what was frozen or built in."""
    own = os.path.dirname(os.__file__)
    return (
        not path
        or path.startswith((os.path.join(own, ""), "<frozen "))
        or "%ssite-packages%s" % (os.sep, os.sep) in path
        or "%sdist-packages%s" % (os.sep, os.sep) in path
    )


def _code_of(value: Any) -> Optional[types.CodeType]:
    """The code of a function, or of the innermost one that a wrapper stands for."""
    found = None
    for _ in range(MAX_DEPTH + 2):
        cls = type(value)
        if cls is types.FunctionType:
            found = value.__code__
            value = (values.instance_dict(value) or {}).get("__wrapped__")
        elif cls is types.MethodType:
            value = value.__func__
        else:
            for base, get in _wrapped_function:
                if issubclass(cls, base):
                    value = get(value)
                    break
            else:
                if issubclass(cls, (type, types.ModuleType)):
                    return found
                own = values.instance_dict(value) or {}
                value = next((own[name] for name in _WITHIN if name in own), None)
        if value is None:
            return found
    return found


def _class_names(cls: type) -> List[Tuple[str, Any]]:
    names = list(values._get_dict(cls).items())[:MAX_NAMES]
    return [(name, value) for name, value in names if type(name) is str]


def _defined(
    names: List[Tuple[str, Any]], prefix: str, module: str, seen: Set[int], deadline: float, depth: int = 0
) -> Iterator[Tuple[str, types.CodeType]]:
    """Qualified name and code of the functions, and of the classes' methods."""
    for name, value in names:
        if time.monotonic() > deadline:
            return
        code = _code_of(value) if _text(name) else None
        if code is not None:
            yield prefix + name, code
        elif _is_class_of(value, module) and id(value) not in seen and depth < MAX_DEPTH:
            seen.add(id(value))
            inner = _class_names(value)
            for found in _defined(inner, prefix + name + ".", module, seen, deadline, depth + 1):
                yield found


def _is_class_of(value: Any, module: str) -> bool:
    return issubclass(type(value), type) and values.type_module(value) == module


def _everywhere(library: bool) -> Iterator[Tuple[str, str, types.CodeType]]:
    """Module, qualified name and code of every function, each once: under the module whose file it
    is written in, where that has it."""
    deadline = time.monotonic() + FIND_TIMEOUT
    seen: Set[int] = set()
    found: Dict[int, Tuple[str, str, types.CodeType]] = {}
    for module, path, names in _modules():
        if not library and _is_library(path) and module != "__main__":
            continue
        for name, code in _defined(list_items(names, MAX_NAMES), "", module, seen, deadline):
            written = _absolute(_text(code.co_filename))
            if written and (id(code) not in found or written == path):
                found[id(code)] = (module, name, code)
    for entry in found.values():
        if library or not _is_library(_absolute(_text(entry[2].co_filename))):
            yield entry


def first_line(code: types.CodeType) -> int:
    """The first line of the body that has code; the line of ``def`` where that is the only one."""
    try:
        for _, line in dis.findlinestarts(code):
            if line is not None and line > code.co_firstlineno:
                return line
    except Exception:  # of code that was put together by hand
        pass
    return code.co_firstlineno


def _place(module: str, name: str, code: types.CodeType) -> Dict[str, Any]:
    path = _text(code.co_filename)
    shown = _absolute(path)
    row: Dict[str, Any] = {"name": "%s.%s" % (module, name), "path": shown, "line": first_line(code)}
    if not os.path.exists(shown):
        row["memory"] = path
    return row


# questions


def _files() -> List[Dict[str, Any]]:
    """Files of the loaded modules, then texts that are in memory alone."""
    rows: Dict[str, Dict[str, Any]] = {}
    for module, path, _ in _modules():
        if path.endswith(".pyc"):
            path = path[:-1]
        if path.endswith(".py"):
            rows.setdefault(path, {"name": module, "path": path, "line": 1})
    for name in _remembered_names():
        path = _absolute(name)
        if not os.path.exists(path):
            rows.setdefault(path, {"name": "", "path": path, "line": 1, "memory": name})
    return list(rows.values())[:MAX_FOUND]


def _functions() -> List[Dict[str, Any]]:
    """Those of the program's own modules."""
    rows = []
    for module, name, code in _everywhere(library=False):
        rows.append(_place(module, name, code))
        if len(rows) >= MAX_FOUND:
            break
    return rows


def _named(name: str) -> List[Dict[str, Any]]:
    """The functions that a person may mean: ``module.function``, ``Class.method``, or a bare name.
    A full path is the only answer; a function of the program's own is meant before a library's."""
    exact = _by_path(name)
    if exact is not None:
        return [exact]
    for library in (False, True):
        rows = [
            _place(module, own, code)
            for module, own, code in _everywhere(library)
            if ("." + _full(module, own)).endswith("." + name)
        ]
        if rows:
            return rows[:MAX_FOUND]
        if not library:
            inner = _within_functions(name)
            if inner:
                return inner[:MAX_FOUND]
    return []


def _full(module: str, name: str) -> str:
    """With the script's own name for ``__main__``."""
    return "%s.%s" % (module, name) if module != "__main__" else "%s.%s" % (_script(), name)


def _script() -> str:
    main = sys.modules.get("__main__") if type(sys.modules) is dict else None
    names = values.instance_dict(main) if main is not None else None
    path = _text((names or {}).get("__file__"))
    return os.path.splitext(os.path.basename(path))[0] or "__main__"


def _by_path(name: str) -> Optional[Dict[str, Any]]:
    parts = name.split(".")
    loaded = {module: names for module, _, names in _modules()}
    if "__main__" in loaded:
        loaded.setdefault(_script(), loaded["__main__"])
    for count in range(len(parts) - 1, 0, -1):
        names = loaded.get(".".join(parts[:count]))
        if names is None:
            continue
        value = names.get(parts[count])
        for part in parts[count + 1 :]:
            value = _member(value, part)
        code = _code_of(value)
        if code is not None:
            return _place(".".join(parts[:count]), ".".join(parts[count:]), code)
    return None


def _member(owner: Any, name: str) -> Any:
    """A class's or module's member by its dictionary; None where there is none."""
    if issubclass(type(owner), type):
        for cls in values._get_mro(owner):
            for own, value in _class_names(cls):
                if own == name:
                    return value
        return None
    if issubclass(type(owner), types.ModuleType):
        return (values.instance_dict(owner) or {}).get(name)
    return None


def _within_functions(name: str) -> List[Dict[str, Any]]:
    """Functions that are defined in functions: their code is a constant of the outer one's."""
    rows = []
    for module, own, code in _everywhere(library=False):
        pending = [(own, code, 0)]
        while pending:
            outer, code, depth = pending.pop()
            for inner in code.co_consts:
                if type(inner) is types.CodeType and depth < MAX_DEPTH:
                    full = "%s.<locals>.%s" % (outer, inner.co_name)
                    pending.append((full, inner, depth + 1))
                    if inner.co_name == name:
                        rows.append(_place(module, full, inner))
    return rows


# texts that are in no file


def _line_cache() -> List[Tuple[str, Any]]:
    names = values.instance_dict(sys.modules.get("linecache")) if type(sys.modules) is dict else None
    cache = (names or {}).get("cache")
    if not issubclass(type(cache), dict):
        return []
    return [(_text(key), entry) for key, entry in list_items(cache, MAX_MODULES) if _text(key)]


def _is_text(entry: Any) -> bool:
    """Whether it holds lines: (size, time, lines, name). One that holds a loader's function instead
    stays unread: asking it would run code."""
    return type(entry) is tuple and len(entry) == 4 and issubclass(type(entry[2]), list)


def _remembered_names() -> List[str]:
    return [name for name, entry in _line_cache() if _is_text(entry)]


def _source(path: str) -> Optional[Dict[str, Any]]:
    """The text of a file name that the program gave to code, and that name; None for none."""
    for name, entry in _line_cache():
        if path in (name, _absolute(name)) and _is_text(entry):
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


def _sendable(line: Any) -> str:
    if not issubclass(type(line), str):
        return ""
    return str.__str__(line).encode("utf-8", "backslashreplace").decode("utf-8")


def _of_doctest(path: str) -> List[str]:
    """doctest puts its own function in place of ``linecache.getlines`` while examples run; the
    runner behind it holds the test, whose examples are numbered."""
    names = values.instance_dict(sys.modules.get("linecache")) or {}
    patched = names.get("getlines")
    if type(patched) is not types.MethodType or not path.startswith("<doctest ") or not path.endswith("]>"):
        return []
    wanted, _, number = path[len("<doctest ") : -2].rpartition("[")
    test = (values.instance_dict(patched.__self__) or {}).get("test")
    known = values.instance_dict(test) or {}
    examples: Any = known.get("examples")
    if _text(known.get("name")) != wanted or not number.isdigit() or not issubclass(type(examples), list):
        return []
    if not 0 <= int(number) < list.__len__(examples):
        return []
    example = list.__getitem__(examples, int(number))
    text = _sendable((values.instance_dict(example) or {}).get("source"))
    return text[:MAX_SOURCE].splitlines()[:MAX_LINES]


def _of_prompt(path: str) -> List[str]:
    """From 3.13 on the interpreter keeps what was typed or given by ``-c``, by code rather than name."""
    names = values.instance_dict(sys.modules.get("linecache")) or {}
    cache = names.get("_interactive_cache")
    if not issubclass(type(cache), dict):
        return []
    for key, entry in list_items(cache, MAX_MODULES):
        if type(key) is tuple and len(key) > 1 and _text(key[1]) == path and _is_text(entry):
            return _bounded(entry[2])
    return []


# breakpoints in them

_ACCEPTED: Set[str] = set()


def _accept(name: str) -> None:
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


def _is_skipped(name: str) -> bool:
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
