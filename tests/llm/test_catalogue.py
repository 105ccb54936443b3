from __future__ import annotations

import os
from pathlib import Path

import pytest

from iqdebug.core.errors import ModelError
from iqdebug.llm.gguf.inspect import inspect
from iqdebug.llm.open_backend import open_model
from iqdebug.llm.presets import preset_for, presets
from iqdebug.llm.tool_formats import harmony
from tests.support.tiny_model import write_tiny

REAL = Path(os.environ.get("IQDEBUG_TEST_MODELS") or Path.home() / ".cache" / "iqdebug-test-models")
BITS = {"q3_k_m": (3.8, 4.1), "q4_k_m": (4.3, 6.3), "q6_k": (6.5, 6.7), "q8_0": (8.4, 8.6)}
"""Of a weight, by quantisation; more where the rows of a small model are too short for q4_K."""


def test_the_whole_family_is_there(tmp_path: Path) -> None:
    known = presets(tmp_path)
    for size in ("7b", "14b", "40b"):
        for kind in ("instruct", "thinking", "base"):
            assert known[f"iquest-coder-v1-{size}-{kind}"].shape is not None
    loop = known["iquest-coder-v1-40b-loop-instruct"]
    assert loop.shape is not None and loop.shape.loops == 2
    assert all(len(file.sha256) == 64 for file in loop.files) and len(loop.files) == 4
    assert known["iquest-coder-v1-40b-thinking"].thinking == ("<think>", "</think>")


def test_what_the_models_are_trained_to_write(tmp_path: Path) -> None:
    known = presets(tmp_path)
    for name, tool_format in {
        "iquest-coder-v1-7b-instruct": "qwen3_coder",
        "iquest-coder-v1-14b-thinking": "qwen3_coder",
        "iquest-coder-v1-40b-instruct": "hermes",
        "iquest-coder-v1-40b-loop-instruct": "hermes",
        "iquest-coder-v1-40b-loop-thinking": "qwen3_coder",
        "iquest-coder-v1-40b-base": "",
        "qwen2.5-coder-7b-instruct": "hermes",
        "qwen3-coder-30b-a3b-instruct": "qwen3_coder",
        "devstral-small-2507": "mistral",
        "llama-3.3-70b-instruct": "llama3",
    }.items():
        assert known[name].tool_format == tool_format
    assert (known["gpt-oss-20b"].tool_format, known["gpt-oss-20b"].thinking) == ("harmony", harmony.THINKING)


def test_the_sizes_of_the_files_are_those_of_the_shapes(tmp_path: Path) -> None:
    checked = 0
    for preset in presets(tmp_path).values():
        assert all(len(file.sha256) in (0, 64) for file in preset.files)
        shape = preset.shape
        if shape is None or preset.active_share < 1 or shape.loops > 1:
            continue
        attention = shape.width * shape.head_dim * 2 * (shape.heads + shape.kv_heads)
        layers = shape.layers * (attention + 3 * shape.width * shape.feed_forward)
        for file in preset.files:
            weights = file.weights(shape.shape())
            assert not file.gigabytes or weights.total == int(file.gigabytes * 1e9)
            if file.gigabytes:
                bits = file.gigabytes * 8e9 / (layers + 2 * shape.width * shape.vocabulary)
                least, most = BITS[file.quantisation]
                assert least <= bits <= most, (preset.name, file.quantisation, bits)
                checked += 1
    assert checked > 15


@pytest.mark.parametrize("size", ["0.5b", "1.5b"])
def test_a_preset_against_the_real_file(size: str, tmp_path: Path) -> None:
    path = REAL / f"qwen2.5-coder-{size}-instruct-q4_k_m.gguf"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    what = inspect(path)
    preset = preset_for(what, presets(tmp_path))
    assert preset.name == f"qwen2.5-coder-{size}-instruct" and preset.shape is not None
    assert preset.shape.shape() == what.shape
    assert preset.files[0].gigabytes == round(what.bytes / 1e9, 3)


async def test_the_format_of_a_preset_comes_before_the_template(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    own = tmp_path / "iqdebug" / "models"
    own.mkdir(parents=True)
    (own / "mine.toml").write_text('match = ["tiny"]\ntool_format = "llama3"\n')
    opened = open_model(f"llama:{tiny_model}")
    assert opened is not None
    try:
        await opened.backend.start()
        template = opened.backend._template  # type: ignore[attr-defined]
        assert "<tool_call>" in template._source and template.tool_format.name == "llama3"
    finally:
        await opened.backend.close()


def test_a_model_finds_its_preset(tmp_path: Path) -> None:
    name = "IQuest-Coder-V1-7B-Thinking"
    path = write_tiny(
        tmp_path / "a.gguf", name=name, layers=14, width=5120, heads=40, kv_heads=8, vocab_only=True
    )
    assert preset_for(inspect(path), presets(tmp_path)).name == "iquest-coder-v1-7b-thinking"
    other = write_tiny(tmp_path / "b.gguf", name=name)  # another shape under that name
    assert preset_for(inspect(other), presets(tmp_path)).name == "generic"


def test_ones_own_presets_come_first(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/mine.toml").write_text('title = "Mine"\nmatch = ["tiny"]\n[sampling]\ntop_k = 3\n')
    known = presets(tmp_path)
    found = preset_for(inspect(write_tiny(tmp_path / "t.gguf")), known)
    assert (found.title, found.sampling.top_k) == ("Mine", 3)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("title = 'a'\nmatsch = 3\n", "at line 2"),
        ("[sampling]\ntop_k = 'x'\n", "at line 2"),
        ("title = 'a'\n\ntool_format = 'own'\n", "at line 3"),
    ],
)
def test_a_wrong_preset_names_its_line(text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/mine.toml").write_text(text)
    with pytest.raises(ModelError) as caught:
        presets(tmp_path)
    assert "mine.toml" in caught.value.what and line in caught.value.what
