"""Lists what can have a breakpoint in this process: loaded files, functions, and source without a file.

Reads only through the descriptors and methods of builtin types: no code of the program runs, and
nothing is imported.
"""

from __future__ import annotations

import dis
import os
import sys
import types

from ..capture import values
from ..capture.descriptors import class_dict, class_mro
from ..capture.frames import list_items
from ..capture.original_functions import monotonic
from .texts import absolute, accept, is_skipped, names_of, remembered_names, source, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple

MAX_MODULES = 20_000
MAX_NAMES = 20_000
"""Names read from one module or class."""

MAX_ROWS = 5_000
"""Functions or files in one answer."""

MAX_DEPTH = 4
"""Classes within classes, and wrappers around functions."""

MAX_CELLS = 20
"""Closure variables of a wrapper that are searched."""

FIND_TIMEOUT = 1.0
"""Seconds for one search; the answer is what it has reached by then."""

_wrapped_function = (
    (staticmethod, staticmethod.__dict__["__func__"].__get__),
    (classmethod, classmethod.__dict__["__func__"].__get__),
    (property, property.__dict__["fget"].__get__),
)
_WRAPPER_ATTRIBUTES = ("__wrapped__", "func", "callback")
# Where wrappers keep the function: functools.wraps and lru_cache; cached_property and partialmethod;
# click commands.


_hidden: List[str] = []
"""Folders of the debugger's own modules."""


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
        return source(message["path"])
    if what == "skipped":
        return is_skipped(message["name"])
    return accept(message["name"])


# modules and what they define


def _modules() -> List[Tuple[str, str, Dict[str, Any]]]:
    """Name, file ("" for none) and namespace of each loaded module, except the debugger's."""
    modules = []
    loaded = sys.modules
    if not issubclass(type(loaded), dict):
        return []
    for name, module in list_items(loaded, MAX_MODULES):
        names = values.instance_dict(module) if type(name) is str and text_of(name) else None
        if names is None or name.startswith("_iqdebug"):
            continue
        path = absolute(text_of(names.get("__file__")))
        if not path.startswith(tuple(_hidden)):
            modules.append((name, path, names))
    return modules


def _is_library(path: str) -> bool:
    """Whether it is an installed package, the standard library, or frozen or built-in code."""
    own = os.path.dirname(os.__file__)
    return (
        not path
        or path.startswith((os.path.join(own, ""), "<frozen "))
        or "%ssite-packages%s" % (os.sep, os.sep) in path
        or "%sdist-packages%s" % (os.sep, os.sep) in path
    )


def _code_of(value: Any) -> Optional[types.CodeType]:
    """The code of a function; of a wrapper, the innermost function that it wraps."""
    code = None
    for _ in range(MAX_DEPTH + 2):
        cls = type(value)
        if cls is types.FunctionType:
            code = value.__code__
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
                    return code
                own = values.instance_dict(value) or {}
                value = next((own[name] for name in _WRAPPER_ATTRIBUTES if name in own), None)
        if value is None:
            return code
    return code


def _code_in_closure(value: Any, name: str, depth: int = 0) -> Optional[types.CodeType]:
    """The code of a function of that name in the closure of ``value``, as decorators without
    ``functools.wraps`` keep it. None if there is none, or if ``value`` itself has the name."""
    if type(value) is not types.FunctionType or depth > MAX_DEPTH:
        return None
    if text_of(value.__code__.co_name) == name:
        return value.__code__ if depth else None
    for cell in (value.__closure__ or ())[:MAX_CELLS]:
        try:
            held = cell.cell_contents
        except ValueError:  # it is empty
            continue
        code = _code_in_closure(held, name, depth + 1)
        if code is not None:
            return code
    return None


def _class_names(cls: type) -> List[Tuple[str, Any]]:
    names = list(class_dict(cls).items())[:MAX_NAMES]
    return [(name, value) for name, value in names if type(name) is str]


def _defined(
    names: List[Tuple[str, Any]], prefix: str, module: str, seen: Set[int], deadline: float, depth: int = 0
) -> Iterator[Tuple[str, types.CodeType]]:
    """Qualified name and code of each function, and of each method of the module's classes."""
    for name, value in names:
        if monotonic() > deadline:
            return
        code = _code_of(value) if text_of(name) else None
        if code is not None:
            yield prefix + name, _code_in_closure(value, text_of(name)) or code
        elif _is_class_of(value, module) and id(value) not in seen and depth < MAX_DEPTH:
            seen.add(id(value))
            inner = _class_names(value)
            for entry in _defined(inner, prefix + name + ".", module, seen, deadline, depth + 1):
                yield entry


