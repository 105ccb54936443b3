"""Jobs for the evaluator, and how its logits are held against the reference."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Answer", "Closeness", "chunks", "compare", "evaluate"]

Array = Any
_EVALUATOR = Path(__file__).with_name("evaluator.py")


@dataclass(frozen=True, slots=True)
class Answer:
    """:param logits: one row for each evaluated token, in the order of evaluation; None when there is none.
    :param said: what cuts, saves and loads answered, in order.
    """

    logits: Array | None
    said: Sequence[Any]
    about: Mapping[str, Any]

    @property
    def rows(self) -> Array:
        """The logits of an evaluation that must have happened."""
        assert self.logits is not None, "nothing was evaluated"
        return self.logits


@dataclass(frozen=True, slots=True)
class Closeness:
    """:param error: the largest absolute difference of two logits.
    :param agreement: the share of positions with the same most likely token.
    """

    error: float
    agreement: float

    def within(self, error: float, agreement: float) -> bool:
        return self.error <= error and self.agreement >= agreement


def compare(logits: Array, expected: Array) -> Closeness:
    assert logits.shape == expected.shape
    return Closeness(
        float(np.abs(logits - expected).max()),
        float((logits.argmax(-1) == expected.argmax(-1)).mean()),
    )


def chunks(tokens: Sequence[int], size: int) -> list[dict[str, Any]]:
    """Steps that evaluate tokens in batches of a size."""
    return [{"eval": list(tokens[n : n + size])} for n in range(0, len(tokens), size)]


def evaluate(library: Path | None, jobs: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Answer]:
    """Run jobs in one process. ``library`` None is the llama.cpp that llama-cpp-python brings."""
    output = folder / f"logits-{os.urandom(4).hex()}.npz"
    environment = {name: value for name, value in os.environ.items() if name != "LLAMA_CPP_LIB_PATH"}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if library is not None:
        environment["LLAMA_CPP_LIB_PATH"] = str(library)
    done = subprocess.run(
        [sys.executable, str(_EVALUATOR)],
        input=json.dumps({"jobs": list(jobs), "output": str(output)}),
        env=environment,
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    with np.load(output) as arrays:
        return {
            name: Answer(arrays.get(name), about.get("said", ()), about) for name, about in answers.items()
        }
