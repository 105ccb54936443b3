"""Reads what a command printed with ``--json``, and holds it against the schema that it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def document(text: str, name: str) -> dict[str, Any]:
    """The one document in the text, which is one of that name and as its schema says."""
    parsed: dict[str, Any] = json.loads(text)
    schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    assert parsed["schema"] == schema["$id"] and schema["$id"].startswith(f"iqdebug/{name}/")
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(parsed)
    return parsed
