"""Snapshot and source in, ranked suspects out. Pure functions: nothing here touches a target."""

from __future__ import annotations

from iqdebug.evidence.ranking import diagnose

__all__ = ["diagnose"]
