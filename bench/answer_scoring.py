"""Scores an answer about a crash without a judge: the places that it names, and its fix, run.

**Places.** In the order in which the answer names them: ``file.py:line`` in any usual wording, which stands
for the function that the line lies in; and the name of a function of the packages concerned, which stands for
itself, whatever its file. A name counts where it is marked (in backticks, called, called a function or
method, defined by ``def``) or is unmistakable (dotted, or with an underscore in it). Two names of one
function are one place. A line that does not exist is a place, and a wrong one.

**Fix.** Read by iqdebug's own reader of edits: search and replace blocks, diffs, whole functions in a fence.
It is applied to a copy of the buggy package, where an edit that names no file is tried in the files that the
answer names and those of the stack, innermost first, and a method goes into the class that it names. It is
right if the trigger then prints to its standard output what it prints on the fixed release, and ends the same
way. A change of the trigger is no fix, and neither is a fence in which the answer was cut off.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from bench.localisation import environ_of
from iqdebug.assistant.actions.edits import Definition, Edit, EditRefused, edits_in, edits_of_call
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.core.messages import Message

__all__ = ["Code", "Named", "Printed", "fix_of", "places_in", "printed", "rank_of", "without_torn_fence"]

TRIGGER_TIMEOUT = 60  # seconds
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(?:.*?^[ \t]*\1[ \t]*$|.*\Z)", re.M | re.S)
_FILE = r"(?P<file{n}>[\w./\\+-]+\.py)"
_AT_LINE = (
    _FILE.format(n=1) + r"[\"'`*]*(?::|,?\s*\(?\s*(?:at\s+)?lines?\s+)(?P<line1>\d+)"
    r"|lines?\s+(?P<line2>\d+)\s+(?:of|in)\s+(?:the\s+)?(?:file\s+)?[\"'`*]*" + _FILE.format(n=2)
)
_NAME = r"(?![\w./\\+-]*\.py\b)[A-Za-z_]\w*(?:\.(?:<locals>\.)?[A-Za-z_]\w*)*"
_IN_CODE = re.compile(_AT_LINE + r"|\bdef\s+(?P<name1>\w+)")
_IN_PROSE = re.compile(
    _AT_LINE
    + rf"|`(?P<name1>{_NAME})(?:\([^`\n]*\))?`"
    + rf"|\b(?:function|method)\s+[\"'`*]*(?P<name2>{_NAME})"
    + rf"|\b(?P<name3>{_NAME})(?=[\"'`*]*\s+(?:function|method)\b|\()"
    + rf"|\b(?P<name4>{_NAME})"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A place. ``file`` is relative to site-packages, "" where only a function was named."""

    file: str
    function: str

    def is_same(self, other: Named) -> bool:
        if self.file and other.file and self.file != other.file:
            return False
        return _tails_agree(self.function, other.function)

    def lies_in(self, truth: Mapping[str, Any]) -> bool:
        """Whether it is the function that the fix changed, or within it."""
        wanted = truth["function"].removesuffix(".<class>")
        if self.file:
            return self.file == truth["file"] and f"{self.function}.".startswith(f"{wanted}.")
        return _tails_agree(self.function, wanted)


def _tails_agree(one: str, other: str) -> bool:
    a, b = one.split("."), other.split(".")
    size = min(len(a), len(b))
    return a[-size:] == b[-size:]


@dataclass(frozen=True)
class Code:
    """The packages that a crash went through.

    :param site: the folder that holds them.
    :param tops: names of packages and modules in it.
    :param stack: files of the stack, relative to it, innermost first.
    """

    site: Path
    tops: tuple[str, ...]
    stack: tuple[str, ...]

    @cached_property
    def files(self) -> tuple[str, ...]:
        found = [p for top in self.tops for p in (self.site / top).rglob("*.py")]
        found += [self.site / top for top in self.tops if top.endswith(".py")]
        others = sorted(str(path.relative_to(self.site)) for path in found)
        return tuple(dict.fromkeys([*self.stack, *others]))

    @cached_property
    def functions(self) -> frozenset[str]:
        """The names of all functions, without their classes."""
        texts = (self._text(file) for file in self.files)
        return frozenset(
            name for text in texts for name in re.findall(r"^\s*(?:async )?def (\w+)", text, re.M)
        )

    def _text(self, file: str) -> str:
        path = self.site / file
        return path.read_text(errors="replace") if path.is_file() else ""

    def file(self, path: str) -> str:
        """The file that is meant by a path, its end, or ``package.module.py``; the path itself where there
        is none."""
        plain = "/" + path.replace("\\", "/").lstrip("./")
        dotted = "/" + plain[1:].removesuffix(".py").replace(".", "/") + ".py"
        for file in self.files:
            if plain.endswith(f"/{file}") or any(f"/{file}".endswith(end) for end in (plain, dotted)):
                return file
        return path

    def at(self, file: str, line: int) -> str:
        """The qualified name of the function or class body that the line lies in, ``<module>`` outside."""
        text = self._text(file)
        if not 0 < line <= text.count("\n") + 1:
            return "<nowhere>"
        try:
            return ".".join(_scopes(ast.parse(text), line)) or "<module>"
        except SyntaxError:
            return "<nowhere>"


def _scopes(node: ast.AST, line: int) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
            if first <= line <= (child.end_lineno or 0):
                yield child.name
                yield from _scopes(child, line)
                return
        else:
            inner = list(_scopes(child, line))
            if inner:
                yield from inner
                return


