"""What a Loop model computes, in NumPy and float32, written from the semantics in ``native/README.md``.

It works on the original order of Q, K and the gate (the two halves of a head rotate against each other),
keeps no cache and knows no batches, so it shares nothing with the implementation under test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.native.tiny import Shape

__all__ = ["Rules", "logits"]

Array = Any


@dataclass(frozen=True, slots=True)
class Rules:
    """The semantics, each of which a test breaks to see whether the check notices.

    :param passes: 1 is a plain llama.
    :param window: None is the shape's.
    """

    passes: int = 2
    window: int | None = None
    norm_between: bool = False
    gate_before_rope: bool = False
    local_only: bool = False
    global_from_second: bool = False


def logits(
    weights: Mapping[str, Array], shape: Shape, tokens: Sequence[int], rules: Rules | None = None
) -> Array:
    """Logits at every position, ``[len(tokens), words]``."""
    rules = rules or Rules()
    window = shape.window if rules.window is None else rules.window
    length = len(tokens)
    position = np.arange(length)
    behind = position[:, None] - position[None, :]  # how far a key (column) lies behind a query (row)
    causal = behind >= 0
    near = causal & (behind < window)
    cos, sin = _angles(shape, length)
    first: list[tuple[Array, Array]] = []

    h = weights["token_embd.weight"][np.asarray(tokens)]
    for turn in range(rules.passes):
        for n in range(shape.layers):
            w = {
                part: weights[f"blk.{n}.{part}.weight"]
                for part in ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm")
            }
            x = _norm(h, w["attn_norm"], shape.epsilon)
            plain = (x @ w["attn_q"].T).reshape(length, shape.heads, shape.head)
            q = _rotate(plain, cos, sin)
            k = _rotate((x @ w["attn_k"].T).reshape(length, shape.kv_heads, shape.head), cos, sin)
            v = (x @ w["attn_v"].T).reshape(length, shape.kv_heads, shape.head)
            if turn == 0:
                first.append((k, v))
                mixed = _attention(q, k, v, causal)
            else:
                seen = (k, v) if rules.global_from_second else first[n]
                everywhere = _attention(q, *seen, causal)
                nearby = _attention(q, k, v, near)
                asked = plain if rules.gate_before_rope else q
                score = (asked * weights[f"blk.{n}.loop_gate.weight"]).sum(-1, keepdims=True)
                score = score + weights[f"blk.{n}.loop_gate.bias"][None, :, None]
                g = np.float32(0) if rules.local_only else 1 / (1 + np.exp(-score))
                mixed = g * everywhere + (1 - g) * nearby
            h = h + mixed.reshape(length, -1) @ w["attn_output"].T
            h = h + _feed_forward(_norm(h, w["ffn_norm"], shape.epsilon), weights, n)
        if rules.norm_between and turn + 1 < rules.passes:
            h = _norm(h, weights["output_norm.weight"], shape.epsilon)
    return _norm(h, weights["output_norm.weight"], shape.epsilon) @ weights["output.weight"].T


def _norm(x: Array, weight: Array, epsilon: float) -> Array:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(epsilon)) * weight


def _angles(shape: Shape, length: int) -> tuple[Array, Array]:
    half = shape.head // 2
    speed = shape.base ** (-np.arange(half, dtype=np.float64) / half)
    angle = np.arange(length, dtype=np.float64)[:, None] * speed
    return np.cos(angle).astype(np.float32)[:, None, :], np.sin(angle).astype(np.float32)[:, None, :]


def _rotate(x: Array, cos: Array, sin: Array) -> Array:
    low, high = np.split(x, 2, axis=-1)
    return np.concatenate([low * cos - high * sin, high * cos + low * sin], axis=-1)


def _attention(q: Array, k: Array, v: Array, allowed: Array) -> Array:
    """:param q: ``[n, heads, head]``; heads share keys in groups."""
    share = q.shape[1] // k.shape[1]
    keys, values = np.repeat(k, share, axis=1), np.repeat(v, share, axis=1)
    scores = q.transpose(1, 0, 2) @ keys.transpose(1, 2, 0) / np.float32(np.sqrt(q.shape[-1]))
    scores = np.where(allowed, scores, np.float32(-np.inf))
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return (scores / scores.sum(-1, keepdims=True) @ values.transpose(1, 0, 2)).transpose(1, 0, 2)


def _feed_forward(x: Array, weights: Mapping[str, Array], n: int) -> Array:
    gate = x @ weights[f"blk.{n}.ffn_gate.weight"].T
    up = x @ weights[f"blk.{n}.ffn_up.weight"].T
    return (gate / (1 + np.exp(-gate)) * up) @ weights[f"blk.{n}.ffn_down.weight"].T
