"""Where a model's file lies on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from iqdebug.core.errors import UsageError
from iqdebug.core.messages import message
from iqdebug.llm.gguf.pull import data_folder
from iqdebug.llm.presets import presets

__all__ = ["resolved"]


def resolved(name: str) -> Path:
    """The file that a path, a file of the data folder, or a preset's name means.

    :raises UsageError: there is none.
    """
    path, folder = Path(os.path.expanduser(name)), data_folder()
    if path.is_file():
        return path
    if (folder / name).is_file():
        return folder / name
    known = presets()
    if name in known:
        names = [f.file for f in known[name].files]
        files = [folder / n for n in names if (folder / n).is_file()]
        words = known[name].match
        files += [
            p for p in sorted(folder.glob("*.gguf")) if words and all(w in _plain(p.stem) for w in words)
        ]
        if files:
            return files[0]
        what = message("llm.open.not_here", model=name)
        why = message("llm.open.not_here.why", folder=str(folder))
        fix = f"iqdebug models pull {name}" if names else message("llm.open.not_here.fix")
        raise UsageError(what, why, fix)
    raise UsageError(message("llm.open.no_file", path=str(path)), "", message("llm.open.no_file.fix"))


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
