"""The patched llama.cpp against the reference: a table of ways to evaluate the same tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.native.harness import Answer, Closeness, chunks, compare, evaluate
from tests.native.reference import Rules, logits
from tests.native.tiny import Shape, dequantised, make_weights, write_gguf

pytestmark = pytest.mark.slow

SMALL = Shape()
WIDE = Shape(heads=4, kv_heads=2, head=128, inner=160)  # heads of 128, as the real models have
DEEP = Shape(layers=80, width=64, heads=2, kv_heads=1, head=32, inner=96)  # 160 logical layers
LENGTH = 300
LONG = 1200

# The largest error and the least agreement that pass (logits have a standard deviation of about 2).
EXACT = (1e-4, 1.0)
F16 = (0.03, 0.9966)
F16_ADDED = (0.06, 0.9933)  # flash attention of one token adds up its values in f16
Q8_CACHE = (0.2, 0.96)
Q8_WEIGHTS = (0.3, 0.96)  # llama.cpp rounds what it multiplies with such weights to q8_0 as well

FLASH_Q8 = {"kv": "q8_0", "flash": True}


@dataclass(frozen=True)
class Row:
    """:param weights: what the file's matrices are stored as; the reference gets them dequantised."""

    name: str
    limit: tuple[float, float]
    shape: Shape = SMALL
    length: int = LENGTH
    chunk: int = 0
    context: dict[str, Any] = field(default_factory=dict)
    label: str = "iquestloopcoder"
    weights: str = "f32"
    gate_permuted: bool = True
    loop: bool = True


ROWS = [
    Row("prefill", EXACT),
    Row("token by token", EXACT, chunk=1),
    Row("chunks of 37", EXACT, chunk=37),
    Row("chunks of 37, ubatch 16", EXACT, chunk=37, context={"n_ubatch": 16}),
    Row("flash attention, f32 KV (as f16)", F16, context={"flash": True}),
    Row("swa_full", EXACT, chunk=37, context={"swa_full": True}),
    Row("label llama", EXACT, label="llama"),
    Row("label llama, token by token", EXACT, label="llama", chunk=1),
    Row("gate in the original order", EXACT, gate_permuted=False),
    Row("gate in the original order, label llama", EXACT, gate_permuted=False, label="llama"),
    Row("1200 tokens, prefill", EXACT, length=LONG, context={"n_ctx": 2048}),
    Row("1200 tokens, ring of 256", EXACT, length=LONG, chunk=37, context={"n_ctx": 2048, "n_ubatch": 16}),
    Row("f16 KV", F16, context={"kv": "f16"}),
    Row("f16 KV, flash attention", F16, context={"kv": "f16", "flash": True}),
    Row("f16 KV, flash, token by token", F16_ADDED, chunk=1, context={"kv": "f16", "flash": True}),
    Row("q8_0 KV, flash attention", Q8_CACHE, context=FLASH_Q8),
    Row("q8_0 KV, flash, chunks of 37", Q8_CACHE, chunk=37, context=FLASH_Q8),
    Row("heads of 128", EXACT, shape=WIDE),
    Row("heads of 128, f16 KV, flash", F16, shape=WIDE, context={"kv": "f16", "flash": True}),
    Row("heads of 128, q8_0 KV, flash", Q8_CACHE, shape=WIDE, context=FLASH_Q8),
    Row("160 logical layers", EXACT, shape=DEEP, length=100),
    Row("160 logical layers, token by token", EXACT, shape=DEEP, length=100, chunk=1),
    Row("f16 weights, f16 gate", F16, weights="f16"),
    Row("q8_0 weights, q8_0 gate", Q8_WEIGHTS, weights="q8_0"),
    Row("q8_0 weights, original order", Q8_WEIGHTS, weights="q8_0", gate_permuted=False),
    Row("q8_0 weights, q5_0 gate", Q8_WEIGHTS, weights="q8_0 q5_0"),
    # A plain llama of the same size, for what the types cost without any loop.
    Row("plain llama", EXACT, label="llama", loop=False),
    Row(
        "plain llama, f16 KV, flash, one by one",
        F16_ADDED,
        chunk=1,
        context={"kv": "f16", "flash": True},
        label="llama",
        loop=False,
    ),
    Row("plain llama, q8_0 KV, flash", Q8_CACHE, context=FLASH_Q8, label="llama", loop=False),
    Row("plain llama, q8_0 weights", Q8_WEIGHTS, weights="q8_0", label="llama", loop=False),
]


def tokens_of(shape: Shape, length: int, seed: int = 1) -> list[int]:
    tokens: list[int] = np.random.default_rng(seed).integers(0, shape.words, length).tolist()
    return tokens


