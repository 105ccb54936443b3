"""Every help text and every name of an argument comes from the catalogue."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from iqdebug.cli.commands import COMMANDS, parser_for
from iqdebug.cli.main import main
from iqdebug.core import messages
from iqdebug.core.messages import en

_MARK = "§"
_OF_PYTHON = {"show this help message and exit", "show program's version number and exit"}


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language in which every sentence begins with a mark."""
    templates = {name: _MARK + template for name, template in en.TEMPLATES.items()}
    catalogue = SimpleNamespace(TEMPLATES=templates, plural_form=en.plural_form)
    monkeypatch.setattr(messages, "catalogue_of", lambda code: catalogue)


def _words(parser: argparse.ArgumentParser) -> Iterator[str | None]:
    """What its help shows besides the names of options, and that of its actions."""
    yield from (parser.usage, parser.description, parser.epilog) if parser.usage else ()
    for action in parser._actions:
        if action.help != argparse.SUPPRESS:
            yield action.help
            yield action.metavar if isinstance(action.metavar, str) else None
        if isinstance(action, argparse._SubParsersAction):
            yield from (each.help for each in action._choices_actions)
            for own in action.choices.values():
                yield from _words(own)


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_help_speaks_the_language_of_the_catalogue(command: str) -> None:
    words = {each for each in _words(parser_for([command])) if each is not None}
    assert len(words) > len(COMMANDS)
    assert {each for each in words if not each.startswith(_MARK)} <= _OF_PYTHON


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["help", "nonsense"], 2),
        (["diagnose"], 2),
        (["diagnose", "--", "nowhere.py"], 2),
        (["diagnose", "--", "true"], 3),
        (["run", "nowhere.py"], 2),
        (["models", "use", "nowhere"], 12),
        (["resume", "99"], 2),
        (["resume"], 0),
        (["models", "plan", "nowhere.gguf"], 12),
    ],
    ids=str,
)
def test_what_is_printed_does_too(words: list[str], code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(words) == code
    printed = capfd.readouterr()
    for line in (printed.out + printed.err).splitlines():
        assert line.removeprefix("iqdebug: ").lstrip().startswith(_MARK), line
