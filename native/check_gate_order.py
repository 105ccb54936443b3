"""In which order does a Loop GGUF store its gates? Compares it with a shard of the original checkpoint.

    python native/check_gate_order.py MODEL.gguf model-00001-of-000NN.safetensors

Needs numpy and gguf, and only one shard that holds some ``model.gate_projections.N.weight``. Prints one of

    permuted   as the llama converter orders Q and K: llama.cpp's default here
    original   as in the checkpoint: load with kv_overrides {"LABEL.loop.gate_permuted": False}
    neither    the tensors are not the same model's

and exits with 0 when all compared layers agree on one of the first two.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np

__all__ = ["main", "order_of"]

_NAME = re.compile(r"(?:model\.)?gate_projections\.(\d+)\.weight")
_CLOSE = 0.05  # of the weights' size: more than any quantisation of them loses


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    model, shard = map(Path, arguments)
    stored = {tensor.name: tensor for tensor in gguf.GGUFReader(model).tensors}
    found = {}
    for layer, original in _gates(shard):
        tensor = stored.get(f"blk.{layer}.loop_gate.weight")
        if tensor is None:
            print(f"{model} has no blk.{layer}.loop_gate.weight", file=sys.stderr)
            return 1
        values = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(original.shape)
        found[layer] = order_of(values, original)
        print(f"layer {layer}: {found[layer]}")
    if not found:
        print(f"{shard} holds no model.gate_projections.N.weight; take another shard", file=sys.stderr)
        return 1
    return 0 if set(found.values()) in ({"permuted"}, {"original"}) else 1


def order_of(stored: Any, original: Any) -> str:
    """:param stored: and ``original``: ``[heads, head size]``."""
    heads, size = original.shape
    permuted = original.reshape(heads, 2, size // 2).swapaxes(1, 2).reshape(heads, size)
    scale = float(np.abs(original).mean()) or 1.0
    for name, candidate in (("permuted", permuted), ("original", original)):
        if float(np.abs(stored - candidate).mean()) <= _CLOSE * scale:
            return name
    return "neither"


def _gates(shard: Path) -> Iterator[tuple[int, Any]]:
    """The gates of a safetensors file: 8 bytes of length, a JSON header, the data."""
    with shard.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name, about in header.items():
            match = _NAME.fullmatch(name)
            if match is None:
                continue
            start, end = about["data_offsets"]
            file.seek(8 + length + start)
            yield int(match[1]), _values(file.read(end - start), about["dtype"]).reshape(about["shape"])


def _values(data: bytes, kind: str) -> Any:
    if kind == "BF16":
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data, {"F16": "<f2", "F32": "<f4"}[kind]).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
