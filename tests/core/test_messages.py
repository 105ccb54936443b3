"""Messages and their catalogue: every sentence that code can make has a template, and fits it."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import string
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import iqdebug
from iqdebug.cli.main import main
from iqdebug.core import messages
from iqdebug.core.evidence import AnomalyKind, Confidence, HopKind
from iqdebug.core.messages import (
    Message,
    anomaly_kind_message,
    catalogue_of,
    confidence_message,
    contains,
    current_language,
    en,
    hop_message,
    message,
    render,
    set_language,
)
from iqdebug.core.session import Capability, capability_message
from iqdebug.core.state import Diagnosis, Suspect
from iqdebug.diagnosis.knowledge import meanings
from iqdebug.diagnosis.rules.renamed import GONE
from tests.support.crashfile import contents, written

PACKAGE = Path(iqdebug.__file__).parent
LANGUAGES = sorted(p.parent.name for p in (PACKAGE / "core" / "messages").glob("*/__init__.py"))


@cache
def calls_in_package() -> tuple[tuple[str, frozenset[str], str], ...]:
    """Each ``message("id", name=…)`` of the package, and each ``reason("id", name=…)`` of the agent, which
    cannot import the catalogue: its id, the values it gives, and where it stands. The id must be written out,
    or nothing could be checked."""
    calls = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        maker, imported = "message", "core.messages import"
        if path.is_relative_to(PACKAGE / "agent"):
            maker, imported = "reason", ".reasons import"
        if f"{maker}(" not in text or imported not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == maker:
                where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                first = node.args[0]
                assert isinstance(first, ast.Constant) and isinstance(first.value, str), where
                names = frozenset(k.arg for k in node.keywords if k.arg is not None)
                assert len(names) == len(node.keywords), where
                calls.append((first.value, names, where))
    return tuple(calls)


def of_enums_and_tables() -> Iterator[Message]:
    """Messages whose ids come from data."""
    yield from (anomaly_kind_message(kind) for kind in AnomalyKind)
    yield from (hop_message(kind, "x") for kind in HopKind)
    yield from (capability_message(capability) for capability in Capability)
    yield from (confidence_message(confidence) for confidence in Confidence)
    yield from (meaning.message for listed in meanings().values() for meaning in listed)
    yield from (instead for _, _, instead in GONE.values() if isinstance(instead, Message))


def named_in(template: str) -> set[str]:
    fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    assert all(name.isidentifier() for name in fields), template
    return fields


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_is_used_and_gets_the_values_it_names(language: str) -> None:
    templates = catalogue_of(language).TEMPLATES
    used = set()
    for message_id, names, where in calls_in_package():
        used.add(message_id)
        assert message_id in templates, f"{where}: no template for {message_id}"
        missing = named_in(templates[message_id]) - names
        assert not missing, f"{where}: {message_id} names {missing}, which the message does not carry"
        if language == "en":
            assert not names - named_in(templates[message_id]), f"{where}: {message_id} leaves out a value"
    for made in of_enums_and_tables():
        used.add(made.id)
        assert named_in(templates[made.id]) <= {name for name, _ in made.values}, made.id
    assert set(templates) == used, f"unused: {sorted(set(templates) - used)}"


def test_each_id_is_in_one_file_of_the_catalogue() -> None:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(en.__path__, f"{en.__name__}.")
        if not found.ispkg or found.name.endswith(".meanings")
    ]
    parts = [m.TEMPLATES for m in modules if hasattr(m, "TEMPLATES")]
    assert sum(len(part) for part in parts) == len(en.TEMPLATES)
    assert {message_id: en.TEMPLATES[message_id] for part in parts for message_id in part} == dict(
        en.TEMPLATES
    )


def test_a_room_s_sentences_are_read_when_they_are_needed() -> None:
    code = (
        "import sys; from iqdebug.core.messages import message, render; "
        "assert render(message('exit.done')) and render(message('cli.commands')); "
        "print([m for m in sys.modules if m.startswith('iqdebug.core.messages.en.tui')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_values_are_filled_in_and_never_read_as_templates() -> None:
    hop = hop_message(HopKind.PASSED, "{name}")
    gave = message("reason.gave_value", name="a{b}", how=hop, code="x = {}")
    assert render(gave) == "`a{b}` is passed as `{name}`: `x = {}`"


def test_lists_numbers_and_what_is_left_out() -> None:
    one = message("anomaly.recursion.same", names=[message("quoted", text="a")], count=1)
    two = message("anomaly.recursion.same", names=[message("quoted", text=n) for n in "ab"], count=2)
    assert render(one) == "`a` is the same every time"
    assert render(two) == "`a`, `b` are the same every time"
    assert render(message("anomaly.recursion", parts=[one, two])).count("; ") == 1
    zone = message("anomaly.naive_datetime", name="now", other=None, made=None)
    assert render(zone) == "`now` has no time zone"


def test_words_that_are_no_message_stay_as_they_are() -> None:
    assert render("{nothing} is replaced") == "{nothing} is replaced"


def test_equal_messages_are_equal_values_however_they_are_written() -> None:
    one, other = (
        message("near.types", wanted="a", known="b"),
        message("near.types", known="b", wanted="a"),
    )
    assert one == other and hash(one) == hash(other) and one.value("known") == "b"


LATIN = """
TEMPLATES = {
    "headline.exception": "{exception}, quod accidit in {place}",
    "live.place": "{function} ({file}, linea {line})",
    "confidence.possible": "forsan",
    "reason.raised_for_caller": "haec linea consulto: {nothing}causa est vocans",
    "unavailable.running": "programma currit",
}


