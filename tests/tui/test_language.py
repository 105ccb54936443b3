"""Every word of the screen's own comes from the catalogue: in a language of capitals none is small."""

from __future__ import annotations

import string
from types import SimpleNamespace

import pytest

from iqdebug.core import messages
from iqdebug.core.messages import en
from iqdebug.core.session import Capability
from iqdebug.tui.key_help import help_text, status_of
from tests.tui.fake_session import FakeSession, app_on
from tests.tui.screens import screen, shows


def _loud(template: str) -> str:
    """The template with its own words in capitals."""
    parts = []
    for words, name, spec, _ in string.Formatter().parse(template):
        parts.append(words.upper().replace("{", "{{").replace("}", "}}"))
        if name is not None:
            parts.append(f"{{{name}:{spec.upper()}}}" if spec else f"{{{name}}}")
    return "".join(parts)


@pytest.fixture
def capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    templates = {name: _loud(template) for name, template in en.TEMPLATES.items()}
    catalogue = SimpleNamespace(TEMPLATES=templates, plural_form=en.plural_form)
    monkeypatch.setattr(messages, "catalogue_of", lambda code: catalogue)


@pytest.mark.usefixtures("capitals")
async def test_help_palette_hints_and_tabs_speak_the_language_of_the_catalogue() -> None:
    app = app_on(FakeSession(refusals={Capability.PAUSE: "X"}))
    async with app.run_test(size=(100, 30)) as pilot:
        await shows(pilot, "PAUSED (breakpoint)", "3 VARIABLES", "THREADS (")
        shown = screen(app)
        assert "Threads" not in shown and "Variables" not in shown and "continue" not in shown
        for line in help_text(app.ACTIONS, app.PANES, app.controllers).plain.splitlines():
            assert line[10:] == line[10:].upper()
        for command in app.get_system_commands(app.screen):
            assert command.title.isupper() and command.help.startswith(("KEY ", "SAVE "))
        hints = status_of(app.controllers, app.ACTIONS).hints
        assert hints and all(hint.words.isupper() for hint in hints)
