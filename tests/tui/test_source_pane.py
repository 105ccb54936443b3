"""The source pane by itself."""

from __future__ import annotations

from textual.app import App, ComposeResult

from iqdebug.tui.panes.source import SourcePane
from tests.tui.screens import screen, shows

CELL = "<ipython-input-3-0123456789ab>"


async def test_a_text_that_memory_holds_only_later_is_shown_then() -> None:
    texts: dict[str, tuple[str, ...]] = {}

    class OnePane(App[None]):
        def compose(self) -> ComposeResult:
            yield SourcePane(lambda path: texts.get(path, ()), in_memory=lambda path: True)

    app = OnePane()
    async with app.run_test(size=(80, 10)) as pilot:
        pane = app.query_one(SourcePane)
        pane.show(CELL, 1)
        await shows(pilot, "source not available")
        texts[CELL] = ("first = 1",)
        pane.show(CELL, 1)
        await shows(pilot, "first = 1")
        texts[CELL] = ("again = 2",)  # the cell was run again under the same name
        pane.show(CELL, 1)
        await shows(pilot, "again = 2")
        assert "first = 1" not in screen(app)
