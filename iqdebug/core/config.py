"""The settings: ``$XDG_CONFIG_HOME/iqdebug/config.toml``, every one optional."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from iqdebug.core.config_path import config_path
from iqdebug.core.errors import UsageError
from iqdebug.core.messages import DEFAULT_LANGUAGE, message, set_language
from iqdebug.system.atomic_write import atomic_write

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Config", "Model", "Rights", "Window", "config_path", "load", "save_model", "use_language"]

Right = Literal["ask", "session", "always"]
_Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    setting: str = "none"
    """``llama:NAME_OR_FILE``, ``http://host/v1``, ``https://host/v1`` or ``none``."""
    context: Annotated[int, msgspec.Meta(ge=0, le=1 << 24)] = 0
    """The window in tokens; 0: the largest that fits."""
    kv_type: Literal["auto", "f16", "q8_0", "q4_0"] = "auto"
    """How keys and values are kept."""
    gpu_layers: Annotated[int, msgspec.Meta(ge=-1)] | None = None
    """Layers on the GPU, -1 for all; not set: as planned."""
    temperature: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    """This and the next three replace the preset's sampling."""
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    top_k: Annotated[int, msgspec.Meta(ge=0)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(gt=0)] | None = None
    first_token_timeout: Annotated[float, msgspec.Meta(gt=0)] = 600.0
    """Seconds to wait for the first token of an answer."""
    tools: Literal["auto", "few", "all"] = "auto"
    """What the model may call: all tools, or the few that a small model can choose from; ``auto`` by its
    size."""
    mask_local: bool = True
    """Mask secrets for a model on this machine too; for a remote one they always are."""


class Rights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    probe: Right = "ask"
    """Evaluating what may run code: ask each time, once a session, or always allowed."""
    control: Right = "ask"
    """Stepping, continuing, breakpoints: the same."""


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    high_water: _Share = 0.85
    """Share of the window at which older stops are folded."""
    low_water: _Share = 0.40
    """Share that is left after folding."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: Model = Model()
    rights: Rights = Rights()
    window: Window = Window()
    language: str = DEFAULT_LANGUAGE
    """Of all texts, those of JSON documents included: the name of a catalogue in ``core/messages``."""


def load(path: Path | None = None) -> Config:
    """The settings; the defaults where there is no file.

    :raises UsageError: it is no TOML, or a setting is unknown or wrong.
    """
    path = path or config_path()
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeError) as error:
        raise UsageError(message("core.config.cannot_be_read", path=str(path)), str(error)) from None
    return _parsed(text, path)


def use_language(path: Path | None = None) -> None:
    """Render messages in the language that the settings name. Never raises: wrong settings are reported
    by what uses them, in English."""
    try:
        set_language(load(path).language)
    except UsageError:
        set_language(DEFAULT_LANGUAGE)


def _parsed(text: str, path: Path) -> Config:
    try:
        config = msgspec.convert(tomllib.loads(text), Config)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(
            message("core.config.wrong", path=str(path)), str(error), message("core.config.wrong.fix")
        ) from None
    if config.window.low_water >= config.window.high_water:
        raise UsageError(message("core.config.wrong", path=str(path)), message("core.config.water"))
    return config


def save_model(setting: str, path: Path | None = None) -> None:
    """Set ``model.setting`` and leave every other byte of the file as it is. Written atomically.

    :raises UsageError: the file is wrong already, or cannot be written.
    """
    path = path or config_path()
    load(path)
    try:
        text = path.read_text("utf-8") if path.exists() else ""
        edited = _edited(text, setting)
        if _parsed(edited, path).model.setting != setting:
            raise UsageError(
                message("core.config.not_edited", path=str(path)),
                fix=message("core.config.not_edited.fix", setting=repr(setting)),
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.resolve()  # what a link points to is replaced, not the link
        atomic_write(path, edited.encode("utf-8"), like=path.stat() if path.exists() else None)
    except OSError as error:
        raise UsageError(message("core.config.cannot_be_written", path=str(path)), str(error)) from None


def _edited(text: str, setting: str) -> str:
    value = f"setting = {json.dumps(setting, ensure_ascii=False)}"
    lines = text.splitlines(keepends=True)
    inside, head = False, -1
    for number, line in enumerate(lines):
        if re.match(r"\s*\[", line):
            inside = bool(re.match(r"\s*\[\s*model\s*\]", line))
            head = number if inside else head
        elif inside:
            found = re.match(r"""\s*setting\s*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*')""", line)
            if found:
                lines[number] = value + line[found.end() :]
                return "".join(lines)
    if head >= 0:
        if not lines[head].endswith("\n"):
            lines[head] += "\n"
        lines.insert(head + 1, value + "\n")
        return "".join(lines)
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[model]\n{value}\n"
