"""What a model needs of the machine: the reasons of a plan, and what was found out about GPUs."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "llm.gib": "{count} GiB",
    "llm.hardware.cannot_run": "nvidia-smi cannot be run: {why}",
    "llm.hardware.failed": "nvidia-smi failed: {why}",
    "llm.hardware.no_answer": "nvidia-smi gave no answer in {seconds} s",
    "llm.hardware.no_gpu": "no GPU found (nvidia-smi is not installed)",
    "llm.hardware.none_listed": "nvidia-smi lists no GPU whose memory it knows",
    "llm.plan.all_on_gpu": "All layers are on the GPU: the weights and the cache fit there.",
    "llm.plan.embedding": "The token embedding stays in RAM: a look-up gains nothing from the GPU.",
    "llm.plan.flash.quantised": "Flash attention is on: a quantised KV cache needs it.",
    "llm.plan.flash.scratch": "Flash attention is on: it keeps the attention's scratch memory small.",
    "llm.plan.kv.f16": "The KV cache is f16: there is room for it.",
    "llm.plan.kv.q4_0": "The KV cache is q4_0, the smallest: answers suffer.",
    "llm.plan.kv.q8_0": "The KV cache is q8_0: half of f16's, at a small cost in precision.",
    "llm.plan.kv.wanted": "The KV cache is {type} as you asked.",
    "llm.plan.loop": "Loop: a second cache keeps the last {count} positions of pass 2.",
    "llm.plan.next.gpu": "All layers on the GPU would need {needed} free there.",
    "llm.plan.next.window_gpu": "A window of {window} would need {needed} free on the GPU.",
    "llm.plan.next.window_ram": "A window of {window} would need {needed} of free RAM.",
    "llm.plan.no_gpu": "no GPU was given",
    "llm.plan.no_kv_type": "{type} is no type of KV cache",
    "llm.plan.no_kv_type.fix": "One of: {known}.",
    "llm.plan.none": "No plan can be made",
    "llm.plan.none.why": "The file does not say how many layers and heads it has.",
    "llm.plan.none_on_gpu": "Nothing is on the GPU: not even one layer and its cache fit there.",
    "llm.plan.odd_heads": "A {type} KV cache is not possible",
    "llm.plan.odd_heads.fix": "Use --kv f16.",
    "llm.plan.odd_heads.why": "Its heads have {count} elements, which is no multiple of 32.",
    "llm.plan.on_cpu": "It runs on the CPU: {why}.",
    "llm.plan.some_on_gpu": "{count} of {all} layers are on the GPU: no more fit.",
    "llm.plan.too_large": "It does not fit: {needed} are needed and {free} of RAM are free.",
    "llm.plan.window.all": "The window of {window} tokens is all that the model knows.",
    "llm.plan.window.beyond": "The model was trained for {window} only: expect nonsense beyond.",
    "llm.plan.window.gpu": "The window is {window} tokens: a larger one would push layers off the GPU.",
    "llm.plan.window.largest": "The window of {window} tokens is the largest that fits.",
    "llm.plan.window.wanted": "The window of {window} tokens is as you asked.",
}
