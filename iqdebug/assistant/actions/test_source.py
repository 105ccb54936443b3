"""The source text of a regression test."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from iqdebug.assistant.actions.execution import Failure
from iqdebug.assistant.actions.replayable_calls import RebuiltCall
from iqdebug.core.messages import DEFAULT_LANGUAGE, Text, render

__all__ = ["Expectation", "call_test", "program_test", "test_name"]

MAX_WIDTH = 96
_LOADED = '''
def loaded(path):
    """The program as a module, without what it does when it is run."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
'''
_MADE = '''
def made(cls, **attributes):
    """An object with these attributes; no code of its class runs."""
    instance = object.__new__(cls)
    for name, value in attributes.items():
        object.__setattr__(instance, name, value)
    return instance
'''


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the call should do instead: give a value equal to the expression ``equals``, or raise
    ``raises`` (an exception's name, also dotted). Without either it only should not raise."""

    equals: str = ""
    raises: str = ""


def test_name(function: str, failure: Failure) -> str:
    """``label_attribute_error``"""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", failure.type.rpartition(".")[2])
    name = f"{function.replace('.', '_')}_{kind}".lower()
    return re.sub(r"\W+", "_", name).strip("_")


test_name.__test__ = False  # type: ignore[attr-defined]  # no test itself, wherever it is imported


def call_test(call: RebuiltCall, folder: str, sources: Sequence[str], expectation: Expectation) -> str:
    """:param folder: where the test will lie.
    :param sources: folders of the project that its modules are imported from.
    """
    failure, frame = call.candidate.failure, call.candidate.frame
    built = [rebuilt for _, rebuilt in call.arguments]
    classes = sorted({each for rebuilt in built for each in rebuilt.classes})
    imports = {module for rebuilt in built for module in rebuilt.imports}
    loads = bool(call.file) or any(not module for module, _ in classes)
    made = any(rebuilt.made for rebuilt in built)
    head = [
        f'"""{_one_line(failure.shown)}: the call that failed, with the arguments that were recorded."""',
        "",
    ]
    paths = [os.path.relpath(p, folder) for p in sources]
    if call.file:
        paths = list(dict.fromkeys([os.path.relpath(os.path.dirname(call.file), folder), *paths]))
    standard = imports | ({"asyncio"} if call.asynchronous else set())
    standard |= {"importlib.util"} if loads and call.file else set()
    standard |= {"sys"} if paths or (loads and call.file) else set()
    head += [f"import {name}" for name in sorted(standard)]
    if paths or call.file:
        head.append("from pathlib import Path")
    if expectation.raises:
        head += ["", "import pytest"]
    here = "Path(__file__).resolve().parent"
    if paths:
        head.append("")
        for path in reversed(paths):
            head.append(f"sys.path.insert(0, str({_joined(here, path)}))")
    body: list[str] = []
    lines: list[str] = []
    root = call.target.partition(".")[0]
    if call.file:
        at = _joined(here, os.path.relpath(call.file, folder))
        body += ["", "", *_LOADED.strip().splitlines()]
        lines.append(f"program = loaded({at})")
        mine = {name for module, name in classes if not module}
        if _names_target(call, root):
            mine.add(root)
        lines += [f"{name} = program.{name}" for name in sorted(mine)]
    else:
        mine = {name for module, name in classes if not module}
        if _names_target(call, root):
            mine.add(root)
        lines += [f"from {call.module} import {name}" for name in sorted(mine)]
    lines += [
        f"from {module} import {name}" for module, name in classes if module and (module, name) != ("", root)
    ]
    if made:
        body += ["", "", *_MADE.strip().splitlines()]
    body += ["", "", f"def test_{test_name(call.target, failure)}():"]
    lines += [_assigned(name, rebuilt.source) for name, rebuilt in call.arguments]
    comment = f"  # raised {_one_line(failure.shown)}" if frame.line else ""
    lines += _checked(call, expectation, comment)
    body += [f"    {line}" if line else "" for text in lines for line in text.split("\n")]
    return "\n".join([*head, *body, ""])


def program_test(
    words: Sequence[str], cwd: str, folder: str, failure: Failure, seconds: float, sources: Sequence[str] = ()
) -> str:
    """A test that runs the whole program, for calls that cannot be made again.

    :param words: those behind the interpreter.
    """
    at = _joined("Path(__file__).resolve().parent", os.path.relpath(cwd, folder))
    name = test_name("program", failure)
    shown = _one_line(failure.shown)
    return f'''"""{shown}: the program as it was started, which ended with this."""

import subprocess
import sys
from pathlib import Path


def test_{name}():
    done = subprocess.run(
        [sys.executable, {", ".join(repr(word) for word in words)}],
        cwd={at},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout={seconds:.0f},
    )
    sys.stderr.write(done.stderr)
    assert {failure.type.rpartition(".")[2]!r} not in done.stderr
    assert done.returncode == 0
'''


def _names_target(call: RebuiltCall, root: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(root)}\b", call.call) is not None


def _checked(call: RebuiltCall, expectation: Expectation, comment: str) -> list[str]:
    expression = f"asyncio.run({call.call})" if call.asynchronous else call.call
    if expectation.raises:
        return [f"with pytest.raises({expectation.raises}):", f"    {expression}{comment}"]
    if expectation.equals:
        return [f"assert {expression} == {expectation.equals}{comment}"]
    return [f"{expression}{comment}"]


def _assigned(name: str, source: str) -> str:
    return f"{name} = {_laid_out(source, len(name) + 7, 0)}"


def _laid_out(source: str, taken: int, depth: int) -> str:
    """The expression in one line where it fits, else an element a line."""
    if len(source) + taken + 4 * depth <= MAX_WIDTH or depth > 4:
        return source
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    parts: list[tuple[str, ast.expr]]
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and node.elts:
        brackets = {"List": ("[", "]"), "Tuple": ("(", ")"), "Set": ("{", "}")}
        opening, closing = brackets[type(node).__name__]
        parts = [("", element) for element in node.elts]
    elif isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
        opening, closing = "{", "}"
        keys = [ast.unparse(key) for key in node.keys if key is not None]
        parts = [(f"{key}: ", value) for key, value in zip(keys, node.values, strict=True)]
    elif isinstance(node, ast.Call):
        opening, closing = f"{ast.unparse(node.func)}(", ")"
        parts = [("", argument) for argument in node.args]
        parts += [(f"{k.arg}=", k.value) for k in node.keywords]
    else:
        return source
    indent = "    " * (depth + 1)
    lines = [
        f"{indent}{head}{_laid_out(ast.unparse(part), len(head) + 1, depth + 1)}," for head, part in parts
    ]
    return "\n".join([opening, *lines, "    " * depth + closing])


def _joined(base: str, relative: str) -> str:
    shown = repr(relative)
    if '"' not in relative and "\\" not in shown:
        shown = f'"{relative}"'
    if relative == ".":
        return base
    return f"({base} / {shown}).resolve()" if relative.startswith("..") else f"{base} / {shown}"


def _one_line(text: Text) -> str:
    """Fit for a comment and a docstring, which are English in a test that is made, whoever reads it."""
    words = render(text, DEFAULT_LANGUAGE)
    shown = "".join(c if c.isprintable() else " " for c in words).replace("\\", "/").replace('"', "'")
    return shown if len(shown) <= 60 else shown[:59] + "…"
