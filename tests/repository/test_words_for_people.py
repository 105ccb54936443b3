"""Sentences that people read stand in the catalogue, not in the code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import iqdebug

PACKAGE = Path(iqdebug.__file__).parent
WORDS = re.compile(r"[A-Za-z][a-z']+[,:;]? [A-Za-z]*[a-z']+")
COMMAND = re.compile(
    r"^(?:pip|iqdebug|export|sudo|docker|podman|kubectl|ssh|apt-get|dnf|apk|zypper|hf|mount|NO_PROXY)\b|"
    r"^\{[^}]*\}(?: -m pip|nsenter|apt-get)"
)

NOT_COUNTED = (
    *("agent/", "capture/", "pytest_plugin/"),  # run in programs, where there is no catalogue
    *("diagnosis/rules/", "diagnosis/dataflow/", "diagnosis/live/", "diagnosis/knowledge/"),  # patterns
    *("diagnosis/prompt/", "assistant/tools/", "assistant/prompts.py", "llm/tool_formats/"),  # for the model
    *("llm/tool_schema.py", "llm/json_grammar.py"),  # for the model
    *("llm/worker/native.py", "llm/runtime/source.py", "peek/kernel.py"),  # words of other programs
    "assistant/fact_check/",  # patterns of sentences
    *("core/expressions.py", "core/session.py", "cli/argparse_words.py"),  # names, keys of gettext
)
"""Modules whose texts are not for people."""
ALLOWED = {
    "__init__.py": 1,
    "assistant": 40,
    "cli": 1,
    "core": 1,
    "crash": 1,
    "dap": 44,
    "diagnosis": 0,
    "llm": 41,
    "peek": 11,
    "system": 2,
    "tui": 2,
    "workflows": 5,
}
"""Literals of two or more words that are code, log lines, patterns or the words of other programs. A figure
may fall; it rises only with such a literal."""
SPEAKERS = frozenset({"notify", "notify_error", "note", "say", "wipe_and_say", "add_argument_group"})


def literals(tree: ast.AST) -> list[tuple[int, str]]:
    """Texts that are not docstrings; an f-string as one, with braces for its values."""
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    inner |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            found.append((node.lineno, node.value))
        elif isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
            found.append((node.lineno, "".join(map(str, parts))))
    return found


def test_no_room_gains_sentences_outside_of_the_catalogue() -> None:
    counts: Counter[str] = Counter()
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(("core/messages/", *NOT_COUNTED)):
            room = name.partition("/")[0]
            tree = ast.parse(path.read_text("utf-8"))
            counts[room] += sum(
                WORDS.search(text) is not None and not COMMAND.match(text) for _, text in literals(tree)
            )
    over = {room: count for room, count in counts.items() if count > ALLOWED.get(room, 0)}
    assert not over, f"more than {ALLOWED}: move sentences into core/messages/en, or say here why not"


def test_errors_are_made_of_messages() -> None:
    errors = {
        name
        for name, value in vars(__import__("iqdebug.core.errors", fromlist=["*"])).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in errors and node.func.id not in SPEAKERS:
                continue
            for argument in node.args:
                for line, text in (
                    literals(ast.Expression(argument)) if not isinstance(argument, ast.Call) else ()
                ):
                    if WORDS.search(text) and not COMMAND.match(text):
                        wrong.append(f"{path.relative_to(PACKAGE)}:{line}: {text!r}")
    assert not wrong, wrong
