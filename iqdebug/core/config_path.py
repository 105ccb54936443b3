"""Where the settings are kept."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["config_path"]


def config_path() -> Path:
    return Path(
        os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "iqdebug", "config.toml"
    )
