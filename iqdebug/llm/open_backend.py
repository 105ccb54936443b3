"""A backend by one URL-like setting, with the plan and the preset that fit it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from iqdebug.core.config import Model
from iqdebug.core.errors import MissingTool, ModelError, UsageError
from iqdebug.core.messages import message
from iqdebug.llm.backends.base import Backend, Progress
from iqdebug.llm.backends.http import HttpBackend
from iqdebug.llm.backends.local import LoadOptions, LocalBackend
from iqdebug.llm.backends.worker_process import OutOfMemory
from iqdebug.llm.gguf import hardware
from iqdebug.llm.gguf.inspect import Inspection, inspect
from iqdebug.llm.gguf.plan import Plan, Weights, plan
from iqdebug.llm.messages import Sampling
from iqdebug.llm.model_files import resolved
from iqdebug.llm.presets import Preset, preset_for
from iqdebug.llm.runtime.choice import runtime_for
from iqdebug.llm.speeds import Speeds, speeds_file
from iqdebug.llm.tool_formats.choice import FORMATS
from iqdebug.llm.window.prefix_states import PrefixStates, prefix_folder

__all__ = ["Opened", "open_model", "require_llama_cpp"]


@dataclass(frozen=True, slots=True)
class Opened:
    """:param sampling: the preset's, with the person's own values in their places."""

    backend: Backend
    sampling: Sampling


def open_model(
    setting: str, wishes: Model | None = None, mask: Callable[[str], str] | None = None
) -> Opened | None:
    """None for ``none``. Nothing is loaded and nobody is connected to before ``start``.

    :param setting: ``llama:NAME_OR_FILE``, the path of a ``.gguf`` file, ``http(s)://host/v1`` or ``none``.
    :param mask: every text that leaves this process for a server goes through it.
    :raises UsageError: it is no setting, or names nothing that is here.
    :raises ModelError: the file cannot be used.
    :raises MissingTool: llama-cpp-python is not installed.
    """
    wishes = wishes or Model()
    if setting in ("", "none"):
        return None
    if setting.lower().endswith(".gguf") and "://" not in setting:
        setting = f"llama:{setting.removeprefix('llama:')}"
    kind, _, rest = setting.partition(":")
    if kind == "llama" and rest:
        return _local(setting, resolved(rest), wishes)
    if kind in ("http", "https") and rest.startswith("//"):
        patience, window = wishes.first_token_timeout, wishes.context
        backend = HttpBackend(setting, first_token_timeout=patience, window=window, mask=mask)
        return Opened(backend, _sampling(None, wishes))
    raise UsageError(message("llm.open.no_model", setting=setting), "", message("llm.open.no_model.fix"))


def require_llama_cpp() -> None:
    """:raises MissingTool: llama-cpp-python is not installed."""
    if find_spec("llama_cpp") is None:
        raise MissingTool(
            message("llm.open.no_llama_cpp"),
            message("llm.open.no_llama_cpp.why"),
            "pip install 'iqdebug[llama]'",
        )


def _local(setting: str, path: Path, wishes: Model) -> Opened:
    require_llama_cpp()
    what = inspect(path)
    if what.vocabulary_only or what.problem_messages:
        problem = next(iter(what.problem_messages), None) or message("llm.open.vocabulary_only")
        cannot = message("llm.open.cannot_run", file=path.name)
        raise ModelError(cannot, problem, f"iqdebug models inspect {path}")
    preset = preset_for(what)
    return Opened(_Planned(setting, what, preset, wishes), _sampling(preset, wishes))


def _sampling(preset: Preset | None, wishes: Model) -> Sampling:
    sampling = Sampling()
    if preset is not None:
        own = preset.sampling
        sampling = Sampling(own.temperature, own.top_p, own.top_k, own.min_p, own.repeat_penalty)
    given = {
        name: value
        for name in ("temperature", "top_p", "top_k", "max_tokens")
        if (value := getattr(wishes, name)) is not None
    }
    return replace(sampling, **given)


class _Planned(LocalBackend):
    """Plans when it is started: looking for GPUs takes its time."""

    def __init__(self, setting: str, what: Inspection, preset: Preset, wishes: Model) -> None:
        super().__init__(
            setting,
            LoadOptions(model=what.path, n_ctx=wishes.context or what.shape.context),
            model=what.name,
            thinking=preset.thinking or (),
            prefix_states=PrefixStates(prefix_folder(), wishes.prefix_cache << 20),
            speeds=Speeds(speeds_file()),
            tool_format=FORMATS.get(preset.tool_format),
        )
        self._what = what
        self._wishes = wishes
        self.planned: Plan | None = None

    async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """:raises ModelError: it does not fit, or needs a runtime that is not built."""
        if self.planned is None:
            if on_progress is not None:
                on_progress(Progress(message("llm.open.looking")))
            self.planned, self.options = await asyncio.to_thread(self._plan)
        try:
            await super().start(on_progress)
        except OutOfMemory as error:
            if error.smaller is not None:  # the next start takes it
                self.options = error.smaller
            raise

    def _plan(self) -> tuple[Plan, LoadOptions]:
        what, wishes = self._what, self._wishes
        runtime = runtime_for(what.loop, what.name)
        planned = plan(
            what.shape,
            Weights(what.layer_bytes, what.embedding_bytes, what.output_bytes),
            hardware.look(),
            n_ctx=wishes.context or None,
            kv_type=None if wishes.kv_type == "auto" else wishes.kv_type,
        )
        if not planned.fits:
            raise ModelError(
                message("llm.open.too_large", model=what.name),
                message(
                    "llm.open.too_large.why",
                    size=f"{planned.total / (1 << 30):.1f}",
                    window=f"{planned.n_ctx:,}",
                ),
                message("llm.open.too_large.fix", path=str(what.path)),
            )
        layers = planned.n_gpu_layers if wishes.gpu_layers is None else wishes.gpu_layers
        on_gpu = layers != 0
        # On a CPU flash attention makes short batches slow; a quantised V cache needs it.
        flash = True if on_gpu or planned.kv_type != "f16" else None
        options = LoadOptions(
            model=what.path,
            n_ctx=planned.n_ctx,
            n_gpu_layers=layers,
            type_k=planned.kv_type,
            type_v=planned.kv_type,
            n_batch=planned.n_batch,
            n_ubatch=planned.n_ubatch,
            flash_attn=flash,
            n_threads=planned.n_threads,
            lib_path=str(runtime) if runtime is not None else "",
            swa_full=planned.swa_full,
        )
        return planned, options
