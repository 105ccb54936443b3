"""Which model a person means: by a setting, a file or a name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.errors import ModelError, UsageError
from iqdebug.core.messages import Text, message
from iqdebug.llm.backends.server_address import require_address
from iqdebug.llm.gguf.header import row_bytes
from iqdebug.llm.gguf.inspect import Shape, inspect
from iqdebug.llm.gguf.plan import Weights
from iqdebug.llm.gguf.pull import data_folder
from iqdebug.llm.model_files import resolved
from iqdebug.llm.presets import GgufFile, PresetShape, presets

__all__ = ["Choice", "PlannedWeights", "choice_of", "weights_of"]

_LOCAL = "llama:"
_SERVERS = ("http://", "https://")
_LIST = message("cli.models.no_model_or_file.fix")


@dataclass(frozen=True, slots=True)
class Choice:
    """:param setting: as the settings file and ``--model`` take it.
    :param why_no_chat: "" where it can chat.
    :param found_message: what was found, where nothing was named.
    """

    setting: str
    why_no_chat: str = ""
    found_message: Text = ""


@dataclass(frozen=True, slots=True)
class PlannedWeights:
    name: Text
    shape: Shape
    weights: Weights


def choice_of(model: str) -> Choice:
    """The model that ``none``, the address of a server, a file or a name of `models list` means, the
    last two with or without ``llama:`` before them.

    :raises UsageError: it is no address, or one of a kind that is not known, or no file of that name is here.
    :raises ModelError: there is no such file and no such name, or the file cannot be run.
    """
    if model == "none":
        return Choice(model)
    if model.startswith(_SERVERS):
        require_address(model)
        return Choice(model)
    name = model.removeprefix(_LOCAL)
    if "://" in name or not name:
        raise UsageError(
            message("cli.models.not_named", model=repr(model)), fix=message("cli.models.not_named.fix")
        )
    path = _file_of(name)
    if path is not None:
        inspection = inspect(path)
        if inspection.problems:
            raise ModelError(message("cli.models.cannot_run", path=str(path)), " ".join(inspection.problems))
        return Choice(f"{_LOCAL}{path.resolve()}", inspection.why_no_chat)
    if name in presets():
        resolved(name)
        return Choice(f"{_LOCAL}{name}")
    raise _not_there(name)


def file_of(model: str) -> Path:
    """The file that its path, its name in the folder of downloads, or ``llama:`` before one of them, means.

    :raises ModelError: there is none.
    """
    name = model.removeprefix(_LOCAL)
    path = _file_of(name)
    if path is None:
        raise _not_there(name)
    return path


def weights_of(model: str) -> list[PlannedWeights]:
    """Of a file its own weights; of a name of `models list` those of its public files, or of each usual type
    where the size of none is known. Both with or without ``llama:`` before them.

    :raises ModelError: there is no such file and no such name, or nothing can be planned for it.
    """
    model = model.removeprefix(_LOCAL)
    path = _file_of(model)
    if path is not None:
        inspection = inspect(path)
        if inspection.vocabulary_only:
            raise ModelError(message("cli.models.vocabulary_only", file=path.name))
        weights = Weights(inspection.layer_bytes, inspection.embedding_bytes, inspection.output_bytes)
        return [PlannedWeights(inspection.name, inspection.shape, weights)]
    known = presets()
    if model not in known:
        raise _not_there(model)
    shape = known[model].shape
    if shape is None:
        raise ModelError(
            message("cli.models.fits_any_file", name=model), fix=message("cli.models.fits_any_file.fix")
        )
    sized = [file for file in known[model].files if file.gigabytes]
    if sized:
        return [_weights_of_file(model, shape, file) for file in sized]
    return [_weights_in(model, shape, kind) for kind in ("q4_K", "q8_0", "f16")]


def _weights_of_file(model: str, shape: PresetShape, file: GgufFile) -> PlannedWeights:
    name = message("cli.plan.weights_in", model=model, kind=file.quantisation)
    return PlannedWeights(name, shape.shape(), file.weights(shape.shape()))


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
            message("cli.models.no_file", name=name),
            message("cli.models.no_file.why", folder=where, data=str(data_folder())),
            _LIST,
        )
    return ModelError(message("cli.models.no_model_or_file", name=name), fix=_LIST)


def _weights_in(model: str, shape: PresetShape, kind: str) -> PlannedWeights:
    attention = shape.width * shape.head_dim * (2 * shape.heads + 2 * shape.kv_heads)
    layer = row_bytes(kind, attention + 3 * shape.width * shape.feed_forward)
    output = row_bytes("q6_K" if kind == "q4_K" else kind, shape.width * shape.vocabulary)
    embedding = row_bytes(kind, shape.width * shape.vocabulary)
    weights = Weights((layer,) * shape.layers, embedding, output)
    return PlannedWeights(message("cli.plan.weights_in", model=model, kind=kind), shape.shape(), weights)
