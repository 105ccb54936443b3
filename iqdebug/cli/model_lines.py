"""What a model's file is, and what of it fits where, as lines for a person."""

from __future__ import annotations

import textwrap

from iqdebug.core.text import clean
from iqdebug.llm.gguf.inspect import Inspection
from iqdebug.llm.gguf.plan import Plan
from iqdebug.llm.presets import Preset

__all__ = ["gib", "inspection_lines", "plan_lines"]


def inspection_lines(what: Inspection, preset: Preset) -> list[str]:
    shape = what.shape
    rows = [
        ("model", what.name),
        ("architecture", what.architecture + (f", Loop: {shape.loops} passes" if what.loop else "")),
        ("parameters", f"{what.parameters / 1e9:.2f} billion" if what.parameters else "none"),
        ("size", gib(what.bytes) + (f" in {what.parts} parts" if what.parts > 1 else "")),
        ("layers", f"{shape.layers}, {shape.width} wide, feed-forward {shape.feed_forward}"),
        ("heads", f"{shape.heads} query, {shape.kv_heads} key/value, {shape.head_dim} elements each"),
        ("vocabulary", f"{shape.vocabulary:,} tokens"),
        ("window", f"{shape.context:,} tokens"),
        (
            "types",
            ", ".join(f"{kind} {share:.0%}" for kind, share in what.quantisation if share >= 0.005) or "-",
        ),
        ("chat", what.why_no_chat or ("with tools" if what.tools else "yes, without tools")),
        ("thinks", "yes" if what.thinks else "no"),
        ("preset", preset.name),
    ]
    if what.loop:
        rows.append(("Loop", "needs a llama.cpp that knows Loop, or a server; stock refuses it"))
    lines = []
    for name, value in rows:
        lines += textwrap.wrap(
            clean(value), 64, initial_indent=f"{name:<14}", subsequent_indent=" " * 14
        ) or [name]
    return lines + [f"Problem: {clean(problem)}" for problem in what.problems]


def gib(count: int) -> str:
    return f"{count / (1 << 30):.2f} GiB" if count >= 100 << 20 else f"{count / (1 << 20):.2f} MiB"


def plan_lines(name: str, one: Plan) -> list[str]:
    lines = [
        f"{name}: {'fits' if one.fits else 'DOES NOT FIT'}",
        f"{'':<18}{'GPU':>12}{'RAM':>12}",
        f"{'weights':<18}{gib(one.weights_gpu):>12}{gib(one.weights_ram):>12}",
        f"{'KV cache':<18}{gib(one.kv_gpu):>12}{gib(one.kv_ram):>12}",
        f"{'compute, output':<18}{gib(one.compute_gpu):>12}{gib(one.compute_ram + one.output):>12}",
        f"{'together':<18}{gib(one.gpu):>12}{gib(one.ram):>12}",
        f"window {one.n_ctx:,}, KV {one.kv_type}, {one.n_gpu_layers} layers on GPUs, "
        f"batch {one.n_batch}/{one.n_ubatch}, {one.n_threads} threads",
    ]
    for reason in (*one.reasons, one.next_up):
        lines += textwrap.wrap(reason, 78, initial_indent="- ", subsequent_indent="  ")
    return lines
