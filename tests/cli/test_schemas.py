"""docs/schemas holds what the types of the documents give, and the documents speak one language."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from iqdebug.cli.schemas import DOCUMENTS, schema_name, schema_texts
from tests.cli.documents import SCHEMAS


def definitions() -> dict[str, dict[str, Any]]:
    """Properties of every object of every schema."""
    found: dict[str, dict[str, Any]] = {}
    for name, text in schema_texts().items():
        for title, definition in json.loads(text)["$defs"].items():
            if definition.get("type") == "object":
                found[f"{name} {title}"] = definition
    return found


def test_the_stored_schemas_are_those_of_the_types() -> None:
    stored = {path.name: path.read_text("utf-8") for path in SCHEMAS.iterdir()}
    assert stored == schema_texts(), "run: python -m iqdebug.cli.schemas docs/schemas"


def test_the_command_writes_them_and_takes_away_others(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text("{}")
    subprocess.run([sys.executable, "-m", "iqdebug.cli.schemas", str(tmp_path)], check=True, timeout=50)
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == schema_texts()


def test_each_document_has_a_name_and_a_version_of_its_own() -> None:
    names = [schema_name(document) for document in DOCUMENTS]
    assert len(set(names)) == len(names)
    for name in names:
        program, kind, version = name.split("/")
        assert program == "iqdebug" and kind and version.isdecimal()


def test_every_key_is_always_there() -> None:
    for name, definition in definitions().items():
        assert sorted(definition["required"]) == sorted(definition["properties"]), name
        assert definition.get("description"), f"{name} has no description"


def test_one_thing_has_one_key() -> None:
    for name, definition in definitions().items():
        keys = definition["properties"].keys()
        assert not keys & {"path", "filename", "lineno", "locals", "proof", "hint", "why_not"}, name
        assert not keys & {"line", "function"} or "file" in keys, name
        if "rank" in keys:
            assert {"file", "line", "function", "score", "reasons", "variables"} <= keys, name