def plural_form(count):
    return 0 if count == 1 else 1
"""


@pytest.fixture
def made_up_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The code of a language that has a few sentences; it is set nowhere yet."""
    package = tmp_path / "languages" / "latin"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(LATIN, "utf-8")
    monkeypatch.setattr(messages, "__path__", [*messages.__path__, str(package.parent)])
    yield "latin"
    set_language("en")
    sys.modules.pop(f"{messages.__name__}.latin", None)
    catalogue_of.cache_clear()


def test_a_diagnosis_speaks_the_language_of_the_settings(
    made_up_language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "iqdebug" / "config.toml"
    settings.parent.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "x.iqcrash"
    path.write_bytes(written(contents()))

    def diagnosis(*more: str) -> str:
        assert main(["diagnose", str(path), *more]) == 0
        return capsys.readouterr().out

    english = diagnosis()
    assert "Possible: ValueError: no such user at main.py:26 in main" in english
    settings.write_text(f'language = "{made_up_language}"\n')
    latin = diagnosis()
    assert "Forsan: ValueError: no such user, quod accidit in main (main.py, linea 26)" in latin
    assert json.loads(diagnosis("--json"))["headline"].endswith("linea 26)")
    assert json.loads(diagnosis("--json"))["confidence"] == "possible", "a value of JSON is no text"
    settings.write_text('language = "klingon"\n')
    assert diagnosis() == english


def test_what_a_language_lacks_is_english(made_up_language: str) -> None:
    set_language(made_up_language)
    assert current_language() == made_up_language
    assert render(message("unavailable.running")) == "programma currit"
    assert render(message("unavailable.stopped")) == "already paused"
    assert render(message("unavailable.running"), "en") == "the process is running: pause it first"


@pytest.mark.parametrize("code", ["klingon", "", "../en", "en.kinds", "typing"])
def test_an_unknown_language_is_english(code: str) -> None:
    set_language(code)
    assert current_language() == "en"


def test_a_kept_message_of_another_version_is_rendered_all_the_same() -> None:
    assert render(Message("live.grew_at", (("reason", "it grew"),))) == "it grew ()"
    assert render(Message("gone.long_ago", (("name", "x"),))) == "gone.long_ago"


def test_a_sentence_without_the_place_that_stands_beside_it() -> None:
    def place(line: int) -> Message:
        return message("live.place", file="a.py", line=line, function="f")

    failed = message("headline.exception", exception="KeyError: 1", place=place(3))
    reason = message("reason.raised_further_in", place=place(9))
    explained = message("headline.explained", headline=failed, reason=reason)
    for headline, line, short in (
        (failed, 3, "KeyError: 1"),
        (explained, 3, "KeyError: 1: the exception was raised further in, at a.py:9 in f"),
        (explained, 4, "KeyError: 1 at a.py:3 in f: the exception was raised further in, at a.py:9 in f"),
        ("KeyError at a.py:3 in f", 3, "KeyError at a.py:3 in f"),
    ):
        suspect = Suspect("/srv/a.py", line, "f", 0.9)
        assert Diagnosis(headline, Confidence.LIKELY, (suspect,)).short_headline == short


def test_a_message_contains_itself_and_its_values() -> None:
    reason = message("quoted", text="a")
    whole = message("headline.explained", headline="x", reason=reason)
    listed = message("anomaly.recursion", parts=[whole])
    assert contains(whole, whole) and contains(listed, reason) and contains(listed, "x")
    assert not contains(whole, listed) and not contains("a reason", "reason")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_headline_can_do_without_its_place(language: str) -> None:
    """What leads up to the place goes with it: ``{place:? at }``."""
    for message_id, template in catalogue_of(language).TEMPLATES.items():
        specs = [spec or "" for _, name, spec, _ in string.Formatter().parse(template) if name == "place"]
        if message_id.startswith(("headline.", "live.")) and message_id != "live.nothing.paused":
            assert all(spec.startswith("?") for spec in specs), message_id
