"""Shared by the fuzzers: seeded randomness, mutations of bytes, and bounds on time and memory."""

from __future__ import annotations

import contextlib
import random
import resource
import time
from collections.abc import Iterator

SEED = 20261127
MAX_SECONDS = 10.0
"""Of processor time for one case; for one that waits pytest has its own limit."""
MAX_GROWTH = 400 << 20
"""Bytes by which the process may have grown at the end."""

HOSTILE_TEXTS = (
    "",
    "\x1b[31m\udc80\u202e\0",
    "\ud800",
    "../../etc/passwd",
    "/dev/zero",
    "x" * 5_000,
    "\n" * 200,
    "{{ 9**9 }}",
    "<tool_call>",
    "</tool_call>",
    "</think>",
    "[DONE]",
)


def chance_of(name: str) -> random.Random:
    """A random generator, with the same seed for the same fuzzer in each run."""
    return random.Random(f"{SEED} {name}")


def mutated_bytes(data: bytes, chance: random.Random, also: bytes = b"") -> bytes:
    """The bytes with some bits flipped, and bytes removed, doubled, inserted, or taken from ``also``."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8, 30))):
        at = chance.randrange(len(broken) + 1)
        kind = chance.randrange(7)
        if kind == 0 and at < len(broken):
            broken[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del broken[at : at + chance.randrange(1, 40)]
        elif kind == 2:
            broken[at:at] = chance.randbytes(chance.randrange(1, 20))
        elif kind == 3:
            broken[at:at] = broken[at : at + chance.randrange(1, 200)]
        elif kind == 4:
            numbers = (b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x01")
            part = chance.choice(numbers)
            broken[at : at + len(part)] = part
        elif kind == 5 and also:
            start = chance.randrange(len(also))
            broken[at:at] = also[start : start + chance.randrange(1, 200)]
        elif kind == 6 and chance.random() < 0.2:
            del broken[at:]
    return bytes(broken)


@contextlib.contextmanager
def bounded(case: object) -> Iterator[None]:
    """:raises AssertionError: the block takes too long."""
    started = time.process_time()
    yield
    took = time.process_time() - started
    assert took < MAX_SECONDS, f"{took:.1f} s for {case!r:.500}"


@contextlib.contextmanager
def no_growth() -> Iterator[None]:
    """:raises AssertionError: the process has grown by more than allowed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) - before
    assert grown < MAX_GROWTH, f"{grown >> 20} MiB more"
