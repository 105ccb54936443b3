"""Plans which layers of a model go to the GPU and how large its window is, from the file's header."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Message, Text, message, render
from iqdebug.llm.gguf.hardware import Gpu, Machine
from iqdebug.llm.gguf.header import row_bytes
from iqdebug.llm.gguf.inspect import Shape
from iqdebug.llm.runtime.rollback import swa_cells

__all__ = ["KV_TYPES", "Plan", "Weights", "compute_bytes", "kv_bytes", "output_bytes", "plan"]

KV_TYPES = ("f16", "q8_0", "q4_0")
_CONTEXTS = (131072, 65536, 32768, 16384, 8192, 4096, 2048)
_USABLE_GPU_SHARE = 0.95  # of a GPU's free memory: its driver and libraries need the rest
_USABLE_RAM_SHARE = 0.90
_SEQUENCE_COUNT = 2  # the log, and completions beside it
_KV_REASONS = {
    "f16": message("llm.plan.kv.f16"),
    "q8_0": message("llm.plan.kv.q8_0"),
    "q4_0": message("llm.plan.kv.q4_0"),
}


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of the weights; ``output`` are the output layer and the last norm."""

    layers: tuple[int, ...]
    embedding: int
    output: int

    @property
    def total(self) -> int:
        return sum(self.layers) + self.embedding + self.output


@dataclass(frozen=True, slots=True)
class Plan:
    """How to load a model, and what that takes. Amounts are bytes.

    :param n_gpu_layers: as llama.cpp counts: the last layers of the file, one more for the output layer.
    :param reason_messages: why each choice was made, in sentences; ``reasons`` in words.
    :param next_up_message: what the next larger window would need; "" when this is the largest. ``next_up``
        in words.
    """

    n_gpu_layers: int
    n_ctx: int
    kv_type: str
    n_batch: int
    n_ubatch: int
    flash_attention: bool
    n_threads: int
    swa_full: bool
    weights_gpu: int
    weights_ram: int
    kv_gpu: int
    kv_ram: int
    compute_gpu: int
    compute_ram: int
    output: int
    fits: bool
    reason_messages: tuple[Text, ...]
    next_up_message: Text = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(render(reason) for reason in self.reason_messages)

    @property
    def next_up(self) -> str:
        return render(self.next_up_message)

    @property
    def gpu(self) -> int:
        return self.weights_gpu + self.kv_gpu + self.compute_gpu

    @property
    def ram(self) -> int:
        return self.weights_ram + self.kv_ram + self.compute_ram + self.output

    @property
    def total(self) -> int:
        return self.gpu + self.ram


