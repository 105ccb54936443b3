"""Which of the known models to fetch for a machine: the largest that answer at a person's pace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from iqdebug.llm.gguf.bandwidth import gpu_bandwidth
from iqdebug.llm.gguf.hardware import Machine
from iqdebug.llm.gguf.plan import Plan, Weights, plan
from iqdebug.llm.presets import GgufFile, Preset

__all__ = ["MIN_SPEED", "MIN_WINDOW", "Recommendation", "recommended", "tokens_per_second"]

MIN_SPEED = 8.0  # tokens a second, at most: in practice about as fast as people read
MIN_WINDOW = 16384  # tokens: a stop's evidence, and a conversation about it
_FAST = 50.0  # tokens a second; nobody needs a smaller model that is faster still
_FASTER = 1.5  # times, at least, for a smaller model to be worth naming
_MOST = 3


@dataclass(frozen=True, slots=True)
class Recommendation:
    """:param speed: tokens a second, at most; 0 where it is not known."""

    preset: Preset
    file: GgufFile
    plan: Plan
    speed: float

    @property
    def command(self) -> str:
        """The one command that fetches the file and uses it."""
        usual = self.preset.usual_file
        file = "" if usual == self.file else f" --file {self.file.quantisation}"
        return f"iqdebug models pull {self.preset.name}{file} --use"


def recommended(known: Iterable[Preset], machine: Machine, ram_bandwidth: float) -> list[Recommendation]:
    """At most three, the best first; [] where none fits.

    Asked are the models for code whose calls of tools are in a format that is known, with a public file
    whose size is known, that need no other llama.cpp. The best is the largest that fits with a window of
    :data:`MIN_WINDOW` tokens and gives :data:`MIN_SPEED` tokens a second. While it is not fast, smaller ones
    follow that are; else the second largest. Where all are too slow: the fastest.

    :param ram_bandwidth: bytes a second.
    """
    fitting = [each for preset in known if (each := _of(preset, machine, ram_bandwidth)) is not None]
    fitting.sort(key=lambda each: each.file.gigabytes, reverse=True)
    usable = [each for each in fitting if each.speed >= MIN_SPEED or _unknown_but_on_gpu(each)]
    if not usable:
        return sorted(fitting, key=lambda each: each.speed, reverse=True)[:1]
    chosen = usable[:1]
    for each in usable[1:]:
        last = chosen[-1]
        if len(chosen) < _MOST and 0 < last.speed < _FAST and each.speed >= last.speed * _FASTER:
            chosen.append(each)
    return chosen if len(chosen) > 1 else usable[:2]


def tokens_per_second(
    made: Plan, weights: Weights, active_share: float, machine: Machine, ram_bandwidth: float
) -> float:
    """How fast answers are generated at most: the bandwidth over the bytes of weights that one token reads.
    0 where the bandwidth of a card is not known. What the cache and the arithmetic take comes on top.
    """
    on_gpu = made.weights_gpu * active_share
    # With the output layer on the GPU too, RAM holds the embedding alone: a token reads one row of it.
    in_ram = made.weights_ram * active_share if made.n_gpu_layers <= len(weights.layers) else 0
    gpu = min((gpu_bandwidth(card.name) for card in machine.gpus), default=0.0)
    if (on_gpu and not gpu) or (in_ram and not ram_bandwidth):
        return 0.0
    seconds = (on_gpu / gpu if on_gpu else 0.0) + (in_ram / ram_bandwidth if in_ram else 0.0)
    return 1 / seconds if seconds else 0.0


def _of(preset: Preset, machine: Machine, ram_bandwidth: float) -> Recommendation | None:
    """None where the preset is not asked, or does not fit."""
    if not (preset.code and preset.tool_format and preset.shape) or preset.shape.loops > 1:
        return None
    usual = preset.usual_file
    file = usual if usual and usual.gigabytes else next((f for f in preset.files if f.gigabytes), None)
    if file is None:
        return None
    shape = preset.shape.shape()
    weights = file.weights(shape)
    made = plan(shape, weights, machine)
    if not made.fits or made.n_ctx < min(MIN_WINDOW, shape.context):
        return None
    speed = tokens_per_second(made, weights, preset.active_share, machine, ram_bandwidth)
    return Recommendation(preset, file, made, speed)


def _unknown_but_on_gpu(each: Recommendation) -> bool:
    assert each.preset.shape is not None
    return not each.speed and each.plan.n_gpu_layers > each.preset.shape.layers
