"""Modules that stand in each other's way: files that hide one, and circles."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext

__all__ = ["FROM_FILE", "NO_ATTRIBUTE", "NO_MODULE", "NO_NAME", "circular_import", "hidden_module", "stem"]

NO_ATTRIBUTE = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
NO_NAME = re.compile(r"cannot import name '([^']+)' from (partially initialized module )?'([\w.]+)'")
FROM_FILE = re.compile(r"\((?:most likely due to a circular import\) \()?([^()]+\.py)\)\s*$")
NO_MODULE = re.compile(r"No module named '([\w.]+)'(; '[\w.]+' is not a package)?")
_RENAMING = re.compile(r"consider renaming '([^']+)'")
_LIBRARY = re.compile(r"(?:site|dist)-packages|[/\\]lib(?:64)?[/\\]python\d")


def hidden_module(context: CrashContext) -> Iterator[Anomaly]:
    """A file of the person's own that is named like a module of the standard library is imported
    in its place. Named only where the file is seen: in the message, on the stack, or on disk."""
    at = context.user if context.user is not None else context.first
    module = _module_meant(context)
    if at is None or not module:
        return
    top = module.split(".")[0]
    if top not in sys.stdlib_module_names:
        return
    path = _hiding_file(context, top)
    if not path:
        return
    text = message("anomaly.hidden_module", path=path, module=top)
    yield context.anomaly(AnomalyKind.HIDDEN_MODULE, text, at, 0.9)


def _module_meant(context: CrashContext) -> str:
    """The module that lacks something."""
    if context.kind == "AttributeError":
        attribute = NO_ATTRIBUTE.search(context.message) or re.search(
            r"module '([\w.]+)' has no", context.message
        )
        return attribute[1] if attribute is not None else ""
    if context.kind not in ("ImportError", "ModuleNotFoundError"):
        return ""
    name = NO_NAME.search(context.message)
    if name is not None:
        return name[3]
    missing = NO_MODULE.search(context.message)
    return missing[1] if missing is not None and missing[2] else ""


def _hiding_file(context: CrashContext, top: str) -> str:
    named_file = _RENAMING.search(context.message) or FROM_FILE.search(context.message)
    if named_file is not None:
        path = named_file[1]
        return path if not _LIBRARY.search(path) and stem(path) in (top, "__init__") else ""
    for frame in context.frames:
        if frame.kind == "user" and stem(frame.path) == top:
            return frame.path
    folders = dict.fromkeys(_folder(f.path) for f in context.frames if f.kind == "user")
    if context.facts.argv:
        folders[_joined(context.facts.cwd, _folder(context.facts.argv[0]))] = None
    for folder in list(folders)[:12]:
        for path in (f"{folder}/{top}.py", f"{folder}/{top}/__init__.py"):
            if folder and not _LIBRARY.search(path) and context.facts.path_exists(path):
                return path
    return ""


def stem(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".py")


def _folder(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[0]


def _joined(folder: str, path: str) -> str:
    return path if path.startswith("/") or not folder else f"{folder}/{path}".rstrip("/")


def circular_import(context: CrashContext) -> Iterator[Anomaly]:
    """A module that is asked for a name while it is still being executed: a module that it imports
    imports it back. The two lines are on the stack."""
    if "partially initialized module" not in context.message:
        return
    partial = re.search(r"partially initialized module '([\w.]+)'", context.message)
    module = partial[1] if partial is not None else ""
    bodies = [
        i
        for i in context.code
        if context.frames[i].name.endswith("<module>") and context.frames[i].kind == "user"
    ]
    again = [i for i in bodies if _is_file_of(context.frames[i].path, module)]
    at = context.user
    if at is None or not again or (module in sys.stdlib_module_names and _hiding_file(context, module)):
        return
    outer = context.frames[again[0]]
    inner = context.frames[at]
    if outer.path == inner.path:
        text = message("anomaly.circular_import.itself", module=module)
    else:
        file = f"{stem(outer.path)}.py"
        text = message("anomaly.circular_import", module=module, line=outer.line, file=file)
    yield context.anomaly(AnomalyKind.CIRCULAR_IMPORT, text, at, 0.9)


def _is_file_of(path: str, module: str) -> bool:
    path = path.replace("\\", "/").removesuffix(".py").removesuffix("/__init__")
    return f"/{path}".endswith("/" + module.replace(".", "/"))
