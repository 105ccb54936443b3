"""ARCHITECTURE.md names modules and names in them: each is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "iqdebug"
ROOMS = sorted(folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file())
NAMED = re.compile(rf"`((?:{'|'.join(ROOMS)})[./][\w./]+)`")
NAMES = sorted(set(NAMED.findall((ROOT / "ARCHITECTURE.md").read_text("utf-8"))))


def test_the_page_names_modules() -> None:
    assert len(NAMES) > 40


@pytest.mark.parametrize("name", NAMES)
def test_what_it_names_is_there(name: str) -> None:
    """`room/module.py`, `room/folder`, `room.module` or `room.module.Name`."""
    parts = name.removesuffix(".py").strip("/").replace("/", ".").split(".")
    for count in range(len(parts), 0, -1):
        place, rest = PACKAGE.joinpath(*parts[:count]), parts[count:]
        if place.is_dir() and not rest:
            return
        file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
        if file.is_file():
            text = file.read_text("utf-8")
            assert not rest or re.search(rf"\b{rest[0]}\b", text), f"{file} has no {rest[0]}"
            return
    raise AssertionError(f"there is no {name}")


def test_each_room_is_in_the_list() -> None:
    listed = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## The way of a stop")[0]
    assert [room for room in ROOMS if f"\n  {room}/" not in listed] == []
