"""Which files a model may read: the program's source, and nothing else of the disk."""

# ruff: noqa: SIM905

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from iqdebug.state import ExceptionInfo, Frame, Snapshot

__all__ = ["Files", "frames_of"]

_SOURCE = frozenset((".py", ".pyw", ".pyi", ".pyx", ".pxd"))
_TEXT = _SOURCE | frozenset(
    f".{kind}"
    for kind in (
        "toml cfg ini md rst txt html j2 jinja jinja2 sql js ts css c h cpp rs json yaml yml xml csv".split()
    )
)
_INSTALLED = re.compile(r"^(.*?[/\\](?:(?:site|dist)-packages|lib(?:64)?[/\\]python3(?:\.\d+t?)?))[/\\]")


def frames_of(snapshot: Snapshot) -> Iterable[Frame]:
    """Every frame that a snapshot names."""
    for thread in snapshot.threads:
        yield from thread.frames
    for task in snapshot.tasks:
        yield from task.frames
    waiting = [snapshot.exception] if snapshot.exception is not None else []
    while waiting:
        error: ExceptionInfo = waiting.pop()
        yield from error.frames
        waiting += [*error.chain, *error.members]


class Files:
    """Of a live target: source files that frames name, what lies in the folder of the program, and
    installed packages; by their real path, so that no link leads out. Of a recording: what was recorded,
    whatever paths it names. Never: hidden files, keys, what is no source or text, the home folder or ``/``
    as "the program".

    :param snapshot: the current one.
    :param recorded: the recording's files; None of a live target.
    :param project: a folder of this machine that the person works in; None where none is known.
    :param home: the person's home folder, which is no program's.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        recorded: Sequence[str] | None = None,
        project: Path | None = None,
        home: Path | None = None,
    ) -> None:
        self._snapshot = snapshot
        self.recorded = tuple(recorded) if recorded is not None else None
        self._project = project
        self._home = os.path.realpath(home if home is not None else Path.home())

    @property
    def named(self) -> tuple[str, ...]:
        """Files that frames name, the person's own first."""
        found: dict[str, bool] = {}
        for frame in frames_of(self._snapshot()):
            if frame.path and not frame.path.startswith("<"):
                found.setdefault(frame.path, frame.kind == "user")
        return tuple(sorted(found, key=lambda path: not found[path]))

    @property
    def roots(self) -> tuple[str, ...]:
        """Folders of the program on this machine, real paths, the outermost alone."""
        wanted = [str(self._project)] if self._project is not None else []
        if self.recorded is None:
            own = [os.path.realpath(f.path) for f in frames_of(self._snapshot()) if _is_own(f)]
            cwd = os.path.realpath(self._snapshot().cwd) if self._snapshot().cwd else ""
            wanted += [cwd] if cwd and any(_below(path, cwd) for path in own) else []
            wanted += [_project_of(path) for path in own if _source_name(path)]
        real = sorted({os.path.realpath(w) for w in wanted if self._may_be_root(w)}, key=len)
        kept: list[str] = []
        for root in real:
            if not any(_below(root, other) for other in kept):
                kept.append(root)
        return tuple(kept)

    def _may_be_root(self, folder: str) -> bool:
        real = os.path.realpath(folder)
        hidden = any(part.startswith(".") for part in Path(real).parts[1:])
        return os.path.isdir(real) and real.count(os.sep) > 1 and not _below(self._home, real) and not hidden

    def why_not(self, path: str) -> str:
        """Why the file may not be read, "" when it may."""
        return self.judge()(path)

    def judge(self) -> Callable[[str], str]:
        """:meth:`why_not` of this moment, for many files."""
        roots, live = self.roots, self.recorded is None
        recorded = frozenset(self.recorded or ())
        named = {os.path.realpath(p) for p in self.named} if live else set()
        installed = self._installed() if live else set()

        def why_not(path: str) -> str:
            if path in recorded:
                return ""
            real = os.path.realpath(path)
            if real in named and _is_script(real):
                return ""
            root = next((r for r in roots if _below(real, r)), None)
            if root is None and Path(real).suffix in _SOURCE:
                root = next((r for r in installed if _below(real, r)), None)
            if root is None:
                where = ", ".join(roots) or "none is known"
                return f"only the program's own source (its folder: {where}) and what its frames name is read"
            if any(part.startswith(".") for part in Path(real).relative_to(root).parts):
                return "hidden files are not read"
            return "" if Path(real).suffix.lower() in _TEXT else "only source and text files are read"

        return why_not

    def _installed(self) -> set[str]:
        found = (_INSTALLED.match(path) for path in self.named)
        return {os.path.realpath(match.group(1)) for match in found if match is not None}

    def resolved(self, name: str) -> list[str]:
        """The files that a path, or the end of one, stands for; those that frames name come first."""
        if os.path.isabs(name):
            return [name]
        known = self.recorded if self.recorded is not None else self.named
        ends = [path for path in known if path == name or path.endswith(os.sep + name.removeprefix("./"))]
        if ends:
            return ends
        candidates = [os.path.join(root, name) for root in self.roots]
        return [path for path in candidates if os.path.isfile(path)]


def _is_own(frame: Frame) -> bool:
    return frame.kind == "user" and os.path.isabs(frame.path)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _source_name(path: str) -> bool:
    return Path(path).suffix in _SOURCE


def _is_script(path: str) -> bool:
    """A target can call its code anything, ``/etc/passwd`` too: what is named must look like Python."""
    if _source_name(path):
        return True
    if Path(path).suffix:
        return False
    try:
        with open(path, "rb") as file:
            line = file.readline(200)
    except OSError:
        return False
    return line.startswith(b"#!") and b"python" in line


def _project_of(path: str) -> str:
    """The nearest folder above a file that looks like the whole program's, else the file's own."""
    folder = Path(path).parent
    for above in [folder, *folder.parents][:8]:
        if any((above / mark).exists() for mark in (".git", "pyproject.toml", "setup.py", "setup.cfg")):
            return str(above)
    return str(folder)
