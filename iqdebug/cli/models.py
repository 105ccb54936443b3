"""`iqdebug models`: which there are, what a file is, what fits and what suits, fetching one, choosing one."""

from __future__ import annotations

import argparse
import dataclasses
import re
from pathlib import Path

from iqdebug.cli import on_demand
from iqdebug.cli.common import add_json
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.models import (
    DownloadedModel,
    ModelChoice,
    model_file_document,
    model_list_document,
    model_plan_document,
    recommendations_document,
)
from iqdebug.cli.model_choice import Choice, choice_of, file_of, weights_of
from iqdebug.cli.model_download import download
from iqdebug.cli.model_lines import inspection_lines, machine_message, plan_lines, recommendation_lines
from iqdebug.core import config
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say
from iqdebug.core.text import clean
from iqdebug.llm.gguf import hardware
from iqdebug.llm.gguf.bandwidth import ram_bandwidth
from iqdebug.llm.gguf.inspect import inspect
from iqdebug.llm.gguf.plan import plan
from iqdebug.llm.gguf.pull import data_folder
from iqdebug.llm.presets import Preset, preset_for, presets
from iqdebug.llm.recommend import recommended

__all__ = ["configure"]

MIN_WINDOW, MAX_WINDOW = 256, 1 << 24  # tokens
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        title=render(message("cli.actions")), metavar=render(message("cli.metavar.action")), required=True
    )
    listing = actions.add_parser("list", help=render(message("cli.action.models.list")))
    add_json(listing)
    listing.set_defaults(run=_list)
    looking = actions.add_parser("inspect", help=render(message("cli.action.models.inspect")))
    looking.add_argument("file", metavar=render(message("cli.metavar.file")))
    add_json(looking)
    looking.set_defaults(run=_inspect)
    recommending = actions.add_parser("recommend", help=render(message("cli.action.models.recommend")))
    add_json(recommending)
    recommending.set_defaults(run=_recommend)
    planning = actions.add_parser("plan", help=render(message("cli.action.models.plan")))
    planning.add_argument("model", metavar=render(message("cli.metavar.file_or_name")))
    planning.add_argument(
        "--vram",
        type=_sizes,
        metavar=render(message("cli.metavar.sizes")),
        help=render(message("cli.argument.models.vram")),
    )
    planning.add_argument(
        "--ram",
        type=_size,
        metavar=render(message("cli.metavar.size")),
        help=render(message("cli.argument.models.ram")),
    )
    planning.add_argument(
        "--ctx",
        type=_tokens,
        metavar=render(message("cli.metavar.number")),
        help=render(message("cli.argument.models.ctx")),
    )
    planning.add_argument(
        "--kv", choices=("f16", "q8_0", "q4_0"), help=render(message("cli.argument.models.kv"))
    )
    add_json(planning)
    planning.set_defaults(run=_plan)
    pulling = actions.add_parser("pull", help=render(message("cli.action.models.pull")))
    pulling.add_argument(
        "name", metavar=render(message("cli.metavar.name")), help=render(message("cli.argument.models.name"))
    )
    pulling.add_argument(
        "--file",
        metavar=render(message("cli.metavar.hub_file")),
        help=render(message("cli.argument.models.file")),
    )
    pulling.add_argument(
        "--endpoint",
        metavar=render(message("cli.metavar.address")),
        help=render(message("cli.argument.models.endpoint")),
    )
    pulling.add_argument(
        "--to",
        type=Path,
        metavar=render(message("cli.metavar.folder")),
        help=render(message("cli.argument.models.to")),
    )
    pulling.add_argument("--use", action="store_true", help=render(message("cli.argument.models.use")))
    add_json(pulling)
    pulling.set_defaults(run=_pull)
    using = actions.add_parser("use", help=render(message("cli.action.models.use")))
    using.add_argument(
        "model",
        metavar=render(message("cli.metavar.model")),
        help=render(message("cli.argument.models.model")),
    )
    add_json(using)
    using.set_defaults(run=_use)


def _size(text: str) -> int:
    amount = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip().upper().replace("IB", "B"))
    if not amount:
        raise argparse.ArgumentTypeError(render(message("cli.argument.no_size", argument=repr(text))))
    return int(float(amount[1]) * _UNITS[amount[2]])


def _sizes(text: str) -> list[int]:
    return [size for size in map(_size, text.split(",")) if size]


def _tokens(text: str) -> int:
    if not text.isdecimal() or not MIN_WINDOW <= int(text) <= MAX_WINDOW:
        raise argparse.ArgumentTypeError(
            render(message("cli.argument.no_tokens_from", argument=repr(text), least=MIN_WINDOW))
        )
    return int(text)


