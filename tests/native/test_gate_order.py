"""The check of a published file's gate order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.native.tiny import Shape, make_weights, write_gguf

pytestmark = pytest.mark.slow

CHECK = Path(__file__).resolve().parents[2] / "native" / "check_gate_order.py"
SHAPE = Shape()


def shard_of(path: Path, weights: dict[str, Any]) -> Path:
    """A safetensors file in bfloat16 with the gates and one tensor more."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for n in range(SHAPE.layers):
        for name, value in (
            (f"model.layers.{n}.input_layernorm.weight", weights[f"blk.{n}.attn_norm.weight"]),
            (f"model.gate_projections.{n}.weight", weights[f"blk.{n}.loop_gate.weight"]),
        ):
            part = (value.view(np.uint32) >> 16).astype("<u2").tobytes()
            offsets = [len(data), len(data) + len(part)]
            header[name] = {"dtype": "BF16", "shape": list(value.shape), "data_offsets": offsets}
            data += part
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


@pytest.mark.parametrize("weights_type", ["f32", "f16", "q8_0"])
@pytest.mark.parametrize(
    ("permuted", "seed", "said"), [(True, 7, "permuted"), (False, 7, "original"), (True, 8, "neither")]
)
def test_the_order_is_told(tmp_path: Path, weights_type: str, permuted: bool, seed: int, said: str) -> None:
    shard = shard_of(tmp_path / "model.safetensors", make_weights(SHAPE))
    model = write_gguf(
        tmp_path / "model.gguf",
        SHAPE,
        make_weights(SHAPE, seed),
        gate_permuted=permuted,
        weights_type=weights_type,
    )
    run = subprocess.run([sys.executable, str(CHECK), str(model), str(shard)], capture_output=True, text=True)
    assert run.stdout.splitlines() == [f"layer {n}: {said}" for n in range(SHAPE.layers)]
    assert run.returncode == (said == "neither")
