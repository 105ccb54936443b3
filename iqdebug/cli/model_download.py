"""Fetching a model's file because a person asked, with a bar on a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from iqdebug.core.errors import ModelError, UsageError
from iqdebug.core.messages import message, render
from iqdebug.core.output import say_error, write_over
from iqdebug.llm.gguf.pull import pull
from iqdebug.llm.presets import presets

__all__ = ["download"]

_BAR_CELLS = 30


def download(name: str, file: str | None, to: Path | None, endpoint: str | None) -> Path:
    """The file of a name of `models list`, or of a repository, whole and checked.

    :param file: its name or its quantisation; None for the usual one.
    :raises UsageError: there is no such name, or no such file of it.
    :raises ModelError: no public file is known, or it could not be fetched.
    """
    repository, wanted, checksum = _wanted_file(name, file)
    try:
        return pull(repository, wanted, to=to, endpoint=endpoint, sha256=checksum, on_bytes=_show_progress)
    finally:
        if sys.stderr.isatty():
            say_error("")


def _wanted_file(name: str, file: str | None) -> tuple[str, str, str]:
    """Repository, file and checksum; the checksum is "" where it is not known."""
    preset = presets().get(name)
    if preset is not None:
        usual = preset.usual_file
        if usual is None:
            raise ModelError(message("cli.models.no_public_file", title=preset.title), preset.note)
        wanted = (file or usual.quantisation).lower()
        chosen = next((f for f in preset.files if wanted in (f.quantisation, f.file.lower())), None)
        if chosen is None:
            known = [f.quantisation for f in preset.files]
            raise UsageError(
                message("cli.models.no_such_weights", title=preset.title, wanted=wanted),
                fix=message("cli.models.no_such_weights.fix", known=known),
            )
        return chosen.repository, chosen.file, chosen.sha256
    if name.count("/") != 1:
        raise UsageError(message("cli.models.no_model", name=name), fix=message("cli.models.no_model.fix"))
    if not file:
        raise UsageError(message("cli.models.which_file"), fix=message("cli.models.which_file.fix"))
    return name, file, ""


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        bar = "#" * (_BAR_CELLS * done // max(total, 1))
        words = message("cli.models.progress", done=f"{done / 1e9:6.2f}", total=f"{total / 1e9:.2f}")
        write_over(f"{bar:<30} {render(words)}")
