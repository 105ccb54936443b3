"""Mutated GGUF headers give a value or an error message, in bounded time and memory."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from iqdebug.core.errors import IqdebugError
from iqdebug.core.json_text import json_text
from iqdebug.llm.gguf.hardware import Gpu, Machine
from iqdebug.llm.gguf.header import parse_header
from iqdebug.llm.gguf.inspect import inspect_header
from iqdebug.llm.gguf.plan import Weights, plan
from iqdebug.llm.presets import preset_for
from tests.hostile.fuzzing import bounded, chance_of, mutated_bytes, no_growth

MACHINES = (
    Machine(gpus=(), ram=8 << 30, cores=2),
    Machine(gpus=(Gpu("g", 8 << 30, 8 << 30), Gpu("h", 24 << 30, 24 << 30)), ram=64 << 30, cores=8),
)


def look(data: bytes, machine: Machine) -> bool:
    """Whether the file was read without an error."""
    try:
        what = inspect_header(parse_header(data), Path("x.gguf"))
        json_text(dataclasses.asdict(what))
        preset_for(what)
        weights = Weights(what.layer_bytes, what.embedding_bytes, what.output_bytes)
        json_text(dataclasses.asdict(plan(what.shape, weights, machine)))
    except IqdebugError as error:
        assert 1 <= len(error.lines()) <= 3
        return False
    return True


def test_fuzz_gguf_headers(tiny_model: Path, fuzz_cases: int) -> None:
    whole = tiny_model.read_bytes()
    header = whole[: parse_header(whole).data_start]
    metadata = header[: header.index(b"tokenizer.ggml.tokens")]
    tensors = header[header.index(b"token_embd.weight") - 8 :]
    middle = header[len(metadata) : len(header) - len(tensors)]
    chance = chance_of("gguf")
    well = 0
    with no_growth():
        for _ in range(fuzz_cases):
            kind = chance.randrange(3)
            if kind == 0:
                data = mutated_bytes(header, chance, header)
            elif kind == 1:  # where the numbers stand
                data = mutated_bytes(metadata, chance, metadata) + middle + tensors
            else:
                data = metadata + middle + mutated_bytes(tensors, chance, tensors)
            with bounded(data[:200]):
                well += look(data, chance.choice(MACHINES))
    assert 0 < well < fuzz_cases, "some are still whole, and some are not"
