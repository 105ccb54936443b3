"""llama.cpp's log: kept in memory, and searched for the reason when something fails."""

from __future__ import annotations

import collections
import ctypes
import re
import sys
from collections.abc import Iterable

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


# What stands in the log, what it means, what to do. The first that matches counts; {1} is its group.
_MEMORY = "memory"
_REASONS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"cudaMalloc failed|CUDA error: out of memory|allocating [\d.]+ Mi?B on device|"
        r"ErrorOutOfDeviceMemory|unable to allocate CUDA",
        "The graphics card has not enough free memory.",
        "Put fewer layers on the card, or take a smaller window or a smaller KV type.",
        _MEMORY,
    ),
    (
        r"failed to (?:allocate|initialize)[^\n]*(?:buffer|memory|context|kv)|unable to allocate|"
        r"out of memory|Cannot allocate memory|std::bad_alloc|failed to fit|failed to mmap",
        "There is not enough free memory.",
        "Take a smaller window, a smaller KV type or a smaller quantisation of the model.",
        _MEMORY,
    ),
    (
        r"unknown model architecture: '([^']*)'",
        "This llama.cpp does not know the model architecture {1!r}.",
        "The Loop models need the patched llama.cpp (see docs) or a server such as vLLM, over HTTP.",
        "",
    ),
    (
        r"(wrong number of tensors; expected \d+, got \d+)",
        "The file holds other tensors than its architecture has: {1}.",
        "If it is a Loop model, it needs the patched llama.cpp or a server such as vLLM, over HTTP.",
        "",
    ),
    (
        r"tensor '([^']*)' not found|missing tensor '[^']*'",
        "The file lacks tensors, such as {1!r}.",
        "It is incomplete or a vocabulary only: fetch it again, and name the first part of a split file.",
        "",
    ),
    (
        r"invalid magic|bad magic",
        "It is not a GGUF file.",
        "Name a file that ends in .gguf; other formats must be converted.",
        "",
    ),
    (
        r"tensor '([^']*)' data is not within the file bounds|file is corrupted or incomplete",
        "The file is cut short or damaged.",
        "Fetch it again, or resume the download.",
        "",
    ),
    (
        r"(failed to read [^\n]*|error loading model hyperparameters[^\n]*|key not found in model: \S+|"
        r"error loading model vocabulary[^\n]*|error loading model: [^\n]*)",
        "llama.cpp says: {1}.",
        "The file is damaged, or newer than this llama.cpp: fetch it again, or update llama-cpp-python.",
        "",
    ),
    (
        r"(V cache quantization requires flash_attn|quantized V cache[^\n]*requires[^\n]*)",
        "A quantised V cache needs flash attention.",
        "Switch flash attention on, or take f16 for the V cache.",
        "",
    ),
    (
        r"([^\n]*cache type [^\n]* does not divide[^\n]*)",
        "This KV type does not fit the model's heads: {1}.",
        "Take f16.",
        "",
    ),
)


def why_it_failed(request: int, what: str, lines: Iterable[str], layers: int = 0) -> Failed:
    """The failure in words, from llama.cpp's last log lines."""
    log = "\n".join(lines)
    for pattern, why, fix, kind in _REASONS:
        if match := re.search(pattern, log):
            group = match.group(1) if match.re.groups and match.group(1) else ""
            words = why.replace("{1!r}", f"“{group}”").replace("{1}", group.strip().rstrip("."))
            return Failed(request, what, words, fix, kind, layers)
    last = [line.strip() for line in log.splitlines() if line.strip()][-1:]
    why = f"llama.cpp says: {last[0]}" if last else "llama.cpp gave no reason."
    return Failed(request, what, why, "The worker's log file has all that llama.cpp said.", "", layers)