def _is_class_of(value: Any, module: str) -> bool:
    return issubclass(type(value), type) and values.type_module(value) == module


def _all_functions(library: bool) -> Iterator[Tuple[str, str, types.CodeType]]:
    """Module, qualified name and code of every function, once each: under the module that defines
    it, if that is loaded."""
    deadline = monotonic() + FIND_TIMEOUT
    seen: Set[int] = set()
    by_code: Dict[int, Tuple[str, str, types.CodeType]] = {}
    for module, path, names in _modules():
        if not library and _is_library(path) and module != "__main__":
            continue
        for name, code in _defined(list_items(names, MAX_NAMES), "", module, seen, deadline):
            file = absolute(text_of(code.co_filename))
            if file and (id(code) not in by_code or file == path):
                by_code[id(code)] = (module, name, code)
    for entry in by_code.values():
        if library or not _is_library(absolute(text_of(entry[2].co_filename))):
            yield entry


def first_line(code: types.CodeType) -> int:
    """The first line of the body that has code; the ``def`` line of a one-line function."""
    try:
        for _, line in dis.findlinestarts(code):
            if line is not None and line > code.co_firstlineno:
                return line
    except Exception:  # a code object assembled by hand may have a malformed line table
        pass
    return code.co_firstlineno


def _place(module: str, name: str, code: types.CodeType) -> Dict[str, Any]:
    path = text_of(code.co_filename)
    shown = absolute(path)
    row: Dict[str, Any] = {"name": "%s.%s" % (module, name), "path": shown, "line": first_line(code)}
    if not os.path.exists(shown):
        row["memory"] = path
    return row


# questions


def _files() -> List[Dict[str, Any]]:
    """Files of the loaded modules, then sources that exist only in memory."""
    rows: Dict[str, Dict[str, Any]] = {}
    for module, path, _ in _modules():
        if path.endswith(".pyc"):
            path = path[:-1]
        if path.endswith(".py"):
            rows.setdefault(path, {"name": module, "path": path, "line": 1})
    for name in remembered_names():
        path = absolute(name)
        if not os.path.exists(path):
            rows.setdefault(path, {"name": "", "path": path, "line": 1, "memory": name})
    return list(rows.values())[:MAX_ROWS]


def _functions() -> List[Dict[str, Any]]:
    """The functions of the program's own modules."""
    rows = []
    for module, name, code in _all_functions(library=False):
        rows.append(_place(module, name, code))
        if len(rows) >= MAX_ROWS:
            break
    return rows


def _named(name: str) -> List[Dict[str, Any]]:
    """The functions that ``module.function``, ``Class.method`` or a bare name may refer to.

    An exact full path wins alone; the program's own functions win over a library's.
    """
    exact = _by_path(name)
    if exact is not None:
        return [exact]
    for library in (False, True):
        rows = [
            _place(module, own, code)
            for module, own, code in _all_functions(library)
            if ("." + _full_name(module, own)).endswith("." + name)
        ]
        if rows:
            return rows[:MAX_ROWS]
        if not library:
            inner = _nested_functions(name)
            if inner:
                return inner[:MAX_ROWS]
    return []


def _full_name(module: str, name: str) -> str:
    """The dotted name, with the script's file name in place of ``__main__``."""
    return "%s.%s" % (module, name) if module != "__main__" else "%s.%s" % (_script(), name)


def _script() -> str:
    path = text_of(names_of("__main__").get("__file__"))
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
        code = _code_in_closure(value, text_of(parts[-1])) or _code_of(value)
        if code is not None:
            return _place(".".join(parts[:count]), ".".join(parts[count:]), code)
    return None


def _member(owner: Any, name: str) -> Any:
    """A member of a class or module, read from its dictionary; None if there is none."""
    if issubclass(type(owner), type):
        for cls in class_mro(owner):
            for own, value in _class_names(cls):
                if own == name:
                    return value
        return None
    if issubclass(type(owner), types.ModuleType):
        return (values.instance_dict(owner) or {}).get(name)
    return None


def _nested_functions(name: str) -> List[Dict[str, Any]]:
    """Functions defined in functions: their code is among the constants of the outer one."""
    rows = []
    for module, own, code in _all_functions(library=False):
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
