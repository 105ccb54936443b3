"""How a process was started, and from that which source files it may be looked at with.

The kernel says it: the working folder, the command line, the environment at the start, the program
file. None of it comes from the names that code objects bear.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from iqdebug.core.readable_files import Reach, User, may_be_project, project_around, real_path, standing_in
from iqdebug.peek.procfs import ProcFS
from iqdebug.system.source_files import open_regular

__all__ = ["reach_of_process", "script_of"]

_MAX_ENVIRONMENT_FOLDERS = 40
_MAX_DISTRIBUTIONS = 5_000
_MAX_URL_FILE = 10_000  # bytes
_WITH_A_WORD = ("-W", "-X", "--check-hash-based-pycs")


def script_of(words: list[str], cwd: str) -> str:
    """The script of a Python command line, a full path; "" where there is none (``-m``, ``-c``, stdin,
    a title that the process gave itself)."""
    at = 1
    while at < len(words) and words[at].startswith("-"):
        word = words[at]
        if word in _WITH_A_WORD:
            at += 2
            continue
        if word == "-" or (word[:2] not in ("-W", "-X", "--") and ("m" in word or "c" in word)):
            return ""
        at += 1
    return os.path.join(cwd, words[at]) if at < len(words) and words[at] else ""


def reach_of_process(
    pid: int, cwd: str = "", project: str = "", home: str = "", proc: ProcFS | None = None
) -> Reach:
    """The project around its working folder, that of its script, the folders of ``PYTHONPATH``, the
    project that the person stands in; packages of the environments that it was started with, and what
    is installed in them to be edited. Of another user's process nothing that this user cannot read.

    :param cwd: its working folder, where the process is gone.
    :param project: one more, which the person named.
    """
    proc = proc or ProcFS()
    words: list[str] = []
    environ: dict[str, str] = {}
    program = ""
    user = None
    gone = (OSError, ValueError, IndexError)
    with contextlib.suppress(*gone):
        cwd = proc.link(pid, "cwd") or cwd
    with contextlib.suppress(*gone):
        words = proc.cmdline(pid)
    with contextlib.suppress(*gone):
        lines = proc.read(pid, "environ").decode("utf-8", "surrogateescape").split("\0")
        environ = dict(line.partition("=")[::2] for line in lines)
    with contextlib.suppress(*gone):
        program = proc.link(pid, "exe")
    with contextlib.suppress(*gone):
        user = _other_user(proc.status(pid))
    script = real_path(script_of(words, cwd))
    scripts = frozenset({script}) if script and os.path.isfile(script) else frozenset()
    wanted = [project] if project else []
    wanted += [project_around(cwd, home), standing_in()]
    if script.endswith((".py", ".pyw")) or os.path.isdir(script):
        wanted.append(project_around(script if os.path.isdir(script) else os.path.dirname(script), home))
    wanted += [p for p in environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(p)]
    roots = _projects(wanted, home)
    installed = _installed(_prefixes(program, words, environ, roots, home))
    roots = _projects([*roots, *(e for each in installed for e in _edited(each))], home)
    return Reach(roots, installed, scripts, user)


def _other_user(status: dict[str, str]) -> User | None:
    uid = int(status["Uid"].split()[1])
    if uid == os.geteuid():
        return None
    return User(uid, frozenset(map(int, [status["Gid"].split()[1], *status.get("Groups", "").split()])))


def _projects(wanted: list[str], home: str) -> tuple[str, ...]:
    real = dict.fromkeys(real_path(w) for w in wanted if w and may_be_project(w, home))
    return tuple(real)


def _prefixes(
    program: str, words: list[str], environ: dict[str, str], roots: tuple[str, ...], home: str
) -> list[str]:
    """Folders of Python environments that the process was started with."""
    prefixes = [os.path.dirname(os.path.dirname(program))] if program else []
    first = words[0] if words else ""
    if first and not os.path.isabs(first) and os.sep not in first:
        search = environ.get("PATH", "").split(os.pathsep)
        first = next((os.path.join(p, first) for p in search if os.path.isfile(os.path.join(p, first))), "")
    if os.path.isabs(first):
        prefixes.append(os.path.dirname(os.path.dirname(first)))
    prefixes += [environ.get("VIRTUAL_ENV", ""), environ.get("CONDA_PREFIX", ""), "/usr", "/usr/local"]
    prefixes.append(os.path.join(home or os.path.expanduser("~"), ".local"))
    for root in roots:
        prefixes += [
            f"{root}/{name}" for name in (".venv", "venv") if os.path.exists(f"{root}/{name}/pyvenv.cfg")
        ]
    return list(dict.fromkeys(p for p in prefixes if os.path.isabs(p) and p != os.sep))


def _installed(prefixes: list[str]) -> tuple[str, ...]:
    """The folders ``lib/python3.x`` of the environments, which hold the standard library, packages, or
    both."""
    folders: dict[str, None] = {}
    for prefix in prefixes:
        for library in ("lib", "lib64"):
            with contextlib.suppress(OSError):
                names = [n for n in os.listdir(f"{prefix}/{library}") if n.startswith("python3")]
                for name in sorted(names)[:_MAX_ENVIRONMENT_FOLDERS]:
                    folders.setdefault(real_path(f"{prefix}/{library}/{name}"))
    return tuple(path for path in folders if path)


def _edited(library: str) -> tuple[str, ...]:
    """Folders that are installed there to be edited (``pip install -e``)."""
    packages = os.path.join(library, "site-packages")
    try:
        return _edited_in(packages, os.stat(packages).st_mtime_ns)
    except OSError:
        return ()


@functools.lru_cache(maxsize=64)
def _edited_in(packages: str, changed: int) -> tuple[str, ...]:
    paths = []
    for name in os.listdir(packages)[:_MAX_DISTRIBUTIONS]:
        if not name.endswith(".dist-info"):
            continue
        with contextlib.suppress(OSError, ValueError, LookupError, AttributeError, TypeError):
            with open_regular(os.path.join(packages, name, "direct_url.json")) as file:
                about = json.loads(file.read(_MAX_URL_FILE))
            if about["dir_info"].get("editable") is True and about["url"].startswith("file://"):
                paths.append(unquote(urlsplit(about["url"]).path))
    return tuple(path for path in paths if Path(path).is_absolute())
