"""The file of settings: why it cannot be read or written."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "core.config.cannot_be_read": "{path} cannot be read",
    "core.config.cannot_be_written": "{path} cannot be written",
    "core.config.not_edited": "{path} could not be edited",
    "core.config.not_edited.fix": "Write it there: [model] setting = {setting}",
    "core.config.water": "window.low_water is not below window.high_water.",
    "core.config.wrong": "A setting in {path} is wrong",
    "core.config.wrong.fix": "Mend it, or take the line away.",
}
