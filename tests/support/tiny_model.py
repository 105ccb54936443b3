"""Writes tiny GGUF models with random weights: real files for the real llama.cpp."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

__all__ = ["CHATML", "write_tiny"]

CHATML = """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
    {{- '# Tools\\n\\nYou may call these functions:\\n<tools>' }}
    {%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
    {{- '\\n</tools>\\n\\nFor a call, answer with a JSON object within <tool_call></tool_call> tags:\\n' }}
    {{- '<tool_call>\\n{"name": <name>, "arguments": <arguments>}\\n</tool_call><|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'system' and loop.first %}{%- continue %}{%- endif %}
    {%- if message.role == 'tool' %}
        {%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
        {%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content }}
        {%- for call in message.tool_calls or [] %}
            {%- set call = call.function %}
            {{- '\\n<tool_call>\\n{"name": "' + call.name + '", "arguments": ' }}
            {{- call.arguments | tojson }}{{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

_SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_DEFINED = ["<think>", "</think>", "<tool_call>", "</tool_call>"]
_MERGES = ["t h", "th e", "Ġ t", "Ġt he", "i n", "e r", "a n", "r e", "o n", "Ġ a", "a t", "o r"]


def _byte_letters() -> list[str]:
    """The printable stand-ins that byte-level tokenizers use for the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, more = [], 0
    for byte in range(256):
        if byte in plain:
            letters.append(chr(byte))
        else:
            letters.append(chr(256 + more))
            more += 1
    return letters


def write_tiny(
    path: Path,
    *,
    layers: int = 2,
    width: int = 128,
    heads: int = 4,
    kv_heads: int = 2,
    feed_forward: int | None = None,
    vocab_extra: int = 0,
    context: int = 4096,
    template: str | None = CHATML,
    loop: int | tuple[int, int] | None = None,
    architecture: str = "llama",
    name: str = "tiny",
    seed: int = 0,
    ftype: str = "f32",
    vocab_only: bool = False,
) -> Path:
    """A llama model whose vocabulary is the 256 bytes, a few merges and ChatML's and tools' tokens.

    :param vocab_extra: that many unused tokens more.
    :param loop: passes over the layers, or (passes, window); with the gates' tensors.
    :param ftype: of the matrices: "f32", "f16" or "q8_0".
    """
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), architecture)
    tokens = [*_byte_letters(), *(merge.replace(" ", "") for merge in _MERGES), *_SPECIALS, *_DEFINED]
    types = [1] * (256 + len(_MERGES)) + [3] * len(_SPECIALS) + [4] * len(_DEFINED)
    tokens += [f"<|unused_{number}|>" for number in range(vocab_extra)]
    types += [5] * vocab_extra
    writer.add_name(name)
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    hidden = feed_forward or width * 2
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_file_type({"f32": 0, "f16": 1, "q8_0": 7}[ftype])
    if loop is not None:
        passes, window = loop if isinstance(loop, tuple) else (loop, 64)
        writer.add_uint32(f"{architecture}.loop.num", passes)
        writer.add_uint32(f"{architecture}.loop.window_size", window)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(_MERGES)
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    if template is not None:
        writer.add_chat_template(template)

    def add(name: str, *shape: int) -> None:
        values = (random.standard_normal(shape) * (1.5 / np.sqrt(shape[-1]))).astype(np.float32)
        if ftype == "q8_0":
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values.astype(np.float16) if ftype == "f16" else values)

    if not vocab_only:
        side = width // heads * kv_heads
        add("token_embd.weight", len(tokens), width)
        for layer in range(layers):
            block = f"blk.{layer}."
            writer.add_tensor(block + "attn_norm.weight", np.ones(width, np.float32))
            writer.add_tensor(block + "ffn_norm.weight", np.ones(width, np.float32))
            add(block + "attn_q.weight", width, width)
            add(block + "attn_k.weight", side, width)
            add(block + "attn_v.weight", side, width)
            add(block + "attn_output.weight", width, width)
            add(block + "ffn_gate.weight", hidden, width)
            add(block + "ffn_up.weight", hidden, width)
            add(block + "ffn_down.weight", width, hidden)
            if loop is not None:
                gate = random.standard_normal((heads, width // heads)).astype(np.float32)
                writer.add_tensor(block + "loop_gate.weight", gate)
                writer.add_tensor(block + "loop_gate.bias", np.full(heads, 2.0, np.float32))
        writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
        add("output.weight", len(tokens), width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
