"""Which model files need the patched llama.cpp, and what to do when it is not there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message
from iqdebug.llm.runtime.store import find_runtime

__all__ = ["ARCHITECTURE", "is_loop", "runtime_for"]

ARCHITECTURE = "iquestloopcoder"
_SERVED = "IQuestLab/IQuest-Coder-V1-40B-Loop-Instruct"


def is_loop(metadata: Mapping[str, object]) -> bool:
    """Whether a GGUF file with these keys is a Loop model, under either of its labels."""
    label = metadata.get("general.architecture")
    if label == ARCHITECTURE:
        return True
    passes = metadata.get("llama.loop.num")
    return label == "llama" and isinstance(passes, int) and passes > 1


def runtime_for(loop: bool, model: str = "", folder: Path | None = None) -> Path | None:
    """The folder for LLAMA_CPP_LIB_PATH, or None for the llama.cpp that llama-cpp-python brings.

    :param loop: the file is a Loop model (:func:`is_loop`). All others keep stock.
    :param model: the file's name for the message.
    :raises ModelError: it is a Loop model and no runtime is built; the message names both ways on.
    """
    if not loop:
        return None
    runtime = find_runtime(folder)
    if runtime is None:
        raise ModelError(
            message("llm.loop.model", model=model) if model else message("llm.loop.this"),
            message("llm.loop.build"),
            message("llm.loop.serve", model=_SERVED),
        )
    return runtime
