"""What is known of a stop: its values, its files and their functions."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from iqdebug.assistant.tools.files import frames_of
from iqdebug.core.state import Frame, Snapshot, Variable
from iqdebug.diagnosis.source.functions import Function
from iqdebug.diagnosis.source.outline import Outline
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["Facts", "Held"]

_UNREAD = ("slow", "raised", "lazy")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Held:
    """A value that a frame holds."""

    frame: Frame
    variable: Variable


@dataclass(frozen=True)
class Facts:
    """Of one stop, as it was when the reply began.

    :param is_whole: whether all lines of a file can be read, not a part of them.
    :param children: those of a value by its reference; none where they would have to be asked for.
    :param find_files: the files that a name may stand for; None where that cannot be told.
    :param told: all that the model was told, in which a name may stand that is known from nowhere else.
    :param is_secret: whether a value must not be shown.
    """

    snapshot: Snapshot
    read_source: Callable[[str], Sequence[str]]
    is_whole: Callable[[str], bool] = lambda path: True
    children: Callable[[int], Sequence[Variable]] = lambda reference: ()
    find_files: Callable[[str], Sequence[str] | None] = lambda name: ()
    told: Sequence[str] = ()
    is_secret: Callable[[Variable], bool] = lambda variable: False
    _words_by_path: dict[str, frozenset[str]] = field(default_factory=dict, compare=False)

    # values

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """Those with code, each once; the focused thread's first."""
        thread = self.snapshot.focused
        all_frames = [*(thread.frames if thread is not None else ()), *frames_of(self.snapshot)]
        unique = {(f.id, f.path, f.name, f.line, id(f.locals)): f for f in all_frames if f.kind != "label"}
        return tuple(unique.values())

    @property
    def values_are_known(self) -> bool:
        """Whether the values are still those of the process: not while it runs."""
        return self.snapshot.phase.is_stopped

    def held(self, name: str) -> list[Held]:
        """The values of that name in all frames."""
        found = [(f, v) for f in self.frames for v in f.locals or () if v.name == name and v.kind != "group"]
        return [Held(frame, variable) for frame, variable in found]

    def at_path(self, root: Held, expression: str) -> Held | None:
        """What an expression such as ``order.lines[3]`` leads to, by what was read; None where that does
        not reach."""
        try:
            node: ast.expr = ast.parse(expression, mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            return None
        names: list[str] = []
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                names.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Subscript):
                names.append(ast.unparse(node.slice))
                node = node.value
            else:
                return None
        variable: Variable | None = root.variable
        for name in reversed(names):
            if variable is None or self.is_secret(variable):
                return None
            below = self.children(variable.reference) if variable.reference else ()
            variable = next((v for v in below if v.name in (name, f"[{name}]")), None)
        return Held(root.frame, variable) if variable is not None else None

    def is_part_of_another(self, name: str, value: object) -> bool:
        """Whether a value has a key or an attribute of that name with that value: it may be meant."""
        texts = (f"'{name}': {value!r}", f"{name}={value!r}")
        values = [v.value for f in self.frames for v in f.locals or ()]
        return any(text in each for text in texts for each in values)

    def is_readable(self, variable: Variable) -> bool:
        """Whether the value was read, and may be shown."""
        return variable.state not in _UNREAD and not self.is_secret(variable)

    def may_have_been_other(self, held: Held, name: str) -> bool:
        """Whether the name had, or may have had, other values in the frame's function before: it is bound
        more than once or in a loop, or the function cannot be read."""
        tree = Function.of(held.frame, self._texts).tree
        if tree is None:
            return True
        sites = 0
        waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
        while waiting:
            node, in_loop = waiting.pop()
            binds = (
                (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name)
                or (isinstance(node, ast.arg) and node.arg == name)
                or (isinstance(node, ast.ExceptHandler) and node.name == name)
                or (isinstance(node, ast.Global | ast.Nonlocal) and name in node.names)
            )
            if binds and in_loop:
                return True
            sites += binds
            inside = in_loop or isinstance(node, (*_LOOPS, ast.comprehension))
            waiting += [(child, inside) for child in ast.iter_child_nodes(node)]
        return sites > 1

    # names

    def has_name_elsewhere(self, functions: Iterable[str], name: str) -> bool:
        """Whether a function of one of those names that stands on no stack has such a name in it."""
        running = {f.name.rpartition(".")[2] for f in self.frames}
        wanted = frozenset(functions) - running
        for path in self.paths if wanted else ():
            outline = self.outline(path)
            for each in outline.definitions:
                if each.name in wanted:
                    lines = (outline.text(n) for n in range(each.line, each.end + 1))
                    if any(name in _WORD.findall(line) for line in lines):
                        return True
        return False

    def is_called_so(self, name: str) -> bool:
        """Whether anything that is known has the name: a variable, an attribute, a word of a source, a value
        or what the model was told. True where too little is known to deny it."""
        if keyword.iskeyword(name) or hasattr(builtins, name) or name in sys.stdlib_module_names:
            return True
        if name.startswith("__") or name in self._words:
            return True
        own = [f for f in self.frames if f.kind == "user" and not f.path.startswith("<")]
        return not own or any(f.locals is None or not self.is_known_whole(f.path) for f in own)

    @cached_property
    def _words(self) -> frozenset[str]:
        words = {word for text in self.told for word in _WORD.findall(text)}
        for frame in self.frames:
            words.update(frame.name.split("."))
            for variable in frame.locals or ():
                words.update((variable.name, *_WORD.findall(variable.value)))
        return frozenset(words.union(*map(self.words_of, self.paths)))

    def has_plain_class(self, variable: Variable) -> bool:
        """Whether the value's class stands whole in a known file, without bases, so that every attribute that
        it can have is a word of it."""
        name = variable.type.rpartition(".")[2]
        head = re.compile(rf"\s*class\s+{re.escape(name)}\s*(?:\(\s*(?:object)?\s*\))?\s*:")
        return any(
            d.kind == "class" and d.name == name and head.match(self.outline(path).text(d.line))
            for path in self.paths
            for d in self.outline(path).definitions
        )

    # places

    @cached_property
    def _texts(self) -> Texts:
        return Texts(self.read_source)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The files of all frames, and of what these call."""
        called = (c.path for f in self.frames for c in f.calls)
        return tuple(dict.fromkeys([*(f.path for f in self.frames), *called]))

    def outline(self, path: str) -> Outline:
        return self._texts[path]

    def is_known_whole(self, path: str) -> bool:
        """Whether what does not stand in the text of the file is not in the file."""
        return bool(self.outline(path).lines) and self.is_whole(path)

    def words_of(self, path: str) -> frozenset[str]:
        """Every word of a file."""
        if path not in self._words_by_path:
            lines = self.outline(path).lines
            self._words_by_path[path] = frozenset(word for line in lines for word in _WORD.findall(line))
        return self._words_by_path[path]

    def files(self, name: str) -> Sequence[str] | None:
        """The files that a path, or the end of one, may stand for; None where that cannot be told. Models
        also write ``package.module.py``."""
        as_module = name.removesuffix(".py").replace(".", "/") + ".py"
        for ending in (name.removeprefix("./").lstrip("/"), as_module):
            known = [p for p in self.paths if p == name or p.replace("\\", "/").endswith(f"/{ending}")]
            if known:
                return known
        return self.find_files(name)

    def is_told(self, file: str) -> bool:
        """Whether the model was told of a file of that name, or a value or a source speaks of one."""
        return file.rpartition("/")[2] in self._all_told

    @cached_property
    def _all_told(self) -> str:
        values = (v.value for f in self.frames for v in f.locals or ())
        return "\n".join([*self.told, *values, *self._lines])

    def imports(self, file: str) -> bool:
        """Whether a known source imports what the file may be a part of."""
        return file.removeprefix("./").lstrip("/").partition("/")[0].removesuffix(".py") in self._imported

    @cached_property
    def _imported(self) -> frozenset[str]:
        statements = (line for line in self._lines if line.startswith(("import ", "from ")))
        return frozenset(word for line in statements for word in _WORD.findall(line))

    def is_function(self, name: str) -> bool:
        """Whether a known file defines a function of that last name."""
        return any(d.name == name for path in self.paths for d in self.outline(path).definitions)

    def holds_line(self, text: str) -> bool:
        """Whether a known file has a line of that text, whatever its indentation."""
        return text in self._lines

    @cached_property
    def _lines(self) -> frozenset[str]:
        return frozenset(line.strip() for path in self.paths for line in self.outline(path).lines)

    def assigns(self, name: str, value: object) -> bool:
        """Whether a known source gives the name that literal somewhere."""
        given = re.compile(rf"\b{re.escape(name)}\s*(?::[^=]+)?=(?!=)\s*([^#\n]+)")
        for path in self.paths:
            for line in self.outline(path).lines:
                for match in given.finditer(line) if name in line else ():
                    if _starts_with(match[1], value):
                        return True
        return False


def _starts_with(code: str, value: object) -> bool:
    text = code.strip().rstrip("),:")
    for end in (len(text), text.find(","), text.find(")")):
        try:
            if end > 0 and ast.literal_eval(text[:end]) == value:
                return True
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
    return False
