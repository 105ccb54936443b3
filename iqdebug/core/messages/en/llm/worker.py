"""The model's process: loading a file, what it reports, and why it ended."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "llm.load.architecture": "This llama.cpp does not know the model architecture “{name}”.",
    "llm.load.architecture.fix": (
        "The Loop models need the patched llama.cpp (see docs) or a server such as vLLM, over HTTP."
    ),
    "llm.load.card_memory": "The graphics card has not enough free memory.",
    "llm.load.card_memory.fix": (
        "Put fewer layers on the card, or take a smaller window or a smaller KV type."
    ),
    "llm.load.damaged": "The file is cut short or damaged.",
    "llm.load.damaged.fix": "Fetch it again, or resume the download.",
    "llm.load.flash_attention": "A quantised V cache needs flash attention.",
    "llm.load.flash_attention.fix": "Switch flash attention on, or take f16 for the V cache.",
    "llm.load.kv_type": "This KV type does not fit the model's heads: {said}.",
    "llm.load.kv_type.fix": "Take f16.",
    "llm.load.last_line": "llama.cpp says: {line}",
    "llm.load.log_file": "The worker's log file has all that llama.cpp said.",
    "llm.load.memory": "There is not enough free memory.",
    "llm.load.memory.fix": "Take a smaller window, a smaller KV type or a smaller quantisation of the model.",
    "llm.load.missing_tensors": "The file lacks tensors, such as “{name}”.",
    "llm.load.missing_tensors.fix": (
        "It is incomplete or a vocabulary only: fetch it again, and name the first part of a split file."
    ),
    "llm.load.no_gguf": "It is not a GGUF file.",
    "llm.load.no_gguf.fix": "Name a file that ends in .gguf; other formats must be converted.",
    "llm.load.no_reason": "llama.cpp gave no reason.",
    "llm.load.other_tensors": "The file holds other tensors than its architecture has: {said}.",
    "llm.load.other_tensors.fix": (
        "If it is a Loop model, it needs the patched llama.cpp or a server such as vLLM, over HTTP."
    ),
    "llm.load.refused": "llama.cpp says: {said}.",
    "llm.load.refused.fix": (
        "The file is damaged, or newer than this llama.cpp: fetch it again, or update llama-cpp-python."
    ),
    "llm.smaller.kv_cache": "the KV cache as q8_0 with flash attention",
    "llm.smaller.layers": "{count} layers on the GPU",
    "llm.smaller.window": "a window of {count} tokens",
    "llm.worker.ask_again": "Ask again to start it anew; the conversation is kept.",
    "llm.worker.ask_again.log": "Ask again to start it anew; the conversation is kept. Its log: {log}",
    "llm.worker.ask_again.smaller": (
        "Ask again to start it anew; the conversation is kept. If that happens again, try {plan}."
    ),
    "llm.worker.cannot_load": "{file} cannot be loaded",
    "llm.worker.died": "The model's process has died",
    "llm.worker.died.code": "It ended with code {code}.",
    "llm.worker.died.code_line": "It ended with code {code}: {line}",
    "llm.worker.died.killed": "It was killed, which the system does when memory runs out.",
    "llm.worker.died.memory": "Memory ran out: {line}",
    "llm.worker.died.signal": "It was ended by {signal}.",
    "llm.worker.died.signal_line": "It was ended by {signal}: {line}",
    "llm.worker.failed": "The model's process failed",
    "llm.worker.grammar_refused": "llama.cpp does not take the grammar.",
    "llm.worker.no_grammar": "The model cannot be held to its tools",
    "llm.worker.no_kv_type": "There is no KV type “{type}”.",
    "llm.worker.no_kv_type.fix": "Take one of {known}.",
    "llm.worker.no_llama_cpp": "llama.cpp cannot be started",
    "llm.worker.no_llama_cpp.fix": (
        "Install it with: pip install 'iqdebug[llama]' (it is built on this machine)."
    ),
    "llm.worker.no_token": "the grammar leaves no token to go on with.",
    "llm.worker.no_way_on": "The model's answer could not go on",
    "llm.worker.none_selected": "no token was selected.",
    "llm.worker.not_running": "The model's process is not running",
    "llm.worker.not_saved": "The model's state cannot be saved",
    "llm.worker.not_saved.why": "llama.cpp could not write {path}.",
    "llm.worker.not_started": "The model's process cannot be started",
    "llm.worker.nothing_loaded": "No model is loaded",
    "llm.worker.reading": "reading the model",
    "llm.worker.starting": "starting llama.cpp",
    "llm.worker.too_long": "{count} tokens do not fit into {window}.",
    "llm.worker.too_long.fix": "Take older blocks out of the log, or load the model with a larger window.",
    "llm.worker.try": "Try {plan}.",
    "llm.worker.unreadable": "{path}: {why}.",
    "llm.worker.unreadable.fix": "Name a GGUF file that can be read.",
}
