"""Rules about imports that the package's own contract cannot state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def test_only_its_own_tests_import_bench() -> None:
    """bench/ builds on tests/support; the other way round there would be a circle."""
    importers = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("*.py")
        if file.parent != ROOT / "tests" / "bench" and "programs" not in file.parts
        for name in imported(file)
        if name.split(".")[0] == "bench"
    }
    assert importers == set()


def test_bench_takes_from_the_tests_only_what_they_share() -> None:
    taken = {
        name for file in (ROOT / "bench").glob("*.py") for name in imported(file) if name.startswith("tests")
    }
    assert taken and all(name.startswith("tests.support.") for name in taken)


def test_each_room_has_its_tests() -> None:
    rooms = {folder.name for folder in (ROOT / "iqdebug").iterdir() if (folder / "__init__.py").is_file()}
    tested = {folder.name for folder in (ROOT / "tests").iterdir() if list(folder.glob("test_*.py"))}
    assert len(rooms) > 10 and rooms <= tested
