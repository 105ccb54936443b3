"""Runs in a process of its own: evaluates tokens with the llama.cpp that LLAMA_CPP_LIB_PATH names.

Reads jobs as JSON from stdin, writes the logits of every evaluated token to an ``.npz`` file and the
answers to stdout: a test that loads two builds of one library in its own process would get one of them.
"""

from __future__ import annotations

import ctypes
import json
import sys
from typing import Any

import llama_cpp as api
import numpy as np

KINDS = {"f32": api.GGML_TYPE_F32, "f16": api.GGML_TYPE_F16, "q8_0": api.GGML_TYPE_Q8_0}

_log: list[str] = []


@api.llama_log_callback  # type: ignore[untyped-decorator]
def _on_log(level: int, text: bytes, data: Any) -> None:
    _log.append(text.decode("utf-8", "replace"))


def main() -> None:
    api.llama_log_set(_on_log, ctypes.c_void_p(0))
    api.llama_backend_init()
    request = json.load(sys.stdin)
    arrays, answers = {}, {}
    for job in request["jobs"]:
        answers[job["name"]], rows = _run(job)
        if rows:
            arrays[job["name"]] = np.concatenate(rows)
    np.savez(request["output"], **arrays)
    json.dump(answers, sys.stdout)


def _run(job: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    _log.clear()
    model = _load(job)
    if not model:
        return {"loaded": False, "log": _log[:]}, []
    context = _context(model, job.get("context", {}))
    if not context:
        api.llama_model_free(model)
        return {"loaded": True, "context": False, "log": _log[:]}, []
    try:
        return _steps(model, context, job)
    finally:
        api.llama_free(context)
        api.llama_model_free(model)


def _load(job: dict[str, Any]) -> Any:
    parameters = api.llama_model_default_params()
    parameters.n_gpu_layers = job.get("n_gpu_layers", 0)
    overrides = (api.llama_model_kv_override * 2)()
    if "gate_permuted" in job:
        overrides[0].key = f"{job['label']}.loop.gate_permuted".encode()
        overrides[0].tag = api.LLAMA_KV_OVERRIDE_TYPE_BOOL
        overrides[0].value.val_bool = job["gate_permuted"]
        parameters.kv_overrides = overrides
    return api.llama_model_load_from_file(job["model"].encode(), parameters)


def _context(model: Any, wanted: dict[str, Any]) -> Any:
    parameters = api.llama_context_default_params()
    parameters.n_ctx = wanted.get("n_ctx", 1024)
    parameters.n_batch = wanted.get("n_batch", 512)
    parameters.n_ubatch = wanted.get("n_ubatch", 512)
    parameters.n_threads = parameters.n_threads_batch = 1
    parameters.type_k = parameters.type_v = KINDS[wanted.get("kv", "f32")]
    parameters.flash_attn_type = (
        api.LLAMA_FLASH_ATTN_TYPE_ENABLED if wanted.get("flash") else api.LLAMA_FLASH_ATTN_TYPE_DISABLED
    )
    parameters.swa_full = wanted.get("swa_full", False)
    parameters.n_seq_max = wanted.get("n_seq_max", 1)
    parameters.kv_unified = True
    return api.llama_init_from_model(model, parameters)


def _steps(model: Any, context: Any, job: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    words = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
    memory = api.llama_get_memory(context)
    rows: list[Any] = []
    said: list[Any] = []
    length = 0
    for step in job["steps"]:
        for word, value in step.items():
            if word == "eval":
                rows.append(_evaluate(context, value, length, words))
                length += len(value)
            elif word == "cut":
                done = bool(api.llama_memory_seq_rm(memory, value.get("sequence", 0), value["at"], -1))
                said.append(done)
                if not done and "else" in step:
                    api.llama_memory_clear(memory, True)
                    _evaluate(context, step["else"], 0, words)
                if done or "else" in step:
                    length = value["at"]
            elif word == "else":
                pass  # what to evaluate anew where the cut before it was refused
            elif word == "side":
                rows.append(_evaluate(context, value, 0, words, sequence=1))
                said.append(bool(api.llama_memory_seq_rm(memory, 1, -1, -1)))
            elif word == "save sequence":
                path, tokens = value.encode(), (api.llama_token * 1)()
                said.append(api.llama_state_seq_save_file(context, path, 0, tokens, 0))
            elif word == "load sequence":
                path, tokens = value["file"].encode(), (api.llama_token * 1)()
                count = ctypes.byref(ctypes.c_size_t(0))
                said.append(api.llama_state_seq_load_file(context, path, 0, tokens, 1, count))
                length = value["length"]
            elif word == "clear":
                api.llama_memory_clear(memory, True)
                length = 0
            elif word == "save":
                size = api.llama_state_get_size(context)
                state = (ctypes.c_uint8 * size)()
                written = api.llama_state_get_data(context, state, size)
                with open(value, "wb") as file:
                    file.write(bytes(state)[:written])
                said.append(written)
            elif word == "load":
                with open(value["file"], "rb") as file:
                    data = file.read()
                state = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
                said.append(api.llama_state_set_data(context, state, len(data)))
                length = value["length"]
            else:
                raise ValueError(word)
    answer = {
        "loaded": True,
        "context": True,
        "said": said,
        "layers": api.llama_model_n_layer(model),
        "window": api.llama_model_n_swa(model),
        "log": [line for line in _log if "cache, size" in line or " layers, " in line],
    }
    return answer, rows


def _evaluate(context: Any, tokens: list[int], start: int, words: int, sequence: int = 0) -> Any:
    batch = api.llama_batch_init(len(tokens), 0, 1)
    try:
        batch.n_tokens = len(tokens)
        for n, token in enumerate(tokens):
            batch.token[n] = token
            batch.pos[n] = start + n
            batch.n_seq_id[n] = 1
            batch.seq_id[n][0] = sequence
            batch.logits[n] = True
        code = api.llama_decode(context, batch)
        if code:
            raise RuntimeError(f"llama_decode answered {code}")
        flat = api.llama_get_logits(context)
        return np.ctypeslib.as_array(flat, shape=(len(tokens), words)).copy()
    finally:
        api.llama_batch_free(batch)


if __name__ == "__main__":
    main()