def _list(options: argparse.Namespace) -> int:
    known, setting, folder = presets(), config.load().model.setting, data_folder()
    files = sorted(folder.glob("*.gguf"))
    if options.json:
        say_document(model_list_document(setting, known, str(folder), [str(file) for file in files]))
        return ExitCode.DONE
    name, layers = render(message("cli.models.head.name")), render(message("cli.models.head.layers"))
    window, wanted = render(message("cli.models.head.window")), render(message("cli.models.head.files"))
    say(f"{name:<36} {layers:>6} {window:>8}  {wanted}")
    say(*(_row(preset) for preset in sorted(known.values(), key=_order)))
    names = [clean(file.name) for file in files] if files else [message("cli.models.nothing")]
    say("", render(message("cli.models.downloaded", names=names, folder=clean(str(folder)))))
    say(render(message("cli.models.in_use", setting=clean(setting))))
    return ExitCode.DONE


def _order(preset: Preset) -> list[tuple[float, str]]:
    """By name, numbers in it by their value; what fits any file last."""
    words = re.findall(r"(\d+(?:\.\d+)?)|(\D+)", preset.name)
    return [(float(preset.shape is None), ""), *((float(number or "-inf"), word) for number, word in words)]


def _row(preset: Preset) -> str:
    if preset.shape is None:
        return f"{preset.name:<36} {'-':>6} {'-':>8}  {render(message('cli.models.your_own'))}"
    layers = f"{preset.shape.layers}{'x2' if preset.shape.loops > 1 else ''}"
    files = ", ".join(file.quantisation for file in preset.files) or render(message("cli.models.none_known"))
    return f"{preset.name:<36} {layers:>6} {preset.context:>8}  {files}"


def _inspect(options: argparse.Namespace) -> int:
    inspection = inspect(file_of(options.file))
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
        (render(each.name), plan(each.shape, each.weights, machine, n_ctx=options.ctx, kv_type=options.kv))
        for each in weights_of(options.model)
    ]
    if options.json:
        say_document(model_plan_document(machine, plans))
    else:
        say(render(machine_message(machine)))
        for name, one in plans:
            say("", *plan_lines(clean(name), one))
    return ExitCode.DONE if any(one.fits for _, one in plans) else ExitCode.ERROR


def _pull(options: argparse.Namespace) -> int:
    path = download(options.name, options.file, options.to, options.endpoint)
    setting = _chosen(choice_of(str(path))).setting if options.use else ""
    if options.json:
        say_document(DownloadedModel(model_file=str(path), size=path.stat().st_size, setting=setting))
        return ExitCode.DONE
    say(str(path))
    if not options.use:
        say(render(message("cli.models.use_it", path=str(path))))
        return ExitCode.DONE
    say(render(message("cli.models.in_use_by", setting=setting, file=str(config.config_path()))))
    return ExitCode.DONE


def _recommend(options: argparse.Namespace) -> int:
    machine = hardware.look()
    bandwidth = ram_bandwidth(machine.cores)
    found = recommended(presets().values(), machine, bandwidth)
    if options.json:
        say_document(recommendations_document(machine, bandwidth, found))
    else:
        say(render(machine_message(machine)), *recommendation_lines(bandwidth, found))
    return ExitCode.DONE if found else ExitCode.ERROR


def _use(options: argparse.Namespace) -> int:
    choice = _chosen(_running_server() if options.model == "auto" else choice_of(options.model))
    if options.json:
        say_document(
            ModelChoice(
                setting=choice.setting,
                config_file=str(config.config_path()),
                why_no_chat=choice.why_no_chat,
            )
        )
        return ExitCode.DONE
    if choice.found_message:
        say(render(choice.found_message))
    if choice.why_no_chat:
        say(render(message("cli.models.cannot_chat", reason=choice.why_no_chat)))
    written = str(config.config_path())
    say(render(message("cli.models.in_use_by", setting=choice.setting, file=written)))
    return ExitCode.DONE


def _chosen(choice: Choice) -> Choice:
    config.save_model(choice.setting)
    return choice


def _running_server() -> Choice:
    """:raises ModelError: none answers."""
    found = on_demand.first_local_server()
    kind = message("cli.models.some_server") if found.kind == "other" else found.kind
    served = message("cli.models.found_server", kind=kind, setting=found.setting, models=found.models[:5])
    return Choice(found.setting, found_message=served)
