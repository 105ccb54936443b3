"""How a program was started, and what stands in the way of starting it again."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iqdebug.capture.mask import MASK
from iqdebug.core.messages import Text, message
from iqdebug.core.readable_files import MARKS, TOO_HIGH, real_path
from iqdebug.crash import Crash
from iqdebug.crash.to_snapshot import kind_of, place_of

__all__ = ["Command", "command_of_crash", "command_of_process", "project_root", "root_around"]

_OURS = ("IQDEBUG_",)
_NOT_RECORDED = message("assistant.actions.again.not_recorded")


@dataclass(frozen=True, slots=True)
class Command:
    """``words`` are the interpreter, its options and the program's words; ``source_folders`` are those
    of the project that modules are imported from. ``test`` is the id of a pytest test, or "".

    ``why_not`` says why it cannot be repeated; "" when it can. ``warnings`` say what may make the
    repetition differ."""

    words: tuple[str, ...]
    cwd: str
    environ: Mapping[str, str] = field(default_factory=dict)
    source_folders: tuple[str, ...] = ()
    test: str = ""
    why_not: Text = ""
    warnings: tuple[Text, ...] = ()

    @property
    def shown(self) -> str:
        """As a person would type it."""
        return shlex.join(self.words)


def command_of_crash(crash: Crash, python: str = "") -> Command:
    """The command that a crash file records. Only the folders and the interpreter are looked up on
    this machine; nothing runs.

    :param python: the interpreter to use instead of the recorded one.
    """
    meta = crash.meta
    warned: list[Text] = []
    interpreter = python or _interpreter(meta.executable, meta.python, warned)
    environ, masked = _environment(crash.environ)
    if masked:
        warned.append(message("assistant.actions.again.masked", names=masked))
    folders = _source_folders(crash)
    options = _options(crash.flags)
    test = crash.test.nodeid if crash.test is not None else _current_test(crash)
    if test:
        words = (interpreter, *options, "-m", "pytest", test)
        why: Text = ""
    else:
        program, why = _program(crash)
        words = (interpreter, *options, *program)
    if not why and any(MASK in word for word in words):
        why = message("assistant.actions.again.secret")
    if not why and not os.path.isdir(meta.cwd):
        why = message("assistant.actions.again.no_folder", folder=meta.cwd or _NOT_RECORDED)
    if not why and meta.why == "snapshot":
        why = message("assistant.actions.again.snapshot")
    if _reads_stdin(crash):
        warned.append(message("assistant.actions.again.reads_stdin"))
    return Command(words, meta.cwd, environ, folders, test, why, tuple(warned))


def command_of_process(
    words: Sequence[str], cwd: str, environ: Mapping[str, str], executable: str = ""
) -> Command:
    """The command of a living process, as ``/proc`` has its words, folder and variables."""
    own = {k: v for k, v in environ.items() if not k.startswith(_OURS)}
    why: Text = "" if words else message("assistant.actions.again.no_words")
    warned: tuple[Text, ...] = ()
    if "-c" in words[1:2]:
        warned = (message("assistant.actions.again.on_command_line"),)
    if not why and not os.path.isdir(cwd):
        why = message("assistant.actions.again.folder_gone", folder=cwd)
    given = tuple(words)
    if given and not os.path.isabs(given[0]) and executable:
        given = (executable.removesuffix(" (deleted)"), *given[1:])
    return Command(given, cwd, own, (), "", why, warned)


def project_root(crash: Crash) -> str:
    """The folder that the program's own code lies in: the repository or project around the failing
    file, else the program's folder when the file lies below it, else the file's own folder; "" where
    no such folder is on this machine."""
    place = place_of(crash)
    return root_around(place[0], crash.meta.cwd) if place is not None else ""


def root_around(path: str, cwd: str) -> str:
    """The folder of the project that a file belongs to, as :func:`project_root`.

    :param cwd: where its program was started.
    """
    if not os.path.isfile(path):
        return ""
    real = real_path(path)
    folder = os.path.dirname(real)
    home = real_path(os.path.expanduser("~"))
    for above in (Path(folder), *Path(folder).parents):
        if str(above) in TOO_HIGH or str(above) == home:
            break
        if any((above / mark).exists() for mark in MARKS):
            return str(above)
    cwd = real_path(cwd) if cwd else ""
    if cwd and cwd not in TOO_HIGH and cwd != home and (real + "/").startswith(cwd.rstrip("/") + "/"):
        return cwd
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder = os.path.dirname(folder)
    return folder


def _current_test(crash: Crash) -> str:
    """The id of the test during which pytest was stopped, which pytest keeps in a variable; programs that a
    test started inherit that."""
    name = crash.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    inside = any(frame.module.startswith("_pytest.") for frame in crash.frames.values())
    return name if inside and os.path.exists(os.path.join(crash.meta.cwd, name.partition("::")[0])) else ""


def _interpreter(recorded: str, version: str, warned: list[Text]) -> str:
    if os.path.isfile(recorded) and os.access(recorded, os.X_OK):
        return recorded
    own = ".".join(map(str, sys.version_info[:3]))
    warned.append(
        message(
            "assistant.actions.again.other_python",
            recorded=recorded or _NOT_RECORDED,
            version=version or "?",
            own=sys.executable,
            own_version=own,
        )
    )
    return sys.executable


def _environment(recorded: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    environ, masked = {}, []
    for name, value in recorded.items():
        if MASK in value:
            masked.append(name)
        elif not name.startswith(_OURS):
            environ[name] = value
    environ.setdefault("PATH", os.environ.get("PATH", os.defpath))
    return environ, sorted(masked)


def _options(flags: Mapping[str, int]) -> tuple[str, ...]:
    """Those of the interpreter's options that change what a program does."""
    options = []
    if flags.get("optimize"):
        options.append("-" + "O" * min(flags["optimize"], 2))
    if flags.get("bytes_warning"):
        options.append("-" + "b" * min(flags["bytes_warning"], 2))
    for name, option in (("safe_path", "-P"), ("no_user_site", "-s")):
        if flags.get(name) and not flags.get("isolated"):
            options.append(option)
    if flags.get("dev_mode"):
        options += ["-X", "dev"]
    return tuple(options)