class Expected:
    """References and files, each made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._weights: dict[Any, Any] = {}
        self._logits: dict[Any, Any] = {}

    def weights(self, shape: Shape, kind: str = "f32") -> Any:
        if (shape, kind) not in self._weights:
            plain = make_weights(shape)
            self._weights[shape, kind] = plain if kind == "f32" else dequantised(plain, kind)
        return self._weights[shape, kind]

    def logits(self, shape: Shape, length: int, kind: str = "f32", loop: bool = True) -> Any:
        key = (shape, length, kind, loop)
        if key not in self._logits:
            rules = Rules(passes=2 if loop else 1)
            self._logits[key] = logits(self.weights(shape, kind), shape, tokens_of(shape, length), rules)
        return self._logits[key]

    def file(self, row: Row) -> Path:
        shape = f"{row.shape.layers}-{row.shape.head}-{row.label}-{row.weights}"
        path = self._folder / f"{shape}-{row.gate_permuted}-{row.loop}.gguf"
        if not path.exists():
            weights = make_weights(row.shape)
            if not row.loop:
                weights = {name: value for name, value in weights.items() if "loop_gate" not in name}
            write_gguf(
                path,
                row.shape,
                weights,
                loop_num=2 if row.loop else None,
                window=-1 if row.loop else None,
                label=row.label,
                weights_type=row.weights,
                gate_permuted=row.gate_permuted,
            )
        return path


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    return Expected(tmp_path_factory.mktemp("loop"))


@pytest.fixture(scope="module")
def table(
    library: Path, expected: Expected, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[Row, Answer, Closeness]]]:
    jobs = []
    for row in ROWS:
        tokens = tokens_of(row.shape, row.length)
        job: dict[str, Any] = {
            "name": row.name,
            "model": str(expected.file(row)),
            "context": row.context,
            "steps": chunks(tokens, row.chunk or 512),
        }
        if not row.gate_permuted:
            job |= {"label": row.label, "gate_permuted": False}
        jobs.append(job)
    answers = evaluate(library, jobs, tmp_path_factory.mktemp("table"))
    result = {}
    for row in ROWS:
        answer = answers[row.name]
        assert answer.logits is not None, answer.about["log"][-5:]
        reference = expected.logits(row.shape, row.length, row.weights, row.loop)
        result[row.name] = (row, answer, compare(answer.logits, reference))
    print(f"\n{'way of evaluating':<42} {'max error':>10} {'argmax':>8}   limits")
    for name, (row, _, close) in result.items():
        print(f"{name:<42} {close.error:>10.2e} {close.agreement:>8.4f}   {row.limit[0]:g}, {row.limit[1]:g}")
    yield result


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_the_patched_llama_cpp_computes_what_the_reference_does(
    table: dict[str, tuple[Row, Answer, Closeness]], name: str
) -> None:
    row, _, close = table[name]
    assert close.within(*row.limit), close


def test_each_pass_has_a_cache_and_a_layer_of_the_file_counts_once(
    table: dict[str, tuple[Row, Answer, Closeness]],
) -> None:
    for name, layers in (("prefill", SMALL.layers), ("160 logical layers", 80)):
        about = table[name][1].about
        assert about["layers"] == layers
        assert about["window"] == SMALL.window
        assert sum(f" {layers} layers, " in line for line in about["log"]) == 2


@pytest.mark.parametrize(
    "rules",
    [
        Rules(window=63),
        Rules(window=65),
        Rules(norm_between=True),
        Rules(gate_before_rope=True),
        Rules(local_only=True),
        Rules(global_from_second=True),
        Rules(passes=1),
    ],
    ids=lambda r: str(r)[6:-1],
)
def test_the_check_would_notice_other_rules(
    table: dict[str, tuple[Row, Answer, Closeness]], expected: Expected, rules: Rules
) -> None:
    wrong = logits(expected.weights(SMALL), SMALL, tokens_of(SMALL, LENGTH), rules)
    for name, limit in (("prefill", EXACT), ("f16 KV", F16), ("q8_0 KV, flash attention", Q8_CACHE)):
        close = compare(table[name][1].logits, wrong)
        assert not close.within(*limit), (name, close)
        assert close.error > 0.3


@pytest.mark.parametrize("label", ["iquestloopcoder", "llama"])
def test_a_gate_taken_in_the_wrong_order_shows(
    library: Path, expected: Expected, tmp_path: Path, label: str
) -> None:
    stored = expected.file(Row("", EXACT, label=label, gate_permuted=False))
    job = {"name": "wrong", "model": str(stored), "steps": [{"eval": tokens_of(SMALL, LENGTH)}]}
    close = compare(evaluate(library, [job], tmp_path)["wrong"].logits, expected.logits(SMALL, LENGTH))
    assert close.error > 0.3


@pytest.mark.parametrize("what", ["", " sequence"])
def test_a_saved_state_goes_on_where_it_was(
    library: Path, expected: Expected, tmp_path: Path, what: str
) -> None:
    shape, tokens = SMALL, tokens_of(SMALL, LONG)
    model = str(expected.file(Row("", EXACT)))
    jobs: list[dict[str, Any]] = []
    for name, context, at in (
        ("early", {"n_ctx": 2048}, 40),
        ("past the window", {"n_ctx": 2048}, 200),
        ("past the ring", {"n_ctx": 2048, "n_ubatch": 16}, 900),
    ):
        state = str(tmp_path / f"{at}.state")
        common = {"model": model, "context": context}
        before = [*chunks(tokens[:at], 37), {f"save{what}": state}]
        after = [{f"load{what}": {"file": state, "length": at}}, *chunks(tokens[at : at + 150], 29)]
        jobs += [
            {"name": f"{name}, saved", **common, "steps": before},
            {"name": name, **common, "steps": after},
        ]
    answers = evaluate(library, jobs, tmp_path)
    reference = expected.logits(shape, LONG)
    for name, at in (("early", 40), ("past the window", 200), ("past the ring", 900)):
        assert answers[f"{name}, saved"].said[0] == answers[name].said[0] > 0
        assert compare(answers[name].logits, reference[at : at + 150]).within(*EXACT)
