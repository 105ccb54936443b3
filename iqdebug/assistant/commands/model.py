"""The command that fetches a model that suits this machine, and goes on with it: /get."""

from __future__ import annotations

import asyncio

from iqdebug.assistant.model_download import ModelDownload
from iqdebug.assistant.session import AssistantSession
from iqdebug.assistant.transcript import ModelStatus
from iqdebug.core import config
from iqdebug.core.errors import NotAvailable, UsageError
from iqdebug.core.messages import Message, message, render
from iqdebug.llm.gguf import hardware
from iqdebug.llm.gguf.bandwidth import ram_bandwidth
from iqdebug.llm.gguf.pull import data_folder
from iqdebug.llm.open_backend import require_llama_cpp
from iqdebug.llm.presets import GgufFile, Preset, presets
from iqdebug.llm.recommend import Recommendation, recommended

__all__ = ["get_model"]

_BAR_CELLS = 20


async def get_model(assistant: AssistantSession, rest: str) -> None:
    if assistant.window is not None:
        raise NotAvailable(message("assistant.get.in_use"), fix=message("assistant.get.in_use.fix"))
    assistant.require_active()
    require_llama_cpp()
    before = assistant.transcript.standing
    try:
        preset, file = await _wanted(assistant, rest.strip())
        path = data_folder() / file.file
        action = message("assistant.get.action", title=preset.title)
        detail = f"{file.repository}/{file.file}  {file.gigabytes:g} GB  →  {path}"
        why = message("assistant.get.why", licence=preset.licence or None)
        if not await assistant.confirm(action, detail, why):
            assistant.note(message("assistant.get.not_fetched"))
            return
        fetched = await assistant.fetch(
            ModelDownload(file, lambda done, total: _show(assistant, preset, done, total))
        )
    finally:
        assistant.transcript.stand(before)
    if fetched is None:
        assistant.note(message("assistant.get.stopped"))
        return
    setting = f"llama:{fetched}"
    assistant.use_model(setting)
    config.save_model(setting)
    assistant.note(message("assistant.get.uses", title=preset.title, file=str(config.config_path())))


async def _wanted(assistant: AssistantSession, name: str) -> tuple[Preset, GgufFile]:
    """The model of that name, else the best for this machine, with the others beside it in the flow."""
    if name:
        preset = presets().get(name)
        if preset is None or preset.usual_file is None:
            raise UsageError(
                message("assistant.get.no_such", name=name), fix=message("assistant.get.no_such.fix")
            )
        return preset, preset.usual_file
    assistant.transcript.stand(ModelStatus(words=render(message("llm.open.looking"))))
    found = await asyncio.to_thread(_suitable)
    if not found:
        raise NotAvailable(message("assistant.get.none"), fix=message("assistant.get.none.fix"))
    assistant.note(message("assistant.get.suit"))
    for each in found:
        assistant.note(_offer(each))
    return found[0].preset, found[0].file


def _suitable() -> list[Recommendation]:
    machine = hardware.look()
    return recommended(presets().values(), machine, ram_bandwidth(machine.cores))


def _offer(each: Recommendation) -> Message:
    size, speed = f"{each.file.gigabytes:g}", f"{each.speed:.0f}" if each.speed else None
    name, title = each.preset.name, each.preset.title
    return message("assistant.get.offer", name=name, title=title, size=size, speed=speed)


def _show(assistant: AssistantSession, preset: Preset, done: int, total: int) -> None:
    bar = "█" * (_BAR_CELLS * done // max(total, 1))
    words = message(
        "assistant.get.progress",
        title=preset.title,
        bar=f"{bar:░<{_BAR_CELLS}}",
        done=f"{done / 1e9:.2f}",
        total=f"{total / 1e9:.2f}",
    )
    assistant.transcript.stand(ModelStatus("fetching", render(words)))
