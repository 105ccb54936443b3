"""Tiny models whose memory cannot forget freely: a sliding window, and a recurrent state."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

__all__ = ["SLIDING_WINDOW", "write_recurrent", "write_sliding"]

SLIDING_WINDOW = 16
WIDTH, LAYERS = 64, 2


def _begin(path: Path, architecture: str) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(str(path), architecture)
    letters, more = [], 0
    for byte in range(256):  # the printable stand-ins of byte-level tokenizers
        plain = 33 <= byte < 127 or 161 <= byte < 173 or byte >= 174
        letters.append(chr(byte if plain else 256 + more))
        more += not plain
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*letters, "ab", "<|end|>"])
    writer.add_token_types([*[1] * 257, 3])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(257)
    writer.add_add_bos_token(False)
    return writer


def _end(writer: gguf.GGUFWriter, shapes: dict[str, tuple[int, ...]]) -> None:
    random = np.random.default_rng(0)
    for name, shape in shapes.items():
        if name.endswith("norm.weight"):
            values = np.ones(shape)
        elif name.endswith("ssm_a"):
            values = -np.exp(random.standard_normal(shape) * 0.3)
        else:
            values = random.standard_normal(shape) * (1.5 / np.sqrt(shape[-1]))
        writer.add_tensor(name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_sliding(path: Path) -> Path:
    """Every second layer sees the last :data:`SLIDING_WINDOW` positions only."""
    writer = _begin(path, "gemma2")
    writer.add_sliding_window(SLIDING_WINDOW)
    writer.add_key_length(16)
    writer.add_value_length(16)
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (258, WIDTH), "output_norm.weight": (WIDTH,)}
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"):
            shapes[f"{name}{norm}.weight"] = (WIDTH,)
        shapes |= {
            f"{name}attn_q.weight": (64, WIDTH),
            f"{name}attn_k.weight": (32, WIDTH),
            f"{name}attn_v.weight": (32, WIDTH),
            f"{name}attn_output.weight": (WIDTH, 64),
            f"{name}ffn_gate.weight": (2 * WIDTH, WIDTH),
            f"{name}ffn_up.weight": (2 * WIDTH, WIDTH),
            f"{name}ffn_down.weight": (WIDTH, 2 * WIDTH),
        }
    _end(writer, shapes)
    return path


def write_recurrent(path: Path) -> Path:
    """Mamba: a state instead of a cache."""
    writer = _begin(path, "mamba")
    inner, state, rank, kernel = 2 * WIDTH, 8, 4, 4
    writer.add_ssm_conv_kernel(kernel)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (258, WIDTH), "output_norm.weight": (WIDTH,)}
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        shapes |= {
            f"{name}attn_norm.weight": (WIDTH,),
            f"{name}ssm_in.weight": (2 * inner, WIDTH),
            f"{name}ssm_conv1d.weight": (inner, kernel),
            f"{name}ssm_conv1d.bias": (inner,),
            f"{name}ssm_x.weight": (rank + 2 * state, inner),
            f"{name}ssm_dt.weight": (inner, rank),
            f"{name}ssm_dt.bias": (inner,),
            f"{name}ssm_a": (inner, state),
            f"{name}ssm_d": (inner,),
            f"{name}ssm_out.weight": (WIDTH, inner),
        }
    _end(writer, shapes)
    return path
