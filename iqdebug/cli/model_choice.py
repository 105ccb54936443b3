"""Which model a person means: by a setting, a file or a name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.errors import ModelError, UsageError
from iqdebug.llm.backends.server_address import require_address
from iqdebug.llm.gguf.header import row_bytes
from iqdebug.llm.gguf.inspect import Shape, inspect
from iqdebug.llm.gguf.plan import Weights
from iqdebug.llm.gguf.pull import data_folder
from iqdebug.llm.presets import PresetShape, presets

__all__ = ["Choice", "PlannedWeights", "choice_of", "weights_of"]

_LOCAL = "llama:"
_SERVERS = ("http://", "https://")
_LIST = "`iqdebug models list` shows the names and what is downloaded."


@dataclass(frozen=True, slots=True)
class Choice:
    """``setting`` as the settings file and ``--model`` take it; ``why_no_chat`` is "" where it can chat."""

    setting: str
    why_no_chat: str = ""


@dataclass(frozen=True, slots=True)
class PlannedWeights:
    name: str
    shape: Shape
    weights: Weights


def choice_of(model: str) -> Choice:
    """The model that ``none``, the address of a server, a file or a name of `models list` means, the
    last two with or without ``llama:`` before them.

    :raises UsageError: it is no address, or one of a kind that is not known.
    :raises ModelError: there is no such file and no such name, or the file cannot be run.
    """
    if model == "none":
        return Choice(model)
    if model.startswith(_SERVERS):
        require_address(model)
        return Choice(model)
    name = model.removeprefix(_LOCAL)
    if "://" in name or not name:
        raise UsageError(f"{model!r} names no model", "", "Say llama:FILE.gguf, http://host:port/v1 or none")
    path = _file_of(name)
    if path is not None:
        inspection = inspect(path)
        if inspection.problems:
            raise ModelError(f"{path} cannot be run", " ".join(inspection.problems))
        return Choice(f"{_LOCAL}{path.resolve()}", inspection.why_no_chat)
    if name in presets():
        return Choice(f"{_LOCAL}{name}")
    raise _not_there(name)


def weights_of(model: str) -> list[PlannedWeights]:
    """Of a file its own weights; of a name of `models list` those of each usual type.

    :raises ModelError: there is no such file and no such name, or nothing can be planned for it.
    """
    path = _file_of(model)
    if path is not None:
        inspection = inspect(path)
        if inspection.vocabulary_only:
            raise ModelError(f"{path.name} holds a vocabulary and no weights")
        weights = Weights(inspection.layer_bytes, inspection.embedding_bytes, inspection.output_bytes)
        return [PlannedWeights(inspection.name, inspection.shape, weights)]
    known = presets()
    if model not in known:
        raise _not_there(model)
    shape = known[model].shape
    if shape is None:
        raise ModelError(f"The preset {model} fits any file", fix="Name a .gguf file.")
    return [_weights_in(model, shape, kind) for kind in ("q4_K", "q8_0", "f16")]


def _file_of(name: str) -> Path | None:
    """The file of that path, or of that name in the folder of downloads."""
    for path in (Path(os.path.expanduser(name)), data_folder() / name):
        if name and path.exists():
            return path
    return None


def _not_there(name: str) -> ModelError:
    if name.endswith(".gguf") or os.sep in name:
        where = os.path.dirname(os.path.abspath(os.path.expanduser(name)))
        return ModelError(
            f"There is no file {name}", f"It is neither in {where} nor in {data_folder()}", _LIST
        )
    return ModelError(f"There is no model or file {name}", fix=_LIST)


def _weights_in(model: str, shape: PresetShape, kind: str) -> PlannedWeights:
    attention = shape.width * shape.head_dim * (2 * shape.heads + 2 * shape.kv_heads)
    layer = row_bytes(kind, attention + 3 * shape.width * shape.feed_forward)
    output = row_bytes("q6_K" if kind == "q4_K" else kind, shape.width * shape.vocabulary)
    embedding = row_bytes(kind, shape.width * shape.vocabulary)
    weights = Weights((layer,) * shape.layers, embedding, output)
    return PlannedWeights(f"{model} in {kind}", shape.shape(), weights)
