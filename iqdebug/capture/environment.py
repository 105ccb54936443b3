"""The context of a crash: source text, environment variables, distributions, git."""

from __future__ import annotations

import hashlib
import os
import sys

from .git import Repository, repository_above
from .mask import MASK
from .original_functions import monotonic, system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from .mask import Masker

MAX_WHOLE_SOURCE = 400_000  # bytes: larger files are kept in part
LINES_AROUND_FRAME = 150  # lines kept around a frame's line in a larger file
MAX_SOURCE_READ = 20_000_000  # bytes: larger files are not read
_SOURCE_SUFFIXES = frozenset(
    (
        *(".py", ".pyw", ".pyi", ".pyx", ".pxd", ".pxi", ".c", ".cpp", ".h", ".js", ".css", ".sql"),
        *(".html", ".htm", ".txt", ".xml", ".md", ".rst", ".j2", ".jinja", ".jinja2", ".mako", ".mak"),
        *(".tpl", ".tmpl", ".pt"),
    )
)
_NO_SOURCE_FOLDERS = ("/proc/", "/sys/", "/dev/")
MAX_DIFF = 200_000  # characters
GIT_TIMEOUT = 1.0  # seconds


def source(path: str, lines: List[int]) -> Optional[Dict[str, Any]]:
    """The text of a frame's file, whole or around the lines; None if there is none."""
    data = _bytes_of(path)
    if data is None:
        return _from_linecache(path)
    text = _decoded(data)
    if text is None:
        return None
    text_lines = text.splitlines()
    row: Dict[str, Any] = {"file": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    if len(data) <= MAX_WHOLE_SOURCE:
        row["parts"], row["whole"] = [[1, text_lines]], True
        return row
    parts: List[List[Any]] = []
    for line in sorted(set(lines)):
        first, last = max(line - LINES_AROUND_FRAME, 1), line + LINES_AROUND_FRAME
        if parts and first <= parts[-1][0] + len(parts[-1][1]):
            parts[-1][1] = text_lines[parts[-1][0] - 1 : last]
        else:
            parts.append([first, text_lines[first - 1 : last]])
    row["parts"], row["whole"] = parts, False
    return row


def may_hold_source(path: str) -> bool:
    """Whether the file has a name that source files or templates have. Code can be compiled under any file
    name, ``/etc/shadow`` too."""
    name = os.path.basename(path)
    suffix = os.path.splitext(name)[1].lower()
    return (
        not name.startswith(".")
        and (suffix in _SOURCE_SUFFIXES or not suffix)
        and not path.startswith(_NO_SOURCE_FOLDERS)
    )


def _bytes_of(path: str) -> Optional[bytes]:
    if not may_hold_source(path):
        return None
    try:
        status = system.stat(path)
        if not 0o100000 <= status.st_mode < 0o110000 or status.st_size > MAX_SOURCE_READ:
            return None  # only regular files: reading a pipe or a device may never end
        # The builtin `open` does not work while the interpreter shuts down.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        handle: int = system.open(path, flags)
        try:
            data: bytes = system.read(handle, status.st_size + 1)
            is_script = data[:2] == b"#!" and b"python" in data[:200].partition(b"\n")[0]
            return data if is_script or os.path.splitext(path)[1] else None
        finally:
            system.close(handle)
    except (OSError, ValueError):
        return None


def _decoded(data: bytes) -> Optional[str]:
    try:
        import io
        import tokenize

        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding, "replace")
    except (SyntaxError, LookupError, ImportError):  # ImportError while shutting down
        return data.decode("utf-8", "replace")


def _from_linecache(path: str) -> Optional[Dict[str, Any]]:
    """Source that is in no file: a notebook cell, a doctest, a member of a zip file."""
    linecache = sys.modules.get("linecache")
    entry = getattr(linecache, "cache", {}).get(path) if linecache is not None else None
    if type(entry) is not tuple or len(entry) < 3 or type(entry[2]) is not list:
        return None
    lines = [line.rstrip("\n") for line in entry[2] if type(line) is str]
    data = "\n".join(lines).encode("utf-8", "replace")
    if len(data) > MAX_WHOLE_SOURCE:
        return None
    row = {"file": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    return {**row, "parts": [[1, lines]], "whole": True}


def read_environment(masker: Masker) -> Dict[str, Any]:
    """Environment variables (secret ones masked), the module path and the interpreter's flags."""
    environ = {}
    for name, value in list(os.environ.items()):
        if masker.is_secret(name, value):
            masker.learn(value)
            value = MASK
        else:
            masker.learn_from_text(value)
        environ[name] = value
    flags = {
        name: getattr(sys.flags, name)
        for name in dir(sys.flags)
        if not name.startswith("_") and type(getattr(sys.flags, name)) in (int, bool)
    }
    return {
        "environ": environ,
        "sys_path": [p for p in sys.path or () if type(p) is str][:200],
        "flags": flags,
    }


def distributions(deadline: float) -> List[List[str]]:
    """Names and versions of the distributions on ``sys.path``, from the names of their metadata folders:
    reading the metadata would take seconds."""
    versions: Dict[str, str] = {}
    for folder in sys.path or ():
        if type(folder) is not str or monotonic() > deadline:
            continue
        try:
            names = system.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            stem, dot, ending = name.rpartition(".")
            if ending in ("dist-info", "egg-info") and dot:
                parts = stem.split("-")
                versions.setdefault(parts[0], parts[1] if len(parts) > 1 else "")
    return [[name, version] for name, version in sorted(versions.items())][:5_000]


def git(folder: str) -> Optional[Dict[str, Any]]:
    """Revision, branch and uncommitted changes of the repository around a folder; None without git or a
    repository. Bounded in time; runs no program that the repository's configuration names."""
    if system.replaced() or not repository_above(folder):
        return None  # starting git would call the replaced functions
    try:
        repository = Repository(folder)
        root = _line(repository.run("rev-parse", "--show-toplevel", seconds=GIT_TIMEOUT))
        if not os.path.lexists(os.path.join(root or "/", ".git")):
            return None  # `core.worktree` may point to files elsewhere
        head = repository.run("rev-parse", "HEAD", "--abbrev-ref", "HEAD", seconds=GIT_TIMEOUT)
        diff = repository.run("diff", "HEAD", seconds=GIT_TIMEOUT) or ""
    except Exception:
        return None
    revision, _, branch = (head or "").strip().partition("\n")
    return {
        "root": root,
        "revision": revision,
        "branch": branch,
        "diff": diff[:MAX_DIFF],
        "diff_cut": len(diff) > MAX_DIFF,
    }


def _line(text: Optional[str]) -> str:
    return (text or "").strip("\n")


def files_of(frames: List[Dict[str, Any]]) -> Iterator[Tuple[str, List[int]]]:
    """Each file of the frames with the lines of interest, in the frames' order."""
    lines: Dict[str, List[int]] = {}
    for row in frames:
        lines.setdefault(row["file"], []).extend([row["line"], row["first_line"]])
    return iter(lines.items())
