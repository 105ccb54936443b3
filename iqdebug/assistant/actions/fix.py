"""A minimal edit as a diff, and its way into the files: a proposal changes nothing."""

from __future__ import annotations

import ast
import difflib
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iqdebug.assistant.actions.edit_location import placed
from iqdebug.assistant.actions.edits import Edit, EditRefused
from iqdebug.assistant.actions.text_file import TextFile
from iqdebug.core.messages import Text, message, render
from iqdebug.core.readable_files import Reach
from iqdebug.system.source_files import open_regular
from iqdebug.system.unified_diff import parse_diff

__all__ = ["Change", "Proposal", "propose"]

MAX_FILE_BYTES = 4 << 20  # bytes of a file that is edited
MAX_PATH_BYTES = 4_096  # bytes, as the kernel has it
FOREIGN_FOLDERS = frozenset({".git", ".hg", ".svn", "site-packages", "dist-packages", "node_modules"})


@dataclass(frozen=True, slots=True)
class Change:
    """One file, as it is and as it would be. ``path`` is absolute and no link; ``name`` is shown."""

    path: str
    name: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Proposal:
    """``root`` is the folder that all files lie in; ``diff`` is a unified diff with paths relative to
    it; ``reason`` says what proves the edit, where evidence does."""

    root: str
    files: tuple[Change, ...]
    diff: str
    warning_messages: tuple[Text, ...] = ()
    reason_message: Text = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(render(warning) for warning in self.warning_messages)

    @property
    def reason(self) -> str:
        return render(self.reason_message)


@dataclass(slots=True)
class _Work:
    change: Change
    file: TextFile
    touched: list[str] = field(default_factory=list)


def propose(
    edits: Iterable[Edit],
    root: str,
    *,
    known: Sequence[str] = (),
    reason: Text = "",
    read: Callable[[str], bytes] | None = None,
    why_not: Callable[[str], Text] = lambda path: "",
) -> Proposal:
    """What the edits would make of the files as they are now.

    :param root: nothing outside this folder is changed, and nothing in it read that is hidden, a key, or
        no source or text.
    :param why_not: why a file may not be read besides; "" when it may.
    :param known: files that a bare name may stand for, such as those of the stack's frames.
    :raises EditRefused: a place is missing or ambiguous, a file lies outside, or the result would not
        parse as Python. The words are for whoever made the edit to mend it.
    """
    work: dict[str, _Work] = {}
    warned: list[Text] = []
    for edit in edits:
        path = _resolved(edit.path, root, known)
        _require_readable(path, root, why_not)
        if path not in work:
            work[path] = _opened(path, root, read or _bytes, warned)
        one = work[path]
        one.file = placed(one.file, edit, one.change.name)
    changes = []
    for one in work.values():
        after = one.file.data
        if after == one.change.before:
            continue
        _check_syntax(one, warned)
        changes.append(Change(one.change.path, one.change.name, one.change.before, after))
    if not changes:
        raise EditRefused(
            message("assistant.actions.edit.without_effect"),
            message("assistant.actions.edit.without_effect.why"),
        )
    diff = "".join(_diff(c) for c in changes)
    removed = sum(hunk.removed_count for hunk in parse_diff(diff))
    if removed > 40:
        warned.append(message("assistant.actions.fix.many_lines", count=removed))
    return Proposal(os.path.realpath(root), tuple(changes), diff, tuple(dict.fromkeys(warned)), reason)


def _resolved(path: str, root: str, known: Sequence[str]) -> str:
    top = os.path.realpath(root)
    if not path:
        if len(set(known)) == 1:
            path = known[0]
        else:
            raise EditRefused(
                message("assistant.actions.edit.no_path"), message("assistant.actions.edit.no_path.why")
            )
    if not _is_path(path):
        raise EditRefused(message("assistant.actions.edit.bad_path"))
    direct = path if os.path.isabs(path) else os.path.join(top, path)
    if not os.path.isfile(direct):
        ending = "/" + path.replace("\\", "/").lstrip("./")
        named = sorted({k for k in known if ("/" + k).endswith(ending) and os.path.isfile(k)})
        if len(named) > 1:
            raise EditRefused(
                message("assistant.actions.edit.paths", path=path, named=named[:4]),
                message("assistant.actions.edit.paths.why"),
            )
        if not named:
            raise EditRefused(
                message("assistant.actions.edit.no_file", path=path, root=top),
                message("assistant.actions.edit.no_file.why"),
            )
        direct = named[0]
    real = os.path.realpath(direct)
    inside = os.path.relpath(real, top)
    if inside.startswith("..") or os.path.isabs(inside):
        raise EditRefused(
            message("assistant.actions.edit.outside", path=path, root=top),
            message("assistant.actions.edit.outside.why"),
        )
    foreign = FOREIGN_FOLDERS & set(Path(inside).parts)
    if foreign:
        raise EditRefused(message("assistant.actions.edit.foreign", path=path, folder=min(foreign)))
    return real


def _require_readable(path: str, root: str, why_not: Callable[[str], Text]) -> None:
    why = Reach((os.path.realpath(root),)).why_not(path) or why_not(path)
    if why:
        raise EditRefused(message("assistant.actions.edit.forbidden", path=path, why=why))


def _is_path(path: str) -> bool:
    try:
        return "\0" not in path and len(os.fsencode(path)) < MAX_PATH_BYTES
    except UnicodeEncodeError:
        return False


def _bytes(path: str) -> bytes:
    try:
        with open_regular(path, follow=False) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise EditRefused(
            message("assistant.actions.edit.not_read", path=path), error.strerror or ""
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise EditRefused(message("assistant.actions.edit.too_large", path=path, size=MAX_FILE_BYTES >> 20))
    return data


def _opened(path: str, root: str, read: Callable[[str], bytes], warned: list[Text]) -> _Work:
    data = read(path)
    name = os.path.relpath(path, os.path.realpath(root)).replace(os.sep, "/")
    status = os.stat(path)
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        warned.append(message("assistant.actions.fix.read_only", name=name))
    if status.st_nlink > 1:
        warned.append(message("assistant.actions.fix.hard_links", name=name, count=status.st_nlink))
    if os.path.realpath(os.path.abspath(path)) != os.path.abspath(path):
        warned.append(message("assistant.actions.fix.link", name=name))
    return _Work(Change(path, name, data, data), TextFile.of(data, name))


def _check_syntax(one: _Work, warned: list[Text]) -> None:
    name = one.change.name
    if not name.endswith((".py", ".pyw")):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(one.file.text, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        why = getattr(error, "msg", None) or str(error)
        if not _parses(one.change.before):
            warned.append(message("assistant.actions.fix.no_parse", name=name, why=why))
            return
        source = one.file.lines[line - 1].strip()[:80] if line else ""
        raise EditRefused(
            message("assistant.actions.edit.no_python_at", name=name, why=why, line=line, source=source)
            if line
            else message("assistant.actions.edit.no_python", name=name, why=why),
            message("assistant.actions.edit.no_python.why"),
        ) from None


def _parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _diff(change: Change) -> str:
    before, after = (TextFile.of(data).text for data in (change.before, change.after))
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{change.name}",
        f"b/{change.name}",
    )
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines
    )
