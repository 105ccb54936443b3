from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.errors import ModelError
from iqdebug.llm.gguf.inspect import inspect
from iqdebug.llm.presets import preset_for, presets
from tests.support.tiny_model import write_tiny


def test_the_whole_family_is_there(tmp_path: Path) -> None:
    known = presets(tmp_path)
    for size in ("7b", "14b", "40b"):
        for kind in ("instruct", "thinking", "base"):
            assert known[f"iquest-coder-v1-{size}-{kind}"].shape is not None
    loop = known["iquest-coder-v1-40b-loop-instruct"]
    assert loop.shape is not None and loop.shape.loops == 2
    assert all(len(file.sha256) == 64 for file in loop.files) and len(loop.files) == 4
    assert known["iquest-coder-v1-40b-thinking"].thinking == ("<think>", "</think>")


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
    ("text", "line"), [("title = 'a'\nmatsch = 3\n", "at line 2"), ("[sampling]\ntop_k = 'x'\n", "at line 2")]
)
def test_a_wrong_preset_names_its_line(text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/mine.toml").write_text(text)
    with pytest.raises(ModelError) as caught:
        presets(tmp_path)
    assert "mine.toml" in caught.value.what and line in caught.value.what