def without_torn_fence(answer: str) -> str:
    """An answer that was cut off, without the fence that it was cut off in."""
    torn = next(
        (f for f in _FENCE.finditer(answer) if not re.search(r"\n[ \t]*(`{3,}|~{3,})[ \t]*$", f[0])), None
    )
    return answer[: torn.start()] if torn is not None else answer


def places_in(answer: str, code: Code) -> list[Named]:
    """The places that an answer names, in its order, each once."""
    places: list[Named] = []
    for place in _named(answer, code):
        if not any(place.is_same(earlier) for earlier in places):
            places.append(place)
    return places


def _named(answer: str, code: Code) -> Iterator[Named]:
    at = 0
    for fence in [*_FENCE.finditer(answer), None]:
        yield from _matches(_IN_PROSE, answer[at : fence.start() if fence else None], code)
        if fence is None:
            return
        yield from _matches(_IN_CODE, fence[0], code)
        at = fence.end()


def _matches(pattern: re.Pattern[str], text: str, code: Code) -> Iterator[Named]:
    for match in pattern.finditer(text):
        found = {key.rstrip("1234"): value for key, value in match.groupdict().items() if value}
        if "file" in found:
            file = code.file(found["file"])
            yield Named(file, code.at(file, int(found["line"])))
            continue
        name = found["name"].replace(".<locals>", "")
        marked = match.lastgroup != "name4" or "." in name or "_" in name.strip("_")
        if marked and name.split(".")[-1] in code.functions:
            yield Named("", name)


def rank_of(places: Sequence[Named], truths: Iterable[Mapping[str, Any]]) -> int:
    """From 1; 0 is a miss."""
    wanted = list(truths)
    return next((n for n, p in enumerate(places, 1) if any(p.lies_in(t) for t in wanted)), 0)


@dataclass(frozen=True, slots=True)
class Printed:
    """What a trigger printed: to standard output, addresses taken out, and how it ended. ``errors`` is all of
    its standard error."""

    output: str
    end: str
    errors: str

    def same(self, other: Printed) -> bool:
        return (self.output, self.end) == (other.output, other.end)


def printed(python: Path, trigger: Path, packages: Path | None = None) -> Printed:
    """Run a trigger.

    :param packages: a folder whose modules go before those of the interpreter.
    """
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(trigger, folder)
        environ = environ_of(Path(folder))
        if packages is not None:
            environ["PYTHONPATH"] = str(packages)
        try:
            done = subprocess.run(
                [str(python), "trigger.py"],
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env=environ,
                timeout=TRIGGER_TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            return Printed("", f"no end after {TRIGGER_TIMEOUT} s", "")
    last = done.stderr.strip().rpartition("\n")[2] if done.returncode else ""
    plain = re.sub(r"0x[0-9a-f]{6,}", "0x", done.stdout)
    return Printed(plain, f"{done.returncode} {last}", done.stderr.replace(f"{folder}/", ""))


def fix_of(
    answer: str,
    proposals: Sequence[Mapping[str, Any]],
    code: Code,
    python: Path,
    trigger: Path,
    good: Printed,
) -> str:
    """What came of an answer's fix: "right", "wrong: …" with how the trigger ended, "unusable: …" where it
    cannot be applied, or "none".

    :param proposals: arguments of calls that propose a fix; the last one counts where the answer has none.
    """
    readers = [partial(edits_in, answer), *(partial(edits_of_call, call) for call in reversed(proposals))]
    edits: tuple[Edit, ...] = ()
    why = "none"
    for read in readers:
        try:
            edits = read()
            break
        except EditRefused as error:
            if not _says(error, "assistant.actions.edit.none"):
                why = f"unusable: {error}"
    if not edits:
        return why
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(os.path.realpath(folder), "packages")
        for top in code.tops:
            _copied(code.site / top, copy / top)
        why = _applied(edits, answer, code, copy)
        if why:
            return f"unusable: {why}"
        now = printed(python, trigger, copy)
    if now.same(good):
        return "right"
    return f"wrong: {now.end}" if now.end != good.end else "wrong: prints something else"


def _copied(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _applied(edits: Iterable[Edit], answer: str, code: Code, copy: Path) -> str:
    """Write the edits into the copy; why that is not possible, else ""."""
    places = places_in(answer, code)
    likely = list(dict.fromkeys([*(p.file for p in places if p.file in code.files), *code.stack]))
    changed, why = False, ""
    for edit in edits:
        for file in [code.file(edit.path)] if edit.path else likely:
            try:
                proposal = _proposal(replace(edit, path=file), places, copy)
            except EditRefused as error:
                why = str(error)
                if _says(error, "assistant.actions.edit.without_effect"):  # what is there was quoted
                    break
                continue
            for change in proposal.files:
                Path(change.path).write_bytes(change.after)
                changed = True
            break
        else:
            return why
    return "" if changed else why


def _proposal(edit: Edit, places: Iterable[Named], copy: Path) -> Proposal:
    """A method that the file has several times is that of the class that the answer speaks of."""
    try:
        return propose([edit], str(copy))
    except EditRefused as error:
        if not isinstance(edit, Definition) or not _says(error, "assistant.actions.edit.functions"):
            raise
        named = [p.function.split(".") for p in places if p.file in ("", edit.path)]
        owner = next((n[-2] for n in named if n[-1] == edit.name and len(n) > 1), "")
        if not owner or edit.owner:
            raise
        return propose([replace(edit, owner=owner)], str(copy))


def _says(error: EditRefused, sentence: str) -> bool:
    what = error.texts[0]
    return isinstance(what, Message) and what.id == sentence
