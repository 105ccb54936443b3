"""How fast models ran on this machine: measured in passing, remembered by model."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from iqdebug.core.json_text import json_bytes
from iqdebug.core.store import state_folder
from iqdebug.system.atomic_write import atomic_write

__all__ = ["MIN_GENERATED", "MIN_PREFILLED", "UNKNOWN", "Speed", "Speeds", "speeds_file"]

MIN_PREFILLED = 256
"""Tokens of a prompt from which on its time says how fast prompts are read."""
MIN_GENERATED = 16
NEWEST_SHARE = 0.5
"""Of a new measurement; the rest is what was known. A busy machine is forgotten after a few."""
_MAX_MODELS = 200


class Speed(msgspec.Struct, frozen=True):
    """Tokens a second; 0 where not measured yet."""

    prefill: float = 0.0
    generation: float = 0.0

    def with_prefill(self, tokens: int, seconds: float) -> Speed:
        """What a prompt of so many tokens adds; too few say nothing."""
        if tokens < MIN_PREFILLED or seconds <= 0:
            return self
        return msgspec.structs.replace(self, prefill=_mixed(self.prefill, tokens / seconds))

    def with_generation(self, tokens: int, seconds: float) -> Speed:
        if tokens < MIN_GENERATED or seconds <= 0:
            return self
        return msgspec.structs.replace(self, generation=_mixed(self.generation, tokens / seconds))


UNKNOWN = Speed()


def _mixed(known: float, new: float) -> float:
    return new if not known else (1 - NEWEST_SHARE) * known + NEWEST_SHARE * new


def speeds_file() -> Path:
    return state_folder() / "speeds.json"


class Speeds:
    """One JSON file, by a model's identity and its layers on the GPU. A damaged one counts as empty; one
    that cannot be written is left as it is."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, model: str) -> Speed:
        return self._read().get(model, UNKNOWN)

    def keep(self, model: str, speed: Speed) -> None:
        known = self._read()
        known.pop(model, None)
        known[model] = speed
        kept = dict(list(known.items())[-_MAX_MODELS:])
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            atomic_write(self._path, json_bytes(msgspec.to_builtins(kept)))

    def _read(self) -> dict[str, Speed]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Speed])
        except (OSError, msgspec.DecodeError):
            return {}
