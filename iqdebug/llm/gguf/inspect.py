"""Describes a GGUF file: architecture, shape, quantisation, sizes, and whether it can chat."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.errors import ModelError
from iqdebug.llm.gguf.header import Array, Header, Tensor, read_header

__all__ = ["Inspection", "Shape", "inspect", "inspect_header"]

_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_LAYER = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Shape:
    """What memory depends on. ``loops`` is how often the layers run; ``window`` is the last pass's."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    vocabulary: int
    context: int
    loops: int = 1
    window: int = 0


@dataclass(frozen=True, slots=True)
class Inspection:
    """:param bytes: of all parts of a split file together.
    :param quantisation: elements by type, the most first: (("q4_K", 0.83), …).
    :param layer_bytes: the weights of each layer; ``embedding_bytes`` and ``output_bytes`` beside them.
    :param why_no_chat: "" when it can chat, else the reason.
    :param problems: what keeps it from being run, in sentences.
    """

    path: str
    name: str
    architecture: str
    shape: Shape
    parameters: int
    bytes: int
    quantisation: tuple[tuple[str, float], ...]
    parts: int
    vocabulary_only: bool
    template: str
    thinks: bool
    tools: bool
    why_no_chat: str
    layer_bytes: tuple[int, ...]
    embedding_bytes: int
    output_bytes: int
    problems: tuple[str, ...] = ()

    @property
    def loop(self) -> bool:
        return self.shape.loops > 1


_LARGEST = {
    "layers": 4096,
    "width": 1 << 22,
    "heads": 1 << 16,
    "kv_heads": 1 << 16,
    "head_dim": 1 << 20,
    "feed_forward": 1 << 24,
    "vocabulary": 1 << 28,
    "context": 1 << 32,
    "loops": 1024,
    "window": 1 << 32,
}
"""Of each number of a shape; some ten times what any model has, so that no sum of them overflows."""


def inspect(path: Path) -> Inspection:
    """:raises ModelError: it, or a part of it, is no usable GGUF file."""
    part = _PART.search(path.name)
    if part is None:
        return inspect_header(read_header(path), path)
    count, problems = int(part[2]), []
    if not 1 <= int(part[1]) <= count <= 1000:
        raise ModelError(f"{path.name} is part {int(part[1])} of {count}", "There is no such part.")
    first = path.with_name(f"{path.name[: part.start()]}-00001-of-{part[2]}.gguf")
    header, size = read_header(first), 0
    more: list[Tensor] = []
    for number in range(2, count + 1):
        other = path.with_name(f"{path.name[: part.start()]}-{number:05}-of-{part[2]}.gguf")
        if not other.exists():
            problems.append(f"Part {number} of {count} is missing: {other.name}.")
            continue
        rest = read_header(other)
        size += rest.file_bytes
        more.extend(rest.tensors)
        if rest.missing_bytes:
            problems.append(f"{other.name} is cut short by {rest.missing_bytes:,} bytes.")
    return inspect_header(header, first, tuple(more), size, count, tuple(problems))


def inspect_header(
    header: Header,
    path: Path,
    more: tuple[Tensor, ...] = (),
    more_bytes: int = 0,
    parts: int = 1,
    problems: tuple[str, ...] = (),
) -> Inspection:
    """What a header says; ``more`` are the tensors of a split file's other parts."""
    architecture = header.text("general.architecture")
    if not architecture:
        raise ModelError(f"{path.name} names no architecture", "general.architecture is missing from it.")
    tensors = header.tensors + more
    shape = _shape(header, architecture, tensors)
    template = header.text("tokenizer.chat_template")
    name = header.text("general.name") or path.stem
    vocabulary_only = not tensors
    if header.missing_bytes:
        problems += (f"It is cut short: {header.missing_bytes:,} bytes of weights are missing.",)
    if vocabulary_only:
        problems += ("It holds a vocabulary and no weights.",)
    elements: Counter[str] = Counter()
    layers = [0] * shape.layers
    embedding = output = 0
    for tensor in tensors:
        elements[tensor.type] += tensor.elements
        at = _LAYER.match(tensor.name)
        if at is not None and int(at[1]) < len(layers):
            layers[int(at[1])] += tensor.bytes
        elif tensor.name == "token_embd.weight":
            embedding = tensor.bytes
        else:
            output += tensor.bytes
    total = sum(elements.values())
    return Inspection(
        path=str(path),
        name=name,
        architecture=architecture,
        shape=shape,
        parameters=total,
        bytes=header.file_bytes + more_bytes,
        quantisation=tuple((kind, count / total) for kind, count in elements.most_common() if count),
        parts=parts,
        vocabulary_only=vocabulary_only,
        template=template,
        thinks="<think>" in template or "thinking" in name.lower(),
        tools="tools" in template,
        why_no_chat=_why_no_chat(name, template, vocabulary_only),
        layer_bytes=tuple(layers),
        embedding_bytes=embedding,
        output_bytes=output,
        problems=problems,
    )


def _why_no_chat(name: str, template: str, vocabulary_only: bool) -> str:
    if vocabulary_only:
        return "It holds a vocabulary and no weights."
    if re.search(r"(?:^|[-_ ])base(?:$|[-_ .])", name, re.IGNORECASE):
        return "It is a Base model: it completes text and was not taught to converse."
    if not template:
        return "It has no chat template, so how a conversation is written for it is unknown."
    return ""


def _shape(header: Header, architecture: str, tensors: tuple[Tensor, ...]) -> Shape:
    def number(key: str, default: int = 0) -> int:
        return header.number(f"{architecture}.{key}", default)

    layers = number("block_count")
    if not 0 <= layers <= 4096:
        raise ModelError("This file cannot be a model", f"It claims {layers:,} layers.")
    heads = number("attention.head_count")
    width = number("embedding_length")
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    count = tokens.count if isinstance(tokens, Array) else number("vocab_size")
    if not count:
        count = next((t.shape[1] for t in tensors if t.name == "token_embd.weight" and len(t.shape) == 2), 0)
    loops = number("loop.num", 2 if architecture == "iquestloopcoder" else 1)
    shape = Shape(
        layers=layers,
        width=width,
        heads=heads,
        kv_heads=number("attention.head_count_kv", heads),
        head_dim=number("attention.key_length", width // heads if heads else 0),
        feed_forward=number("feed_forward_length"),
        vocabulary=count,
        context=number("context_length"),
        loops=max(1, loops),
        window=number("loop.window_size", 64) if loops > 1 else 0,
    )
    for name, most in _LARGEST.items():
        if not 0 <= getattr(shape, name) <= most:
            raise ModelError(
                "This file cannot be a model",
                f"It claims {name.replace('_', ' ')}: {getattr(shape, name):,}",
            )
    return shape
