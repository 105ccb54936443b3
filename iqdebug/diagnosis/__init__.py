"""Snapshot and source in, ranked suspects out. Pure functions: nothing here touches a target."""

from __future__ import annotations

from iqdebug.diagnosis.diagnose import diagnose

__all__ = ["diagnose"]
