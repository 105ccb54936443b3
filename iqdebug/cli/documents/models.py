"""`models`: the known models, a model's file, what fits, what suits, what was downloaded and chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from iqdebug.cli.documents.base import Document, Part
from iqdebug.llm.gguf import hardware, inspect, plan
from iqdebug.llm.presets import GgufFile, Preset
from iqdebug.llm.recommend import Recommendation

__all__ = [
    "DownloadedModel",
    "ModelChoice",
    "ModelFile",
    "ModelList",
    "ModelPlan",
    "ModelRecommendations",
    "model_file_document",
    "model_list_document",
    "model_plan_document",
    "recommendations_document",
]


class Shape(Part, frozen=True):
    """What memory depends on. ``loops`` is how often the layers run; ``context`` and ``window`` are
    tokens."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    vocabulary: int
    context: int
    loops: int
    window: int


class HubFile(Part, frozen=True):
    """A file on the hub; ``gigabytes`` (of 10**9 bytes) is 0 and ``sha256`` "" where it is not known."""

    repository: str
    model_file: str
    weights: str
    gigabytes: float
    sha256: str


class KnownModel(Part, frozen=True):
    """A preset. ``context`` is its window in tokens; ``shape`` is null where any file fits. ``tool_format``
    is "" where the file's template tells it, ``licence`` where it is not known."""

    name: str
    title: str
    context: int
    shape: Shape | None
    files: list[HubFile]
    tool_format: str
    source: str
    licence: str
    note: str


class ModelList(Document, frozen=True, tag="iqdebug/models/1"):
    """``setting`` is the model in use, ``downloaded`` are files in ``folder``."""

    setting: str
    models: list[KnownModel]
    folder: str
    downloaded: list[str]


class ModelFile(Document, frozen=True, tag="iqdebug/model-file/1"):
    """What a GGUF file is. Sizes are bytes, ``size`` of all parts together; ``quantisation`` is the
    share of the elements by type; ``why_no_chat`` is "" where it can chat; ``problems`` keep it from
    being run."""

    model_file: str
    name: str
    architecture: str
    preset: str
    shape: Shape
    parameters: int
    size: int
    parts: int
    quantisation: dict[str, float]
    vocabulary_only: bool
    thinks: bool
    tools: bool
    why_no_chat: str
    template: str
    layer_sizes: list[int]
    embedding_size: int
    output_size: int
    problems: list[str]


class Gpu(Part, frozen=True):
    """Bytes; ``free`` is what other programs have left."""

    name: str
    total: int
    free: int


class Machine(Part, frozen=True):
    """``ram`` is in bytes; ``note`` says why no GPU was found."""

    gpus: list[Gpu]
    ram: int
    cores: int
    note: str


class Plan(Part, frozen=True):
    """How to load ``model``, and what that takes in bytes. ``reasons`` say why each choice was made,
    ``next_up`` what the next larger window would need."""

    model: str
    fits: bool
    n_gpu_layers: int
    context: int
    kv_type: str
    n_batch: int
    n_ubatch: int
    flash_attention: bool
    n_threads: int
    swa_full: bool
    gpu: int
    ram: int
    weights_gpu: int
    weights_ram: int
    kv_gpu: int
    kv_ram: int
    compute_gpu: int
    compute_ram: int
    output: int
    reasons: list[str]
    next_up: str


class ModelPlan(Document, frozen=True, tag="iqdebug/model-plan/1"):
    """What of a model fits on ``machine``: one plan for a file, one for each type of weights of a known
    model."""

    machine: Machine
    plans: list[Plan]


class RecommendedModel(Part, frozen=True):
    """``tokens_per_second`` is the most that an answer can be generated with, by the bandwidth of the memory;
    null where that is not known. ``command`` fetches ``file`` and uses it."""

    name: str
    title: str
    licence: str
    file: HubFile
    plan: Plan
    tokens_per_second: float | None
    command: str
    note: str


class ModelRecommendations(Document, frozen=True, tag="iqdebug/model-recommendations/1"):
    """What to fetch for ``machine``, the best first. ``ram_bandwidth`` is in bytes a second, measured just
    now; 0 where it could not be."""

    machine: Machine
    ram_bandwidth: float
    recommendations: list[RecommendedModel]


