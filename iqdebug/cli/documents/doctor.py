"""`doctor`: what can be done on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from iqdebug.cli.documents.base import Document, Part
from iqdebug.peek import doctor

__all__ = ["Doctor", "doctor_document"]


class Check(Part, frozen=True):
    """``severity`` says what it means when ``ok`` is false: an ``error`` keeps attaching or looking from
    working, a ``warning`` costs some processes or comfort, ``info`` is worth knowing. ``fix`` is a
    command or a sentence."""

    name: str
    ok: bool
    severity: Literal["error", "warning", "info"]
    detail: str
    fix: str


class Doctor(Document, frozen=True, tag="iqdebug/doctor/1"):
    """What this machine can do. ``ok`` is false when a check with the severity ``error`` failed."""

    ok: bool
    checks: list[Check]


def doctor_document(checks: Sequence[doctor.Check]) -> Doctor:
    return Doctor(
        ok=not any(not check.ok and check.severity == "error" for check in checks),
        checks=[Check(name=c.name, ok=c.ok, severity=c.severity, detail=c.detail, fix=c.fix) for c in checks],
    )
