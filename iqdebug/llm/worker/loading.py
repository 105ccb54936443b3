"""A model and its context as llama.cpp makes them from a memory plan."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable

from llama_cpp import llama_cpp as native

from iqdebug.llm.worker_protocol import LoadOptions

__all__ = ["CACHE_TYPES", "CannotLoad", "load_model", "make_context"]

CACHE_TYPES = {
    "f32": native.GGML_TYPE_F32,
    "f16": native.GGML_TYPE_F16,
    "bf16": 30,
    "q8_0": native.GGML_TYPE_Q8_0,
    "q4_0": native.GGML_TYPE_Q4_0,
    "q4_1": native.GGML_TYPE_Q4_1,
    "q5_0": native.GGML_TYPE_Q5_0,
    "q5_1": native.GGML_TYPE_Q5_1,
}


class CannotLoad(Exception):
    """:param step: "model" or "context"; llama.cpp's log has the reason."""

    def __init__(self, step: str, layers: int = 0) -> None:
        super().__init__(step)
        self.step = step
        self.layers = layers


def load_model(options: LoadOptions, on_progress: Callable[[float], None]) -> object:
    """:raises CannotLoad: llama.cpp refused; its log has the reason."""
    parameters = native.llama_model_default_params()

    def progress(fraction: float, user_data: object) -> bool:
        on_progress(fraction)
        return True

    callback = native.llama_progress_callback(progress)
    parameters.progress_callback = callback
    parameters.n_gpu_layers = options.n_gpu_layers
    parameters.load_mode = native.LLAMA_LOAD_MODE_MMAP if options.use_mmap else native.LLAMA_LOAD_MODE_NONE
    overrides = _overrides(options)
    if overrides is not None:
        parameters.kv_overrides = overrides
    model = native.llama_model_load_from_file(os.fsencode(options.model), parameters)
    if not model:
        raise CannotLoad("model", _layers_of(options.model))
    return model


def _layers_of(path: str) -> int:
    """What the file says of its layers, 0 when it does not."""
    parameters = native.llama_model_default_params()
    parameters.vocab_only = True
    model = native.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        return 0
    try:
        buffer = ctypes.create_string_buffer(64)
        native.llama_model_meta_val_str(model, b"general.architecture", buffer, 64)
        key = buffer.value + b".block_count"
        native.llama_model_meta_val_str(model, key, buffer, 64)
        return int(buffer.value or b"0")
    except ValueError:
        return 0
    finally:
        native.llama_model_free(model)


def make_context(model: object, options: LoadOptions) -> object:
    """A context of two sequences that share its cells; null where llama.cpp refused."""
    parameters = native.llama_context_default_params()
    parameters.n_ctx = options.n_ctx
    parameters.n_batch = options.n_batch
    parameters.n_ubatch = min(options.n_ubatch, options.n_batch)
    parameters.n_seq_max = 2
    parameters.kv_unified = True
    cores = len(os.sched_getaffinity(0))
    # Prompts gain from every hardware thread; single tokens wait for memory, and for the slowest thread.
    parameters.n_threads = options.n_threads or max(1, cores // 2)
    parameters.n_threads_batch = options.n_threads or cores
    parameters.type_k = CACHE_TYPES[options.type_k]
    parameters.type_v = CACHE_TYPES[options.type_v]
    flash = options.flash_attn
    if flash is None and not options.n_gpu_layers:
        # On CPUs it reads short prompts many times slower; a quantised V cache cannot do without.
        flash = options.type_v not in ("f32", "f16", "bf16")
    if flash is not None:
        parameters.flash_attn_type = int(flash)
    parameters.swa_full = options.swa_full
    parameters.no_perf = True
    return native.llama_init_from_model(model, parameters)


def _overrides(options: LoadOptions) -> object:
    if not options.kv_overrides:
        return None
    made = (native.llama_model_kv_override * (len(options.kv_overrides) + 1))()
    for item, (key, value) in zip(made, options.kv_overrides.items(), strict=False):
        item.key = key.encode()
        if isinstance(value, bool):
            item.tag, item.value.val_bool = native.LLAMA_KV_OVERRIDE_TYPE_BOOL, value
        elif isinstance(value, int):
            item.tag, item.value.val_i64 = native.LLAMA_KV_OVERRIDE_TYPE_INT, value
        elif isinstance(value, float):
            item.tag, item.value.val_f64 = native.LLAMA_KV_OVERRIDE_TYPE_FLOAT, value
        else:
            item.tag, item.value.val_str = native.LLAMA_KV_OVERRIDE_TYPE_STR, value.encode()
    return made  # the last one's empty key ends the list
