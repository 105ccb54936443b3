"""What the tests of the screen share: waiting for it, reading it, comparing it with a stored picture."""

from __future__ import annotations

import asyncio
import html
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

SNAPSHOTS = Path(__file__).parent / "snapshots"
_TEXT = re.compile(
    r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>(.*?)</text>', re.S
)
_CELL = 12.2  # width of a column in Rich's pictures


def picture_lines(svg: str) -> list[str]:
    """The words of a picture that the app made of its screen, line by line."""
    rows: dict[float, dict[int, str]] = {}
    for x, y, _, body in _TEXT.findall(svg):
        rows.setdefault(float(y), {})[round(float(x) / _CELL)] = html.unescape(body).replace("\xa0", " ")
    lines = []
    for _, parts in sorted(rows.items()):
        line = ""
        for column, words in sorted(parts.items()):
            line = line.ljust(column) + words
        lines.append(line.rstrip())
    return lines


def screen(app: App[Any]) -> str:
    """The words on the screen now."""
    return "\n".join(picture_lines(app.export_screenshot()))


async def until(
    pilot: Pilot[Any], condition: Callable[[], object], words: str = "", seconds: float = 10.0
) -> None:
    """:raises AssertionError: the condition did not come true in time; tells what the screen shows."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, (
            f"{words or 'it'} did not happen; the screen:\n{screen(pilot.app)}"
        )
        await pilot.pause()
        await asyncio.sleep(0.005)
    await pilot.pause()


async def shows(pilot: Pilot[Any], *words: str, seconds: float = 10.0) -> None:
    """Wait until all the words are on the screen."""
    await until(pilot, lambda: all(w in screen(pilot.app) for w in words), f"{words} on screen", seconds)


def status(app: App[Any]) -> str:
    """The words of the status bar's first line."""
    return str(app.screen_stack[0].query_one("#status", Static).render()).split("\n")[0]


def notices(app: App[Any]) -> list[str]:
    """What the app has told in passing."""
    return [str(n.message) for n in app._notifications]


def compare(app: App[Any], name: str) -> None:
    """Compare the screen's words with the stored picture; ``IQDEBUG_UPDATE_SNAPSHOTS=1`` stores it
    anew."""
    path = SNAPSHOTS / f"{name}.svg"
    svg = app.export_screenshot(title=name)
    if os.environ.get("IQDEBUG_UPDATE_SNAPSHOTS") == "1":
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(svg, "utf-8")
    assert path.exists(), f"no picture {path.name}: make it with IQDEBUG_UPDATE_SNAPSHOTS=1"
    assert picture_lines(svg) == picture_lines(path.read_text("utf-8"))