def _program(crash: Crash) -> tuple[tuple[str, ...], Text]:
    """The words behind the interpreter, or why they are not known."""
    meta = crash.meta
    if not meta.argv or meta.argv[0] == "":
        return (), message("assistant.actions.again.typed")
    first, rest = meta.argv[0], meta.argv[1:]
    if first == "-c":
        return (), message("assistant.actions.again.command_line")
    if first == "-":
        return (), message("assistant.actions.again.stdin")
    if first == "-m":
        return (), message("assistant.actions.again.no_module")
    module = _module(crash)
    if module:
        return ("-m", module, *rest), ""
    if not os.path.exists(os.path.join(meta.cwd, first)):
        return (first, *rest), message("assistant.actions.again.no_program", program=first)
    return (first, *rest), ""


def _module(crash: Crash) -> str:
    """The name that was given to ``-m``: then the first folder of the module path is the working
    folder, and the program's path is absolute."""
    first, cwd = crash.meta.argv[0], crash.meta.cwd
    if not os.path.isabs(first) or not crash.sys_path:
        return ""
    head = crash.sys_path[0]
    folder = os.path.dirname(first)
    if head == folder or not head or real_path(head) != real_path(cwd):
        return ""
    folders = [p for p in crash.sys_path if p and first.startswith(p.rstrip("/") + "/")]
    for entry in sorted(folders, key=len, reverse=True):
        if os.path.exists(os.path.join(entry, "__init__.py")):
            continue
        name = os.path.relpath(first, entry)[: -len(".py")].replace(os.sep, ".")
        name = name.removesuffix(".__main__")
        if all(part.isidentifier() for part in name.split(".")):
            return name
    return ""


def _source_folders(crash: Crash) -> tuple[str, ...]:
    """Folders of the person's own code on the module path: as recorded, and as the modules' names
    and files imply, which finds those of editable installs too."""
    root = project_root(crash)
    if not root:
        return ()
    folders: list[str] = []
    for frame in crash.frames.values():
        if kind_of(frame.file, crash.meta.prefixes) != "user" or frame.module in ("", "__main__"):
            continue
        parts = frame.module.split(".")
        stem = frame.file.removesuffix(".py").removesuffix("/__init__").split("/")
        if stem[-len(parts) :] == parts:
            folders.append("/".join(stem[: -len(parts)]) or "/")
    folders += [p for p in crash.sys_path if os.path.isabs(p)]
    real = real_path(root)
    inside = []
    for folder in folders:
        where = real_path(folder)
        own = where == real or where.startswith(real + os.sep)
        if own and kind_of(where + "/x.py", crash.meta.prefixes) == "user" and os.path.isdir(where):
            inside.append(where)
    return tuple(dict.fromkeys(inside))


def _reads_stdin(crash: Crash) -> bool:
    for frame in crash.frames.values():
        if kind_of(frame.file, crash.meta.prefixes) != "user":
            continue
        text = crash.read_source(frame.file)
        if any("sys.stdin" in line or " input(" in line or "=input(" in line for line in text):
            return True
    return False
