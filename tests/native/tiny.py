"""Tiny models with random weights: as arrays in the order of the original checkpoint, and as GGUF files.

The gates are strong on purpose: their weights and biases spread g over the whole of 0 to 1 in every head,
so that either half of pass 2 shows in the logits. Gates near 0.9, as trained ones are reported to have,
would hide a wrong window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter

__all__ = ["Shape", "dequantised", "make_weights", "permuted", "write_gguf"]

Array = Any  # numpy.ndarray of float32


@dataclass(frozen=True, slots=True)
class Shape:
    layers: int = 2
    width: int = 128
    heads: int = 4
    kv_heads: int = 2
    head: int = 32
    inner: int = 192
    words: int = 288
    window: int = 64
    base: float = 500000.0
    epsilon: float = 1e-5
    context: int = 4096


def make_weights(shape: Shape, seed: int = 7, loop: bool = True) -> dict[str, Array]:
    """Random weights by their GGUF names, Q, K and the gate in the order of the original checkpoint."""
    random = np.random.default_rng(seed)

    def normal(rows: int, columns: int, gain: float = 1.0) -> Array:
        return (random.standard_normal((rows, columns)) * gain / np.sqrt(columns)).astype(np.float32)

    def near_one(n: int) -> Array:
        return (1.0 + 0.2 * random.standard_normal(n)).astype(np.float32)

    # Deep stacks add up: each layer then adds less.
    small = 1.0 / np.sqrt(max(1.0, shape.layers / 2))
    weights = {
        "token_embd.weight": random.standard_normal((shape.words, shape.width)).astype(np.float32),
        "output_norm.weight": near_one(shape.width),
        "output.weight": normal(shape.words, shape.width, 2.0),
    }
    for n in range(shape.layers):
        weights |= {
            f"blk.{n}.attn_norm.weight": near_one(shape.width),
            f"blk.{n}.attn_q.weight": normal(shape.heads * shape.head, shape.width, 1.3),
            f"blk.{n}.attn_k.weight": normal(shape.kv_heads * shape.head, shape.width, 1.3),
            f"blk.{n}.attn_v.weight": normal(shape.kv_heads * shape.head, shape.width, 1.5),
            f"blk.{n}.attn_output.weight": normal(shape.width, shape.heads * shape.head, 1.5 * small),
            f"blk.{n}.ffn_norm.weight": near_one(shape.width),
            f"blk.{n}.ffn_gate.weight": normal(shape.inner, shape.width),
            f"blk.{n}.ffn_up.weight": normal(shape.inner, shape.width),
            f"blk.{n}.ffn_down.weight": normal(shape.width, shape.inner, small),
        }
        if loop:
            weights |= {
                f"blk.{n}.loop_gate.weight": normal(shape.heads, shape.head, 1.5),
                f"blk.{n}.loop_gate.bias": random.uniform(-1.5, 1.5, shape.heads).astype(np.float32),
            }
    return weights


def permuted(rows: Array, heads: int) -> Array:
    """The order that the llama converter gives the rows of Q and K: the halves of a head alternate."""
    return rows.reshape(heads, 2, -1, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def _as_stored(name: str, value: Array, shape: Shape, gate_permuted: bool) -> Array:
    if name.endswith("attn_q.weight"):
        return permuted(value, shape.heads)
    if name.endswith("attn_k.weight"):
        return permuted(value, shape.kv_heads)
    if name.endswith("loop_gate.weight") and gate_permuted:
        return permuted(value.reshape(-1), shape.heads).reshape(value.shape)
    return value


def _kind(name: str, value: Array, weights_type: str) -> GGMLQuantizationType:
    if weights_type == "f32" or value.ndim == 1:
        return GGMLQuantizationType.F32
    kind = weights_type.split()[-1 if "loop_gate" in name else 0]
    return GGMLQuantizationType[kind.upper()]


def dequantised(weights: Mapping[str, Array], weights_type: str) -> dict[str, Array]:
    """The weights as a file of this type gives them back."""
    result = {}
    for name, value in weights.items():
        kind = _kind(name, value, weights_type)
        result[name] = gguf.dequantize(gguf.quantize(value, kind), kind).reshape(value.shape)
    return result


def write_gguf(
    path: Path,
    shape: Shape,
    weights: Mapping[str, Array],
    *,
    label: str = "iquestloopcoder",
    loop_num: int | None = 2,
    window: int | None = -1,
    gate_permuted: bool = True,
    weights_type: str = "f32",
) -> Path:
    """:param loop_num: None leaves the key out.
    :param window: None leaves the key out; -1 is the shape's.
    """
    writer = GGUFWriter(path, label)
    writer.add_name("tiny")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_vocab_size(shape.words)
    if loop_num is not None:
        writer.add_uint32(f"{label}.loop.num", loop_num)
    if window is not None:
        writer.add_uint32(f"{label}.loop.window_size", shape.window if window < 0 else window)
    _add_tokenizer(writer, shape.words)
    for name, value in weights.items():
        stored = np.ascontiguousarray(_as_stored(name, value, shape, gate_permuted))
        kind = _kind(name, stored, weights_type)
        writer.add_tensor(name, gguf.quantize(stored, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: GGUFWriter, words: int) -> None:
    """Byte-level, with ChatML's three special tokens."""
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    unused = [f"<|unused{n}|>" for n in range(words - 256 - len(special))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*_byte_letters(), *special, *unused])
    writer.add_token_types(
        [gguf.TokenType.NORMAL] * 256
        + [gguf.TokenType.CONTROL] * len(special)
        + [gguf.TokenType.UNUSED] * len(unused)
    )
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(258)
    writer.add_add_bos_token(False)


def _byte_letters() -> list[str]:
    """The letter that stands for each byte in byte-level vocabularies."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in plain}
    for n, byte in enumerate(b for b in range(256) if b not in letters):
        letters[byte] = chr(256 + n)
    return [letters[byte] for byte in range(256)]
