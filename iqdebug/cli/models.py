"""`iqdebug models`: which there are, what a file is, what fits, fetching one, choosing one."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from pathlib import Path

from iqdebug.cli.common import add_json
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.models import (
    DownloadedModel,
    ModelChoice,
    model_file_document,
    model_list_document,
    model_plan_document,
)
from iqdebug.cli.model_choice import choice_of, weights_of
from iqdebug.cli.model_lines import gib, inspection_lines, plan_lines
from iqdebug.core import config
from iqdebug.core.errors import ModelError, UsageError
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.output import say, say_error, write_over
from iqdebug.core.text import clean
from iqdebug.llm.gguf import hardware
from iqdebug.llm.gguf.inspect import inspect
from iqdebug.llm.gguf.plan import plan
from iqdebug.llm.gguf.pull import data_folder, pull
from iqdebug.llm.presets import Preset, preset_for, presets

__all__ = ["configure"]

MIN_WINDOW, MAX_WINDOW = 256, 1 << 24  # tokens
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_ANY_SHAPE = 999  # behind those whose number of layers is known
_BAR_CELLS = 30
_USUAL_QUANTISATION = "q4_k_m"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the models that are known, and the one in use")
    add_json(listing)
    listing.set_defaults(run=_list)
    looking = actions.add_parser("inspect", help="what a GGUF file is")
    looking.add_argument("file", type=Path, metavar="FILE")
    add_json(looking)
    looking.set_defaults(run=_inspect)
    planning = actions.add_parser("plan", help="what of a model fits where on this machine")
    planning.add_argument("model", metavar="FILE|NAME")
    planning.add_argument(
        "--vram", type=_sizes, metavar="SIZE[,SIZE]", help="GPUs as if, such as 24G,24G; 0: none"
    )
    planning.add_argument("--ram", type=_size, metavar="SIZE", help="memory as if, such as 64G")
    planning.add_argument("--ctx", type=_tokens, metavar="N", help="the window in tokens")
    planning.add_argument("--kv", choices=("f16", "q8_0", "q4_0"), help="type of the KV cache")
    add_json(planning)
    planning.set_defaults(run=_plan)
    pulling = actions.add_parser("pull", help="download a model's file from the hub")
    pulling.add_argument("name", metavar="NAME", help="a name of `models list`, or OWNER/REPOSITORY")
    pulling.add_argument("--file", metavar="F", help="the file, or its quantisation, such as q4_k_m")
    pulling.add_argument("--endpoint", metavar="URL", help="another hub (default: $HF_ENDPOINT)")
    pulling.add_argument("--to", type=Path, metavar="D", help="the folder (default: iqdebug's data folder)")
    add_json(pulling)
    pulling.set_defaults(run=_pull)
    using = actions.add_parser("use", help="choose the model for the conversation")
    using.add_argument("model", metavar="NAME|FILE|URL|none", help="FILE and NAME also as llama:FILE")
    add_json(using)
    using.set_defaults(run=_use)


def _size(text: str) -> int:
    amount = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip().upper().replace("IB", "B"))
    if not amount:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of memory, such as 24G")
    return int(float(amount[1]) * _UNITS[amount[2]])


def _sizes(text: str) -> list[int]:
    return [size for size in map(_size, text.split(",")) if size]


def _tokens(text: str) -> int:
    if not text.isdecimal() or not MIN_WINDOW <= int(text) <= MAX_WINDOW:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens from {MIN_WINDOW}")
    return int(text)


def _list(options: argparse.Namespace) -> int:
    known, setting, folder = presets(), config.load().model.setting, data_folder()
    files = sorted(folder.glob("*.gguf"))
    if options.json:
        say_document(model_list_document(setting, known, str(folder), [str(file) for file in files]))
        return ExitCode.DONE
    say(f"{'NAME':<36} {'LAYERS':>6} {'WINDOW':>8}  GGUF FILES")
    say(
        *(_row(p) for p in sorted(known.values(), key=lambda p: (p.shape.layers if p.shape else 999, p.name)))
    )
    names = ", ".join(clean(file.name) for file in files) if files else "nothing"
    say("", f"Downloaded: {names} ({clean(str(folder))})")
    say(f"In use: {clean(setting)}")
    return ExitCode.DONE


def _row(preset: Preset) -> str:
    if preset.shape is None:
        return f"{preset.name:<36} {'-':>6} {'-':>8}  your own"
    layers = f"{preset.shape.layers}{'x2' if preset.shape.loops > 1 else ''}"
    files = ", ".join(file.quantisation for file in preset.files) or "none known"
    return f"{preset.name:<36} {layers:>6} {preset.context:>8}  {files}"


def _inspect(options: argparse.Namespace) -> int:
    inspection = inspect(options.file)
    preset = preset_for(inspection)
    if options.json:
        say_document(model_file_document(inspection, preset.name))
    else:
        say(*inspection_lines(inspection, preset))
    return ExitCode.ERROR if inspection.problems else ExitCode.DONE


def _plan(options: argparse.Namespace) -> int:
    machine = hardware.look()
    if options.vram is not None:
        gpus = tuple(hardware.Gpu(f"GPU {n}", size, size) for n, size in enumerate(options.vram))
        machine = dataclasses.replace(machine, gpus=gpus)
    if options.ram is not None:
        machine = dataclasses.replace(machine, ram=options.ram)
    plans = [
        (each.name, plan(each.shape, each.weights, machine, n_ctx=options.ctx, kv_type=options.kv))
        for each in weights_of(options.model)
    ]
    if options.json:
        say_document(model_plan_document(machine, plans))
    else:
        cards = ", ".join(f"{g.name} {gib(g.free)} free" for g in machine.gpus) or "no GPU"
        say(f"{cards}; {gib(machine.ram)} of RAM, {machine.cores} cores")
        for name, one in plans:
            say("", *plan_lines(clean(name), one))
    return ExitCode.DONE if any(one.fits for _, one in plans) else ExitCode.ERROR


def _pull(options: argparse.Namespace) -> int:
    repository, file, checksum = _wanted_file(options.name, options.file)
    try:
        path = pull(
            repository,
            file,
            to=options.to,
            endpoint=options.endpoint,
            sha256=checksum,
            on_bytes=_show_progress,
        )
    finally:
        if sys.stderr.isatty():
            say_error("")
    if options.json:
        say_document(DownloadedModel(model_file=str(path), size=path.stat().st_size))
    else:
        say(str(path), f"Use it: iqdebug models use {path}")
    return ExitCode.DONE


def _wanted_file(name: str, file: str | None) -> tuple[str, str, str]:
    """Repository, file and checksum; the checksum is "" where it is not known."""
    preset = presets().get(name)
    if preset is not None:
        if not preset.files:
            raise ModelError(f"No public GGUF of {preset.title} is known", preset.note)
        wanted = (file or _USUAL_QUANTISATION).lower()
        chosen = next((f for f in preset.files if wanted in (f.quantisation, f.file.lower())), None)
        if chosen is None:
            known = ", ".join(f.quantisation for f in preset.files)
            raise UsageError(f"{preset.title} has no {wanted}", fix=f"--file with one of: {known}")
        return chosen.repository, chosen.file, chosen.sha256
    if name.count("/") != 1:
        raise UsageError(f"There is no model {name}", fix="`iqdebug models list`, or OWNER/REPOSITORY")
    if not file:
        raise UsageError("Which file of the repository?", fix="Name it with --file.")
    return name, file, ""


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        bar = "#" * (_BAR_CELLS * done // max(total, 1))
        write_over(f"{bar:<30} {done / 1e9:6.2f} of {total / 1e9:.2f} GB")


def _use(options: argparse.Namespace) -> int:
    choice = choice_of(options.model)
    config.save_model(choice.setting)
    if options.json:
        say_document(
            ModelChoice(
                setting=choice.setting,
                config_file=str(config.config_path()),
                why_no_chat=choice.why_no_chat,
            )
        )
        return ExitCode.DONE
    if choice.why_no_chat:
        say(f"It cannot chat: {choice.why_no_chat}")
    say(f"In use: {choice.setting} ({config.config_path()})")
    return ExitCode.DONE
