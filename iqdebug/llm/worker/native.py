"""llama.cpp's log: kept in memory, and searched for the reason when something fails."""

from __future__ import annotations

import collections
import ctypes
import re
import sys
from collections.abc import Iterable

from iqdebug.core.messages import Message, message
from iqdebug.llm.worker_protocol import Failed

__all__ = ["NativeLog", "why_it_failed"]

MAX_KEPT_LINES = 400


class NativeLog:
    """Takes llama.cpp's log over for this process: kept in memory and written to stderr."""

    def __init__(self) -> None:
        from llama_cpp import llama_cpp

        self._lines: collections.deque[str] = collections.deque(maxlen=MAX_KEPT_LINES)
        self._begun = ""
        # The library calls it for as long as the process lives: the reference must stay.
        self._callback = llama_cpp.llama_log_callback(self._take)
        llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))

    def lines(self) -> list[str]:
        return [*self._lines, self._begun] if self._begun else list(self._lines)

    def forget(self) -> None:
        self._lines.clear()
        self._begun = ""

    def _take(self, level: int, text: bytes, user_data: object) -> None:
        words = text.decode("utf-8", "replace")
        sys.stderr.write(words)
        *whole, self._begun = (self._begun + words).split("\n")
        self._lines.extend(whole)


# What stands in the log, what it means, what to do. The first that matches counts; ``name`` and ``said`` are
# its group.
_MEMORY = "memory"
_REASONS: tuple[tuple[str, Message, Message, str], ...] = (
    (
        r"cudaMalloc failed|CUDA error: out of memory|allocating [\d.]+ Mi?B on device|"
        r"ErrorOutOfDeviceMemory|unable to allocate CUDA",
        message("llm.load.card_memory"),
        message("llm.load.card_memory.fix"),
        _MEMORY,
    ),
    (
        r"failed to (?:allocate|initialize)[^\n]*(?:buffer|memory|context|kv)|unable to allocate|"
        r"out of memory|Cannot allocate memory|std::bad_alloc|failed to fit|failed to mmap",
        message("llm.load.memory"),
        message("llm.load.memory.fix"),
        _MEMORY,
    ),
    (
        r"unknown model architecture: '([^']*)'",
        message("llm.load.architecture", name=""),
        message("llm.load.architecture.fix"),
        "",
    ),
    (
        r"(wrong number of tensors; expected \d+, got \d+)",
        message("llm.load.other_tensors", said=""),
        message("llm.load.other_tensors.fix"),
        "",
    ),
    (
        r"tensor '([^']*)' not found|missing tensor '[^']*'",
        message("llm.load.missing_tensors", name=""),
        message("llm.load.missing_tensors.fix"),
        "",
    ),
    (
        r"invalid magic|bad magic",
        message("llm.load.no_gguf"),
        message("llm.load.no_gguf.fix"),
        "",
    ),
    (
        r"tensor '([^']*)' data is not within the file bounds|file is corrupted or incomplete",
        message("llm.load.damaged"),
        message("llm.load.damaged.fix"),
        "",
    ),
    (
        r"(failed to read [^\n]*|error loading model hyperparameters[^\n]*|key not found in model: \S+|"
        r"error loading model vocabulary[^\n]*|error loading model: [^\n]*)",
        message("llm.load.refused", said=""),
        message("llm.load.refused.fix"),
        "",
    ),
    (
        r"(V cache quantization requires flash_attn|quantized V cache[^\n]*requires[^\n]*)",
        message("llm.load.flash_attention"),
        message("llm.load.flash_attention.fix"),
        "",
    ),
    (
        r"([^\n]*cache type [^\n]* does not divide[^\n]*)",
        message("llm.load.kv_type", said=""),
        message("llm.load.kv_type.fix"),
        "",
    ),
)


def why_it_failed(request: int, what: Message, lines: Iterable[str], layers: int = 0) -> Failed:
    """The failure in words, from llama.cpp's last log lines."""
    log = "\n".join(lines)
    for pattern, why, fix, kind in _REASONS:
        if match := re.search(pattern, log):
            group = match.group(1) if match.re.groups and match.group(1) else ""
            explained = why.with_values(name=group, said=group.strip().rstrip("."))
            return Failed(request, what, explained, fix, kind, layers)
    last = [line.strip() for line in log.splitlines() if line.strip()][-1:]
    why = message("llm.load.last_line", line=last[0]) if last else message("llm.load.no_reason")
    return Failed(request, what, why, message("llm.load.log_file"), "", layers)
