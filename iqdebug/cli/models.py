"""`iqdebug models`: which there are, what a file is, what fits, fetching one, choosing one."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iqdebug.core.errors import ModelError, UsageError

if TYPE_CHECKING:
    from iqdebug.llm.gguf.inspect import Inspection
    from iqdebug.llm.gguf.plan import Plan
    from iqdebug.llm.presets import Preset

__all__ = ["add"]

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def add(commands: Any) -> None:
    parser = commands.add_parser("models", help="local models: list, inspect, plan, pull, use")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the models that are known, and the one in use")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)
    looking = actions.add_parser("inspect", help="what a GGUF file is")
    looking.add_argument("file", type=Path, metavar="FILE")
    looking.add_argument("--json", action="store_true", help="print JSON")
    looking.set_defaults(run=_inspect)
    planning = actions.add_parser("plan", help="what of a model fits where on this machine")
    planning.add_argument("model", metavar="FILE|NAME")
    planning.add_argument(
        "--vram", type=_sizes, metavar="SIZE[,SIZE]", help="GPUs as if, such as 24G,24G; 0: none"
    )
    planning.add_argument("--ram", type=_size, metavar="SIZE", help="memory as if, such as 64G")
    planning.add_argument("--ctx", type=_tokens, metavar="N", help="the window in tokens")
    planning.add_argument("--kv", choices=("f16", "q8_0", "q4_0"), help="type of the KV cache")
    planning.add_argument("--json", action="store_true", help="print JSON")
    planning.set_defaults(run=_plan)
    pulling = actions.add_parser("pull", help="download a model's file from the hub")
    pulling.add_argument("name", metavar="NAME", help="a name of `models list`, or OWNER/REPOSITORY")
    pulling.add_argument("--file", metavar="F", help="the file, or its quantisation, such as q4_k_m")
    pulling.add_argument("--endpoint", metavar="URL", help="another hub (default: $HF_ENDPOINT)")
    pulling.add_argument("--to", type=Path, metavar="D", help="the folder (default: iqdebug's data folder)")
    pulling.set_defaults(run=_pull)
    using = actions.add_parser("use", help="choose the model for the conversation")
    using.add_argument("model", metavar="NAME|FILE|URL|none")
    using.set_defaults(run=_use)


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip().upper().replace("IB", "B"))
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of memory, such as 24G")
    return int(float(found[1]) * _UNITS[found[2]])


def _sizes(text: str) -> list[int]:
    return [size for size in map(_size, text.split(",")) if size]


def _tokens(text: str) -> int:
    if not text.isdecimal() or not 256 <= int(text) <= 1 << 24:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens from 256")
    return int(text)


def _list(options: argparse.Namespace) -> int:
    from iqdebug.core import config, text
    from iqdebug.core.output import say
    from iqdebug.llm.gguf.pull import data_folder
    from iqdebug.llm.presets import presets

    known, setting = presets(), config.load().model.setting
    files = sorted(data_folder().glob("*.gguf"))
    if options.json:
        say(
            text.json_text(
                {"setting": setting, "presets": list(known.values()), "files": [str(f) for f in files]}
            )
        )
        return 0
    say(f"{'NAME':<36} {'LAYERS':>6} {'WINDOW':>8}  GGUF FILES")
    for preset in sorted(known.values(), key=lambda p: (p.shape.layers if p.shape else 999, p.name)):
        layers = "-" if preset.shape is None else str(preset.shape.layers)
        layers += "x2" if preset.shape and preset.shape.loops > 1 else ""
        sizes = ", ".join(f"{f.quantisation}" for f in preset.files) or "none known"
        window = str(preset.context) if preset.shape else "-"
        say(f"{preset.name:<36} {layers:>6} {window:>8}  {sizes if preset.shape else 'your own'}")
    names = ", ".join(text.clean(f.name) for f in files) if files else "nothing"
    say("", f"Downloaded: {names} ({text.clean(str(data_folder()))})")
    say(f"In use: {text.clean(setting)}")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    from iqdebug.core import text
    from iqdebug.core.output import say
    from iqdebug.llm.gguf.inspect import inspect
    from iqdebug.llm.presets import preset_for

    what = inspect(options.file)
    preset = preset_for(what)
    if options.json:
        say(text.json_text({**_plain(what), "preset": preset.name}))
    else:
        say(*_inspection_lines(what, preset))
    return 1 if what.problems else 0


def _plain(value: Any) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(value)


def _inspection_lines(what: Inspection, preset: Preset) -> list[str]:
    from iqdebug.core.text import clean

    shape = what.shape
    rows = [
        ("model", what.name),
        ("architecture", what.architecture + (f", Loop: {shape.loops} passes" if what.loop else "")),
        ("parameters", f"{what.parameters / 1e9:.2f} billion" if what.parameters else "none"),
        ("size", _gib(what.bytes) + (f" in {what.parts} parts" if what.parts > 1 else "")),
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


def _gib(count: int) -> str:
    return f"{count / (1 << 30):.2f} GiB" if count >= 100 << 20 else f"{count / (1 << 20):.2f} MiB"


def _plan(options: argparse.Namespace) -> int:
    import dataclasses

    from iqdebug.core import text
    from iqdebug.core.output import say
    from iqdebug.llm.gguf import hardware
    from iqdebug.llm.gguf.plan import plan

    machine = hardware.look()
    if options.vram is not None:
        gpus = tuple(hardware.Gpu(f"GPU {n}", size, size) for n, size in enumerate(options.vram))
        machine = dataclasses.replace(machine, gpus=gpus)
    if options.ram is not None:
        machine = dataclasses.replace(machine, ram=options.ram)
    kinds = _weights(options.model)
    made = [
        (name, plan(shape, w, machine, n_ctx=options.ctx, kv_type=options.kv)) for name, shape, w in kinds
    ]
    if options.json:
        say(
            text.json_text(
                {"machine": _plain(machine), "plans": [{"model": n, **_plain(p)} for n, p in made]}
            )
        )
    else:
        cards = ", ".join(f"{g.name} {_gib(g.free)} free" for g in machine.gpus) or "no GPU"
        say(f"{cards}; {_gib(machine.ram)} of RAM, {machine.cores} cores")
        for name, one in made:
            say("", *_plan_lines(text.clean(name), one))
    return 0 if any(one.fits for _, one in made) else 1


def _weights(model: str) -> list[tuple[str, Any, Any]]:
    from iqdebug.llm.gguf.header import row_bytes
    from iqdebug.llm.gguf.inspect import inspect
    from iqdebug.llm.gguf.plan import Weights
    from iqdebug.llm.gguf.pull import data_folder
    from iqdebug.llm.presets import presets

    known = presets()
    path = Path(model)
    if not path.exists() and (data_folder() / model).exists():
        path = data_folder() / model
    if path.exists() or model not in known:
        if not path.exists():
            raise ModelError(
                f"There is no model or file {model}", fix="`iqdebug models list` shows the names."
            )
        what = inspect(path)
        if what.vocabulary_only:
            raise ModelError(f"{path.name} holds a vocabulary and no weights")
        return [(what.name, what.shape, Weights(what.layer_bytes, what.embedding_bytes, what.output_bytes))]
    shape = known[model].shape
    if shape is None:
        raise ModelError(f"The preset {model} fits any file", fix="Name a .gguf file.")
    made = []
    for kind, main in (("q4_K", "q4_K"), ("q8_0", "q8_0"), ("f16", "f16")):
        attention = shape.width * shape.head_dim * (2 * shape.heads + 2 * shape.kv_heads)
        layer = row_bytes(main, attention + 3 * shape.width * shape.feed_forward)
        side = row_bytes("q6_K" if kind == "q4_K" else main, shape.width * shape.vocabulary)
        weights = Weights((layer,) * shape.layers, row_bytes(main, shape.width * shape.vocabulary), side)
        made.append((f"{model} in {kind}", shape.shape(), weights))
    return made


def _plan_lines(name: str, one: Plan) -> list[str]:
    lines = [
        f"{name}: {'fits' if one.fits else 'DOES NOT FIT'}",
        f"{'':<18}{'GPU':>12}{'RAM':>12}",
        f"{'weights':<18}{_gib(one.weights_gpu):>12}{_gib(one.weights_ram):>12}",
        f"{'KV cache':<18}{_gib(one.kv_gpu):>12}{_gib(one.kv_ram):>12}",
        f"{'compute, output':<18}{_gib(one.compute_gpu):>12}{_gib(one.compute_ram + one.output):>12}",
        f"{'together':<18}{_gib(one.gpu):>12}{_gib(one.ram):>12}",
        f"window {one.n_ctx:,}, KV {one.kv_type}, {one.n_gpu_layers} layers on GPUs, "
        f"batch {one.n_batch}/{one.n_ubatch}, {one.n_threads} threads",
    ]
    for reason in (*one.reasons, one.next_up):
        lines += textwrap.wrap(reason, 78, initial_indent="- ", subsequent_indent="  ")
    return lines


def _pull(options: argparse.Namespace) -> int:
    from iqdebug.core.output import say, say_error, write_over
    from iqdebug.llm.gguf.pull import pull
    from iqdebug.llm.presets import presets

    preset = presets().get(options.name)
    repository, file, checksum = options.name, options.file, ""
    if preset is not None:
        if not preset.files:
            raise ModelError(f"No public GGUF of {preset.title} is known", preset.note)
        wanted = (options.file or "q4_k_m").lower()
        chosen = next((f for f in preset.files if wanted in (f.quantisation, f.file.lower())), None)
        if chosen is None:
            known = ", ".join(f.quantisation for f in preset.files)
            raise UsageError(f"{preset.title} has no {wanted}", fix=f"--file with one of: {known}")
        repository, file, checksum = chosen.repository, chosen.file, chosen.sha256
    elif options.name.count("/") != 1:
        raise UsageError(
            f"There is no model {options.name}", fix="`iqdebug models list`, or OWNER/REPOSITORY"
        )
    elif not file:
        raise UsageError("Which file of the repository?", fix="Name it with --file.")

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            bar = "#" * (30 * done // max(total, 1))
            write_over(f"{bar:<30} {done / 1e9:6.2f} of {total / 1e9:.2f} GB")

    try:
        path = pull(
            repository, file, to=options.to, endpoint=options.endpoint, sha256=checksum, on_bytes=progress
        )
    finally:
        if sys.stderr.isatty():
            say_error("")
    say(str(path), f"Use it: iqdebug models use {path}")
    return 0


def _use(options: argparse.Namespace) -> int:
    from iqdebug.core import config
    from iqdebug.core.output import say
    from iqdebug.llm.gguf.inspect import inspect
    from iqdebug.llm.presets import presets

    model: str = options.model
    if model == "none" or model.startswith(("http://", "https://")):
        setting = model
    elif Path(model).exists():
        what = inspect(Path(model))
        if what.problems:
            raise ModelError(f"{model} cannot be run", " ".join(what.problems))
        setting = f"llama:{Path(model).resolve()}"
        if what.why_no_chat:
            say(f"It cannot chat: {what.why_no_chat}")
    elif model in presets():
        setting = f"llama:{model}"
    else:
        raise ModelError(f"There is no model or file {model}", fix="`iqdebug models list` shows the names.")
    config.save_model(setting)
    say(f"In use: {setting} ({config.config_path()})")
    return 0
