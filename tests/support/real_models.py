"""Real weights, where they are on this machine: the folder ``IQDEBUG_TEST_MODELS``, by default
``~/.cache/iqdebug-test-models``. CONTRIBUTING.md says which public files they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["QWEN_05B", "QWEN_15B", "SMOLLM2_135M", "real_model"]

QWEN_05B = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
QWEN_15B = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
SMOLLM2_135M = "smollm2-135m-instruct-q4_1.gguf"


def real_model(name: str) -> Path:
    """The file; the test is skipped where it is not here."""
    folder = Path(os.environ.get("IQDEBUG_TEST_MODELS") or "~/.cache/iqdebug-test-models").expanduser()
    if not (folder / name).is_file():
        pytest.skip(f"{name} is not in {folder} (IQDEBUG_TEST_MODELS)")
    return folder / name
