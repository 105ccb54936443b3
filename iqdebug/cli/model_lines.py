"""What a model's file is, and what of it fits where, as lines for a person."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from iqdebug.core.messages import Message, Text, message, render
from iqdebug.core.text import clean
from iqdebug.llm.gguf.hardware import Machine
from iqdebug.llm.gguf.inspect import Inspection
from iqdebug.llm.gguf.plan import Plan
from iqdebug.llm.presets import Preset
from iqdebug.llm.recommend import Recommendation

__all__ = ["gib", "inspection_lines", "machine_message", "plan_lines", "recommendation_lines"]


def inspection_lines(what: Inspection, preset: Preset) -> list[str]:
    shape = what.shape
    rows: list[tuple[Message, Text]] = [
        (message("cli.models.row.model"), what.name),
        (message("cli.models.row.architecture"), _architecture(what)),
        (message("cli.models.row.parameters"), _parameters(what)),
        (message("cli.models.row.size"), _size(what)),
        (
            message("cli.models.row.layers"),
            message(
                "cli.models.layers", count=shape.layers, width=shape.width, feed_forward=shape.feed_forward
            ),
        ),
        (
            message("cli.models.row.heads"),
            message(
                "cli.models.elements", heads=shape.heads, kv_heads=shape.kv_heads, elements=shape.head_dim
            ),
        ),
        (message("cli.models.row.vocabulary"), message("cli.models.tokens", count=f"{shape.vocabulary:,}")),
        (message("cli.models.row.window"), message("cli.models.tokens", count=f"{shape.context:,}")),
        (
            message("cli.models.row.types"),
            ", ".join(f"{kind} {share:.0%}" for kind, share in what.quantisation if share >= 0.005) or "-",
        ),
        (message("cli.models.row.chat"), what.why_no_chat or _chats(what)),
        (
            message("cli.models.row.thinks"),
            message("cli.models.yes") if what.thinks else message("cli.models.no"),
        ),
        (message("cli.models.row.preset"), preset.name),
    ]
    if what.loop:
        rows.append((message("cli.models.row.loop"), message("cli.models.loop")))
    lines = []
    for label, value in rows:
        name = render(label)
        lines += textwrap.wrap(
            clean(render(value)), 64, initial_indent=f"{name:<14}", subsequent_indent=" " * 14
        ) or [name]
    return lines + [render(message("cli.models.problem", words=clean(problem))) for problem in what.problems]


def _architecture(what: Inspection) -> Text:
    if not what.loop:
        return what.architecture
    return message("cli.models.architecture", name=what.architecture, passes=what.shape.loops)


def _parameters(what: Inspection) -> Message:
    if not what.parameters:
        return message("cli.models.no_parameters")
    return message("cli.models.billion", count=f"{what.parameters / 1e9:.2f}")


def _size(what: Inspection) -> Text:
    size = gib(what.bytes)
    return message("cli.models.parts", size=size, count=what.parts) if what.parts > 1 else size


def _chats(what: Inspection) -> Message:
    return message("cli.models.chats_with_tools") if what.tools else message("cli.models.chats")


def gib(count: int) -> str:
    return f"{count / (1 << 30):.2f} GiB" if count >= 100 << 20 else f"{count / (1 << 20):.2f} MiB"


def plan_lines(name: str, one: Plan) -> list[str]:
    table: list[tuple[Text, Text, Text]] = [
        ("", message("cli.plan.gpu"), message("cli.plan.ram")),
        (message("cli.plan.weights"), gib(one.weights_gpu), gib(one.weights_ram)),
        (message("cli.plan.kv_cache"), gib(one.kv_gpu), gib(one.kv_ram)),
        (message("cli.plan.compute"), gib(one.compute_gpu), gib(one.compute_ram + one.output)),
        (message("cli.plan.together"), gib(one.gpu), gib(one.ram)),
    ]
    settings = message(
        "cli.plan.settings",
        window=f"{one.n_ctx:,}",
        kv_type=one.kv_type,
        layers=one.n_gpu_layers,
        batch=one.n_batch,
        ubatch=one.n_ubatch,
        threads=one.n_threads,
    )
    lines = [
        render(message("cli.plan.fits", name=name) if one.fits else message("cli.plan.too_large", name=name)),
        *(f"{render(what):<18}{render(gpu):>12}{render(ram):>12}" for what, gpu, ram in table),
        render(settings),
    ]
    for reason in (*one.reasons, one.next_up):
        lines += textwrap.wrap(reason, 78, initial_indent="- ", subsequent_indent="  ")
    return lines


def machine_message(machine: Machine) -> Message:
    cards = [message("cli.plan.card", name=gpu.name, free=gib(gpu.free)) for gpu in machine.gpus]
    nothing = message("cli.plan.no_card")
    return message("cli.plan.machine", cards=cards or nothing, ram=gib(machine.ram), cores=machine.cores)


def recommendation_lines(ram_bandwidth: float, found: Sequence[Recommendation]) -> list[str]:
    """:param ram_bandwidth: bytes a second; 0 where it could not be measured."""
    lines = []
    if ram_bandwidth:
        lines.append(render(message("cli.recommend.bandwidth", speed=f"{ram_bandwidth / 1e9:.0f}")))
    if not found:
        return [*lines, render(message("cli.recommend.none"))]
    for number, each in enumerate(found, 1):
        title = message(
            "cli.recommend.model",
            title=clean(each.preset.title),
            quantisation=each.file.quantisation,
            size=f"{each.file.gigabytes:g}",
            licence=clean(each.preset.licence) or None,
        )
        speed = message("cli.recommend.speed_unknown")
        if each.speed:
            speed = message("cli.recommend.speed", speed=f"{each.speed:.0f}")
        lines += ["", f"{number}. {render(title)}"]
        lines += [f"   {render(words)}" for words in (_takes(each.plan), speed, each.command)]
    return lines


def _takes(made: Plan) -> Message:
    ram, window = gib(made.ram), f"{made.n_ctx:,}"
    if not made.gpu:
        return message("cli.recommend.takes", ram=ram, window=window)
    return message("cli.recommend.takes_gpu", gpu=gib(made.gpu), ram=ram, window=window)