class DownloadedModel(Document, frozen=True, tag="iqdebug/model-download/1"):
    """The file that was downloaded, or was there already. ``setting`` is "" where it is not in use."""

    model_file: str
    size: int
    setting: str


class ModelChoice(Document, frozen=True, tag="iqdebug/model-choice/1"):
    """The model that is in use from now on. ``why_no_chat`` is "" where it can chat."""

    setting: str
    config_file: str
    why_no_chat: str


def model_list_document(
    setting: str, known: Mapping[str, Preset], folder: str, downloaded: Sequence[str]
) -> ModelList:
    return ModelList(
        setting=setting,
        models=[_known(preset) for preset in known.values()],
        folder=folder,
        downloaded=list(downloaded),
    )


def _known(preset: Preset) -> KnownModel:
    return KnownModel(
        name=preset.name,
        title=preset.title,
        context=preset.context,
        shape=None if preset.shape is None else _shape(preset.shape.shape()),
        files=[_file(file) for file in preset.files],
        tool_format=preset.tool_format,
        source=preset.source,
        licence=preset.licence,
        note=preset.note,
    )


def _file(file: GgufFile) -> HubFile:
    return HubFile(
        repository=file.repository,
        model_file=file.file,
        weights=file.quantisation,
        gigabytes=file.gigabytes,
        sha256=file.sha256,
    )


def _shape(shape: inspect.Shape) -> Shape:
    return msgspec.convert(shape, Shape, from_attributes=True)


def model_file_document(inspection: inspect.Inspection, preset: str) -> ModelFile:
    return ModelFile(
        model_file=inspection.path,
        name=inspection.name,
        architecture=inspection.architecture,
        preset=preset,
        shape=_shape(inspection.shape),
        parameters=inspection.parameters,
        size=inspection.bytes,
        parts=inspection.parts,
        quantisation=dict(inspection.quantisation),
        vocabulary_only=inspection.vocabulary_only,
        thinks=inspection.thinks,
        tools=inspection.tools,
        why_no_chat=inspection.why_no_chat,
        template=inspection.template,
        layer_sizes=list(inspection.layer_bytes),
        embedding_size=inspection.embedding_bytes,
        output_size=inspection.output_bytes,
        problems=list(inspection.problems),
    )


def model_plan_document(machine: hardware.Machine, plans: Sequence[tuple[str, plan.Plan]]) -> ModelPlan:
    return ModelPlan(machine=_machine(machine), plans=[_plan(model, each) for model, each in plans])


def recommendations_document(
    machine: hardware.Machine, ram_bandwidth: float, found: Sequence[Recommendation]
) -> ModelRecommendations:
    """:param ram_bandwidth: bytes a second."""
    return ModelRecommendations(
        machine=_machine(machine),
        ram_bandwidth=ram_bandwidth,
        recommendations=[
            RecommendedModel(
                name=each.preset.name,
                title=each.preset.title,
                licence=each.preset.licence,
                file=_file(each.file),
                plan=_plan(each.preset.name, each.plan),
                tokens_per_second=each.speed or None,
                command=each.command,
                note=each.preset.note,
            )
            for each in found
        ],
    )


def _machine(machine: hardware.Machine) -> Machine:
    return Machine(
        gpus=[Gpu(name=gpu.name, total=gpu.total, free=gpu.free) for gpu in machine.gpus],
        ram=machine.ram,
        cores=machine.cores,
        note=machine.note,
    )


def _plan(model: str, made: plan.Plan) -> Plan:
    return Plan(
        model=model,
        fits=made.fits,
        n_gpu_layers=made.n_gpu_layers,
        context=made.n_ctx,
        kv_type=made.kv_type,
        n_batch=made.n_batch,
        n_ubatch=made.n_ubatch,
        flash_attention=made.flash_attention,
        n_threads=made.n_threads,
        swa_full=made.swa_full,
        gpu=made.gpu,
        ram=made.ram,
        weights_gpu=made.weights_gpu,
        weights_ram=made.weights_ram,
        kv_gpu=made.kv_gpu,
        kv_ram=made.kv_ram,
        compute_gpu=made.compute_gpu,
        compute_ram=made.compute_ram,
        output=made.output,
        reasons=list(made.reasons),
        next_up=made.next_up,
    )
