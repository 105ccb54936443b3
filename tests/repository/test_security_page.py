"""Each line of docs/security.md names tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "security.md"


def _names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def test_each_line_names_tests_that_are_there() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    claims = [row for row in rows if "may try" not in row]
    assert len(claims) > 20
    for row in claims:
        named = re.findall(r"`([a-z_]+/test_\w+\.py)::(test_\w+)`", row)
        assert named, row
        for path, test in named:
            assert test in _names(TESTS / path), (path, test)
