"""Time to pack evidence as a ratio to tokenizing the same text once with a model's tokenizer.

Usage: python -m bench pack [--repetitions N]

The goal is 1.5 at most. The source is in memory; both are medians of N.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.evidence import _timed, shop
from iqdebug.core.state import Snapshot
from iqdebug.diagnosis import diagnose
from iqdebug.diagnosis.prompt.pack import packed

__all__ = ["main"]


def _long() -> tuple[Snapshot, dict[str, tuple[str, ...]]]:
    """A crash through 40 functions of 390 lines, each in a file of its own."""
    snapshot, sources = shop(40, 40, 100)
    for path in sources:
        body = (f"    total_{n} = prepare(order, {n}) + depth * {n * 7}" for n in range(390))
        sources[path] = ("def step_0(order, depth):", *body)
    frames = tuple(replace(frame, line=200) for frame in snapshot.threads[0].frames)
    threads = (replace(snapshot.threads[0], frames=frames),)
    assert snapshot.exception is not None
    return replace(snapshot, threads=threads, exception=replace(snapshot.exception, frames=frames)), sources


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=10)
    options = parser.parse_args(arguments)
    from llama_cpp import Llama

    from tests.support.tiny_model import write_tiny

    snapshot, sources = _long()
    diagnosis = diagnose(snapshot, read_source=lambda path: sources.get(path, ()))
    with tempfile.TemporaryDirectory() as folder:
        file = write_tiny(Path(folder, "vocab.gguf"), vocab_only=True)
        model = Llama(str(file), vocab_only=True, verbose=False)
        print(f"{'budget':>10}{'estimated':>12}{'tokens':>10}{'pack ms':>10}{'tokenize ms':>14}{'ratio':>8}")
        for budget in (16_000, 128_000):

            def pack(budget: int = budget) -> str:
                return packed(
                    snapshot, diagnosis, read_source=lambda path: sources.get(path, ()), budget=budget
                ).text

            text = pack()
            data = text.encode()
            tokens = len(model.tokenize(data, add_bos=False, special=False))
            packing, _ = _timed(pack, options.repetitions)
            once, _ = _timed(lambda data=data: model.tokenize(data, add_bos=False), options.repetitions)  # type: ignore[misc]
            ratio = packing / once
            row = f"{budget:>10,}{len(data) // 3:>12,}{tokens:>10,}{packing:>10.1f}{once:>14.1f}{ratio:>8.2f}"
            print(row, flush=True)
    return 0
