"""Choosing a model and asking it: settings, presets, models on this machine."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "llm.local.no_block": "There is no block {mark} in the log",
    "llm.local.no_chat": "{model} cannot converse",
    "llm.local.no_chat.fix": "Load an Instruct or Thinking model, or use it for completions.",
    "llm.local.no_template": "It has no chat template: a Base model completes text and cannot converse.",
    "llm.local.not_saved": "The conversation cannot be saved to {path}",
    "llm.local.nothing_yet": "There is nothing to save yet",
    "llm.local.nothing_yet.why": "The model has not been loaded.",
    "llm.local.refuses_answer": "The model's chat template refuses an answer",
    "llm.local.refuses_message": "The model's chat template refuses a message of {role}",
    "llm.local.unreadable_template": "Its chat template cannot be read ({why}).",
    "llm.on_this_machine": "on this machine",
    "llm.open.cannot_run": "{file} cannot be run",
    "llm.open.looking": "looking what fits",
    "llm.open.no_file": "There is no file {path}",
    "llm.open.no_file.fix": "iqdebug models list shows what there is",
    "llm.open.no_llama_cpp": "llama-cpp-python is not installed",
    "llm.open.no_llama_cpp.why": "It runs GGUF files",
    "llm.open.no_model": "{setting!r} names no model",
    "llm.open.no_model.fix": "Say llama:FILE.gguf, http://host:port/v1 or none",
    "llm.open.not_here": "{model} is not on this machine",
    "llm.open.not_here.fix": "Name its .gguf file: llama:FILE.gguf",
    "llm.open.not_here.why": "No file of it lies in {folder}",
    "llm.open.too_large": "{model} does not fit into this machine",
    "llm.open.too_large.fix": (
        "iqdebug models plan {path}   says what does, or serve it elsewhere: docs/models.md"
    ),
    "llm.open.too_large.why": "It would take {size} GiB with a window of {window} tokens",
    "llm.open.vocabulary_only": "It holds a vocabulary and no weights",
    "llm.preset.fix": "Mend it, or take it away from {folder}.",
    "llm.preset.no_format": "There is no format of tools {name}; there are: {known}",
    "llm.preset.unreadable": "The preset {file} cannot be read",
    "llm.preset.wrong": "The preset {file} is wrong{line:? at line }",
}
