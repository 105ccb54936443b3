"""Which source files of this machine may be read: a rule by folders, not by what a program names.

A frame's file name is text of the program's, or of whoever wrote a crash file: it may say
``/etc/shadow``. So a name opens nothing. Readable is what lies, by its real path, in the folder of a
project that the person named or stands in, and for a living process in the folders that it was started
with (:mod:`iqdebug.peek.start_info`).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from iqdebug.core.messages import Text, message
from iqdebug.system.source_files import open_regular, read_lines

__all__ = [
    "MARKS",
    "TOO_HIGH",
    "Reach",
    "User",
    "below",
    "may_be_project",
    "project_around",
    "reach_of_project",
    "real_path",
    "standing_in",
]

MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "manage.py", ".git", ".hg")
TOO_HIGH = frozenset(
    {"/", "/home", "/root", "/tmp", "/var", "/usr", "/opt", "/srv", "/etc", "/mnt", "/media", "/run"}
    | {
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/boot",
        "/dev",
        "/proc",
        "/sys",
        "/usr/bin",
        "/usr/local",
    }
    | {"/usr/lib", "/usr/local/bin", "/usr/share", "/var/lib", "/var/log", "/var/tmp", "/dev/shm"}
)
"""Folders that are no project, whatever lies in them."""

_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/run", "/boot")
_SOURCE = frozenset((".py", ".pyw", ".pyi", ".pyx", ".pxd"))
_TEXT = _SOURCE | frozenset(
    f".{kind}"
    for kind in (
        *("toml", "cfg", "ini", "md", "rst", "txt", "html", "j2", "jinja", "jinja2", "sql", "js", "ts"),
        *("css", "c", "h", "cpp", "rs", "json", "yaml", "yml", "xml", "csv"),
    )
)
_KEYS = re.compile(
    r"secret|credential|passw|service[-_]?account|private[-_]?key|id_(?:rsa|dsa|ecdsa|ed25519)"
)
_MAX_PARENTS = 40


def below(path: str, folder: str) -> bool:
    """Whether the path is the folder or lies in it; both as they are written."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def may_be_project(folder: str, home: str = "") -> bool:
    """Whether a folder can be one project's: not the home folder or one above it, none of the system's,
    no hidden one.

    :param home: the person's; "" for the one of this process.
    """
    real = real_path(folder)
    own = os.path.realpath(home or os.path.expanduser("~"))
    if not real or real in TOO_HIGH or below(own, real) or any(below(real, s) for s in _SYSTEM):
        return False
    return os.path.isdir(real) and not any(part.startswith(".") for part in Path(real).parts[1:])


def project_around(folder: str, home: str = "") -> str:
    """The nearest folder at or above that looks like a project's and may be one, else the folder itself;
    "" where that may not be one. A real path."""
    real = real_path(folder)
    if not may_be_project(real, home):
        return ""
    for above in [Path(real), *Path(real).parents][:_MAX_PARENTS]:
        if not may_be_project(str(above), home):
            break
        if any((above / mark).exists() for mark in MARKS):
            return str(above)
    return real


def standing_in() -> str:
    """The project that the person stands in; "" where it is none."""
    try:
        return project_around(os.getcwd())
    except OSError:
        return ""


def real_path(path: str) -> str:
    """Without links; "" for what cannot be a path."""
    try:
        return os.path.realpath(path) if path and "\0" not in path else ""
    except (OSError, ValueError):
        return ""


@dataclass(frozen=True, slots=True)
class User:
    """Whose rights to read a process has."""

    uid: int
    gids: frozenset[int] = frozenset()

    def may_read(self, path: str) -> bool:
        """By the modes of the file and of the folders above it."""
        try:
            if not self._allowed(path, 4):
                return False
            return all(self._allowed(str(above), 1) for above in Path(path).parents)
        except (OSError, ValueError):
            return False

    def _allowed(self, path: str, bit: int) -> bool:
        status = os.stat(path)
        if self.uid == 0 or status.st_uid == self.uid:
            return True
        return bool(status.st_mode & (bit << 3 if status.st_gid in self.gids else bit))


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be read. All paths are real ones.

    :param roots: folders of projects: source and text files in them, none that is hidden or a key.
    :param installed: folders of installed packages and the standard library: Python source.
    :param files: single scripts.
    :param user: whose process it is, where that is another user: what they cannot read is not read.
    """

    roots: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    files: frozenset[str] = field(default=frozenset())
    user: User | None = None

    def why_not(self, path: str) -> Text:
        """Why the file may not be read, "" when it may."""
        real = real_path(path)
        if not real:
            return message("core.readable.no_path")
        why = self._why_not(real)
        if not why and self.user is not None and not self.user.may_read(real):
            return message("core.readable.other_user")
        return why

    def _why_not(self, real: str) -> Text:
        if real in self.files and _is_script(real):
            return ""
        suffix = os.path.splitext(real)[1].lower()
        if suffix in _SOURCE:
            home = next((r for r in self.installed if below(real, r)), "")
            if home and not _hidden(real, home):
                return ""
        root = next((r for r in self.roots if below(real, r)), "")
        if not root:
            if not self.roots:
                return message("core.readable.no_project")
            return message("core.readable.outside", folders=self.roots)
        if _hidden(real, root):
            return message("core.readable.hidden")
        if suffix not in _TEXT and not (not suffix and _is_script(real)):
            return message("core.readable.no_text")
        if suffix not in _SOURCE and _KEYS.search(os.path.basename(real).lower()):
            return message("core.readable.keys")
        return ""

    def read(self, path: str) -> tuple[str, ...]:
        """The file's lines; () where it may not be read or cannot be."""
        return () if self.why_not(path) else read_lines(real_path(path), exact=True)


def reach_of_project(project: str) -> Reach:
    """For a recording: the project that the person named or stands in; nothing for ""."""
    real = real_path(project)
    return Reach((real,)) if real and os.path.isdir(real) else Reach()


def _hidden(real: str, root: str) -> bool:
    return any(part.startswith(".") for part in Path(real).relative_to(root).parts)


def _is_script(real: str) -> bool:
    """Whether it looks like Python, by its name or by its first line."""
    suffix = os.path.splitext(real)[1]
    if suffix:
        return suffix.lower() in _SOURCE
    try:
        with open_regular(real, follow=False) as file:
            line = file.readline(200)
    except (OSError, ValueError):
        return False
    return line.startswith(b"#!") and b"python" in line