def _padded(count: int) -> int:
    return -(-count // 256) * 256


def kv_bytes(shape: Shape, n_ctx: int, kind: str, n_ubatch: int = 512, swa_full: bool = False) -> int:
    """Keys and values of one layer of the file, both of a Loop's caches together."""
    row = row_bytes(kind, shape.kv_heads * shape.head_dim)
    cells = _padded(n_ctx)
    if shape.loops > 1:
        ring = swa_cells(shape.window, n_ctx=cells, n_ubatch=n_ubatch, n_seq_max=_SEQUENCE_COUNT)
        cells += (shape.loops - 1) * (cells if swa_full else ring)
    return 2 * row * cells


def compute_bytes(shape: Shape, n_ctx: int, n_ubatch: int, flash_attention: bool) -> int:
    """The scratch memory of one batch, estimated: its logits or its attention, whichever is more."""
    stream = n_ubatch * shape.width * 4
    cells = _padded(n_ctx)
    masks = 2 if shape.loops > 1 else 1
    mask = n_ubatch * cells * (2 if flash_attention else 4) * masks
    attention = mask + 9 * stream
    if not flash_attention:
        attention += -3 * stream + n_ubatch * cells * shape.heads * 4
    feed = mask + 2 * stream + 2 * n_ubatch * shape.feed_forward * 4
    logits = n_ubatch * shape.vocabulary * 4 + 2 * stream
    return max(attention, feed, logits)


def output_bytes(shape: Shape) -> int:
    """The logits of one token."""
    return shape.vocabulary * 4


def plan(
    shape: Shape, weights: Weights, machine: Machine, *, n_ctx: int | None = None, kv_type: str | None = None
) -> Plan:
    """The best that fits; with ``fits`` False the least that could be tried.

    :param n_ctx: the window that is wanted; else the largest that fits well.
    :raises ModelError: the file has no layers, or the wish cannot be carried out.
    """
    if not shape.layers or not shape.heads or not shape.head_dim:
        raise ModelError(message("llm.plan.none"), message("llm.plan.none.why"))
    if kv_type is not None and kv_type not in KV_TYPES:
        raise ModelError(
            message("llm.plan.no_kv_type", type=kv_type),
            fix=message("llm.plan.no_kv_type.fix", known=KV_TYPES),
        )
    quantised = shape.head_dim % 32 == 0
    if kv_type not in (None, "f16") and not quantised:
        raise ModelError(
            message("llm.plan.odd_heads", type=kv_type),
            message("llm.plan.odd_heads.why", count=shape.head_dim),
            message("llm.plan.odd_heads.fix"),
        )
    kinds = (kv_type,) if kv_type else KV_TYPES[:2] if quantised else KV_TYPES[:1]
    most = shape.context or 4096
    contexts = (n_ctx,) if n_ctx else tuple(dict.fromkeys([min(most, c) for c in _CONTEXTS]))
    layers = shape.layers
    choices: list[tuple[int, str, int]] = []  # of window, KV type, layers on GPUs: the better first
    if machine.gpus:
        roomy = [c for c in contexts if c >= 16384] or list(contexts[:1])
        choices += [(c, k, layers + 1) for c in roomy for k in kinds]
        part = next((c for c in contexts if c <= 32768), contexts[0])
        choices += [(part, kinds[-1], count) for count in range(layers, 0, -1)]
    choices += [(c, k, 0) for c in contexts for k in kinds]
    if kv_type is None and quantised:
        choices.append((contexts[-1], "q4_0", 0))
    for window, kind, count in choices:
        made = _made(shape, weights, machine, window, kind, count)
        if made.fits:
            return _explained(made, shape, weights, machine, n_ctx, kv_type)
    window, kind, count = choices[-1]
    made = _made(shape, weights, machine, window, kind, count)
    return _explained(made, shape, weights, machine, n_ctx, kv_type)


def _made(shape: Shape, weights: Weights, machine: Machine, window: int, kind: str, count: int) -> Plan:
    ubatch = 512
    per_layer = kv_bytes(shape, window, kind, ubatch)
    compute = compute_bytes(shape, window, ubatch, True)
    on_gpu = weights.layers[len(weights.layers) - min(count, len(weights.layers)) :] if count else ()
    output = weights.output if count > len(weights.layers) else 0
    parts = [size + per_layer for size in on_gpu] + ([output] if output else [])
    used = _spread(parts, compute, machine.gpus) if count else 0
    made = Plan(
        n_gpu_layers=count,
        n_ctx=_padded(window),
        kv_type=kind,
        n_batch=2048 if count else 512,
        n_ubatch=ubatch,
        flash_attention=True,
        n_threads=machine.cores,
        swa_full=False,
        weights_gpu=sum(on_gpu) + output,
        weights_ram=weights.total - sum(on_gpu) - output,
        kv_gpu=per_layer * len(on_gpu),
        kv_ram=per_layer * (shape.layers - len(on_gpu)),
        compute_gpu=compute * used,
        compute_ram=compute if count <= shape.layers else 4 * ubatch * shape.width * 4,
        output=output_bytes(shape),
        fits=False,
        reason_messages=(),
    )
    fits = made.ram <= machine.ram * _USABLE_RAM_SHARE and (not count or used > 0)
    return replace(made, fits=fits)


def _spread(parts: list[int], compute: int, gpus: tuple[Gpu, ...]) -> int:
    """How many GPUs it takes to hold the parts in their order; 0 when they do not hold them."""
    left = list(parts)
    for used, gpu in enumerate(gpus, 1):
        room = int(gpu.free * _USABLE_GPU_SHARE) - compute
        while left and left[0] <= room:
            room -= left.pop(0)
        if not left:
            return used
    return 0


def _gib(count: int) -> Message:
    return message("llm.gib", count=f"{count / (1 << 30):.1f}")


def _explained(
    made: Plan, shape: Shape, weights: Weights, machine: Machine, n_ctx: int | None, kv_type: str | None
) -> Plan:
    reasons = []
    window = f"{made.n_ctx:,}"
    if not made.fits:
        reasons.append(message("llm.plan.too_large", needed=_gib(made.ram), free=_gib(machine.ram)))
    if made.n_gpu_layers > shape.layers:
        reasons.append(message("llm.plan.all_on_gpu"))
    elif made.n_gpu_layers:
        reasons.append(message("llm.plan.some_on_gpu", count=made.n_gpu_layers, all=shape.layers))
    elif machine.gpus:
        reasons.append(message("llm.plan.none_on_gpu"))
    else:
        why = machine.note_message or message("llm.plan.no_gpu")
        reasons.append(message("llm.plan.on_cpu", why=why))
    if n_ctx:
        reasons.append(message("llm.plan.window.wanted", window=window))
        if shape.context and n_ctx > shape.context:
            reasons.append(message("llm.plan.window.beyond", window=f"{shape.context:,}"))
    elif shape.context and made.n_ctx >= shape.context:
        reasons.append(message("llm.plan.window.all", window=window))
    elif 0 < made.n_gpu_layers <= shape.layers:
        reasons.append(message("llm.plan.window.gpu", window=window))
    else:
        reasons.append(message("llm.plan.window.largest", window=window))
    reasons.append(message("llm.plan.kv.wanted", type=kv_type) if kv_type else _KV_REASONS[made.kv_type])
    if made.kv_type == "f16":
        reasons.append(message("llm.plan.flash.scratch"))
    else:
        reasons.append(message("llm.plan.flash.quantised"))
    if shape.loops > 1:
        reasons.append(message("llm.plan.loop", count=shape.window))
    if made.n_gpu_layers:
        reasons.append(message("llm.plan.embedding"))
    next_up = _next_up(made, shape, weights, machine)
    return replace(made, reason_messages=tuple(reasons), next_up_message=next_up)


def _next_up(made: Plan, shape: Shape, weights: Weights, machine: Machine) -> Text:
    if made.fits and machine.gpus and made.n_gpu_layers <= shape.layers:
        whole = _made(shape, weights, machine, made.n_ctx, made.kv_type, shape.layers + 1)
        need = whole.weights_gpu + whole.kv_gpu + compute_bytes(shape, made.n_ctx, 512, True)
        return message("llm.plan.next.gpu", needed=_gib(int(need / _USABLE_GPU_SHARE)))
    larger = [c for c in reversed(_CONTEXTS) if made.n_ctx < c <= (shape.context or 0)]
    if not made.fits or not larger:
        return ""
    more = _made(shape, weights, machine, larger[0], made.kv_type, made.n_gpu_layers)
    compute = compute_bytes(shape, larger[0], 512, True)
    if made.n_gpu_layers:
        need = more.weights_gpu + more.kv_gpu + compute
        needed = _gib(int(need / _USABLE_GPU_SHARE))
        return message("llm.plan.next.window_gpu", window=f"{larger[0]:,}", needed=needed)
    needed = _gib(int(more.ram / _USABLE_RAM_SHARE))
    return message("llm.plan.next.window_ram", window=f"{larger[0]:,}", needed=needed)
