"""Describes a GGUF file: architecture, shape, quantisation, sizes, and whether it can chat."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Text, message, render
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
    :param no_chat_message: "" when it can chat, else the reason; ``why_no_chat`` in words.
    :param problem_messages: what keeps it from being run, in sentences; ``problems`` in words.
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
    no_chat_message: Text
    layer_bytes: tuple[int, ...]
    embedding_bytes: int
    output_bytes: int
    problem_messages: tuple[Text, ...] = ()

    @property
    def why_no_chat(self) -> str:
        return render(self.no_chat_message)

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(render(problem) for problem in self.problem_messages)

    @property
    def loop(self) -> bool:
        return self.shape.loops > 1


_LARGEST = {
    "layers": (4096, message("llm.gguf.shape.layers")),
    "width": (1 << 22, message("llm.gguf.shape.width")),
    "heads": (1 << 16, message("llm.gguf.shape.heads")),
    "kv_heads": (1 << 16, message("llm.gguf.shape.kv_heads")),
    "head_dim": (1 << 20, message("llm.gguf.shape.head_dim")),
    "feed_forward": (1 << 24, message("llm.gguf.shape.feed_forward")),
    "vocabulary": (1 << 28, message("llm.gguf.shape.vocabulary")),
    "context": (1 << 32, message("llm.gguf.shape.context")),
    "loops": (1024, message("llm.gguf.shape.loops")),
    "window": (1 << 32, message("llm.gguf.shape.window")),
}
"""The largest that each number of a shape may be, some ten times what any model has, so that no sum of them
overflows; and its name."""


def inspect(path: Path) -> Inspection:
    """:raises ModelError: it, or a part of it, is no usable GGUF file."""
    part = _PART.search(path.name)
    if part is None:
        return inspect_header(read_header(path), path)
    count = int(part[2])
    problems: list[Text] = []
    if not 1 <= int(part[1]) <= count <= 1000:
        what = message("llm.gguf.no_part", file=path.name, part=int(part[1]), parts=count)
        raise ModelError(what, message("llm.gguf.no_part.why"))
    first = path.with_name(f"{path.name[: part.start()]}-00001-of-{part[2]}.gguf")
    header, size = read_header(first), 0
    more: list[Tensor] = []
    for number in range(2, count + 1):
        other = path.with_name(f"{path.name[: part.start()]}-{number:05}-of-{part[2]}.gguf")
        if not other.exists():
            problems.append(message("llm.gguf.missing_part", part=number, parts=count, file=other.name))
            continue
        rest = read_header(other)
        size += rest.file_bytes
        more.extend(rest.tensors)
        if rest.missing_bytes:
            problems.append(message("llm.gguf.cut_part", file=other.name, count=f"{rest.missing_bytes:,}"))
    return inspect_header(header, first, tuple(more), size, count, tuple(problems))


def inspect_header(
    header: Header,
    path: Path,
    more: tuple[Tensor, ...] = (),
    more_bytes: int = 0,
    parts: int = 1,
    problems: tuple[Text, ...] = (),
) -> Inspection:
    """What a header says; ``more`` are the tensors of a split file's other parts."""
    architecture = header.text("general.architecture")
    if not architecture:
        raise ModelError(
            message("llm.gguf.no_architecture", file=path.name), message("llm.gguf.no_architecture.why")
        )
    tensors = header.tensors + more
    shape = _shape(header, architecture, tensors)
    template = header.text("tokenizer.chat_template")
    name = header.text("general.name") or path.stem
    vocabulary_only = not tensors
    if header.missing_bytes:
        problems += (message("llm.gguf.cut_short", count=f"{header.missing_bytes:,}"),)
    if vocabulary_only:
        problems += (message("llm.gguf.vocabulary_only"),)
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
        no_chat_message=_why_no_chat(name, template, vocabulary_only),
        layer_bytes=tuple(layers),
        embedding_bytes=embedding,
        output_bytes=output,
        problem_messages=problems,
    )


def _why_no_chat(name: str, template: str, vocabulary_only: bool) -> Text:
    if vocabulary_only:
        return message("llm.gguf.vocabulary_only")
    if re.search(r"(?:^|[-_ ])base(?:$|[-_ .])", name, re.IGNORECASE):
        return message("llm.gguf.base_model")
    if not template:
        return message("llm.gguf.no_template")
    return ""


def _shape(header: Header, architecture: str, tensors: tuple[Tensor, ...]) -> Shape:
    def number(key: str, default: int = 0) -> int:
        return header.number(f"{architecture}.{key}", default)

    layers = number("block_count")
    if not 0 <= layers <= 4096:
        raise ModelError(
            message("llm.gguf.no_model"), message("llm.gguf.no_model.layers", count=f"{layers:,}")
        )
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
    for attribute, (most, name) in _LARGEST.items():
        claimed = getattr(shape, attribute)
        if not 0 <= claimed <= most:
            raise ModelError(
                message("llm.gguf.no_model"),
                message("llm.gguf.no_model.shape", name=name, count=f"{claimed:,}"),
            )
    return shape
