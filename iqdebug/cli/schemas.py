"""The JSON Schemas of everything that the commands print with ``--json``.

``python -m iqdebug.cli.schemas FOLDER`` writes them, a file a document; docs/schemas holds what it wrote.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from iqdebug.cli.documents import (
    conversation,
    crashes,
    diagnosis,
    doctor,
    models,
    processes,
    runtime,
    stack,
)
from iqdebug.cli.documents.base import Document, Failure
from iqdebug.core.messages import message, render
from iqdebug.core.output import say

__all__ = ["DOCUMENTS", "main", "schema_name", "schema_texts"]

DOCUMENTS: tuple[type[Document], ...] = (
    processes.Processes,
    doctor.Doctor,
    stack.Snapshot,
    diagnosis.Diagnosis,
    crashes.CrashList,
    crashes.CrashRecord,
    crashes.CrashFile,
    conversation.Reply,
    conversation.Conversations,
    models.ModelList,
    models.ModelFile,
    models.ModelPlan,
    models.ModelRecommendations,
    models.DownloadedModel,
    models.ModelChoice,
    runtime.RuntimeList,
    runtime.RuntimeBuild,
    runtime.RemovedRuntimes,
    Failure,
)


def schema_name(document: type[Document]) -> str:
    """What stands in the document's ``schema``: ``iqdebug/diagnosis/1``."""
    return str(document.__struct_config__.tag)


def schema_texts() -> dict[str, str]:
    """By file name; the name of the schema without its version."""
    return {f"{schema_name(document).split('/')[1]}.json": _schema_text(document) for document in DOCUMENTS}


def _schema_text(document: type[Document]) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_name(document),
        **msgspec.json.schema(document),
    }
    for definition in schema["$defs"].values():  # docstrings are indented before Python 3.13
        if "description" in definition:
            definition["description"] = " ".join(definition["description"].split()).replace("``", "`")
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        say(render(message("cli.schemas.usage")))
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    texts = schema_texts()
    for path in folder.glob("*.json"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
