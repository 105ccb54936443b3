"""Fixes that evidence proves, without a model: each with the reason that proves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iqdebug.assistant.actions.edits import EditRefused, Hunk
from iqdebug.assistant.actions.fix import Proposal, propose
from iqdebug.core.evidence import Replacement
from iqdebug.core.messages import message
from iqdebug.core.state import Diagnosis

__all__ = ["NEEDS_A_MODEL", "proven_fixes"]

NEEDS_A_MODEL = message("assistant.actions.fix.needs_a_model")

MIN_WEIGHT = 0.6
"""An anomaly that weighs less is no proof."""


def proven_fixes(
    diagnosis: Diagnosis, *, root: str, read_source: Callable[[str], Sequence[str]]
) -> tuple[Proposal, ...]:
    """The edits that follow from what is unusual about the failure, the surest first; () where none
    does (then :data:`NEEDS_A_MODEL` is to be said). Nothing is changed.

    :param read_source: the lines as they are on disk now: an edit has to fit them.
    """
    proposals: list[Proposal] = []
    for anomaly in diagnosis.anomalies:
        if anomaly.edit is None or anomaly.weight < MIN_WEIGHT:
            continue
        hunk = _hunk(anomaly.edit, read_source(anomaly.edit.path))
        if hunk is None:
            continue
        try:
            proposal = propose([hunk], root, reason=anomaly.message)
        except EditRefused:
            continue
        if proposal.diff not in {p.diff for p in proposals}:
            proposals.append(proposal)
    return tuple(proposals)


def _hunk(edit: Replacement, lines: Sequence[str]) -> Hunk | None:
    """The edit as whole lines; None where the file no longer has the text that it replaces."""
    old = [text.rstrip("\r\n") for text in lines[edit.line - 1 : edit.end_line]]
    if len(old) != edit.end_line - edit.line + 1:
        return None
    before, after = old[0][: edit.column], old[-1][edit.end_column :]
    if "\n".join(old) != before + edit.old + after:
        return None
    return Hunk(edit.path, tuple(old), tuple((before + edit.new + after).split("\n")), edit.line)
