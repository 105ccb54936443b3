from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.errors import ModelError
from iqdebug.llm.gguf.inspect import inspect
from tests.support.tiny_model import write_tiny


def test_a_whole_model(tmp_path: Path) -> None:
    what = inspect(write_tiny(tmp_path / "t.gguf", layers=3, width=256, heads=8, kv_heads=2, ftype="f16"))
    shape = what.shape
    assert (shape.layers, shape.width, shape.heads, shape.kv_heads, shape.head_dim) == (3, 256, 8, 2, 32)
    assert what.quantisation[0][0] == "f16"
    assert what.tools and not what.why_no_chat and not what.problems
    weights = sum(what.layer_bytes) + what.embedding_bytes + what.output_bytes
    assert 0 <= what.bytes - weights < 40_000


@pytest.mark.parametrize("label", ["llama", "iquestloopcoder"])
def test_loop_under_both_labels(tmp_path: Path, label: str) -> None:
    what = inspect(write_tiny(tmp_path / "t.gguf", loop=2, architecture=label))
    assert what.loop and (what.shape.loops, what.shape.window) == (2, 64)


def test_a_loop_of_one_is_none(tmp_path: Path) -> None:
    assert not inspect(write_tiny(tmp_path / "t.gguf", loop=1)).loop


def test_who_cannot_chat(tmp_path: Path) -> None:
    assert "no chat template" in inspect(write_tiny(tmp_path / "a.gguf", template=None)).why_no_chat
    base = inspect(write_tiny(tmp_path / "b.gguf", name="IQuest-Coder-V1-40B-Base"))
    assert "Base model" in base.why_no_chat
    empty = inspect(write_tiny(tmp_path / "c.gguf", vocab_only=True))
    assert empty.vocabulary_only and empty.problems


def test_a_file_that_is_cut_short(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "t.gguf")
    path.write_bytes(path.read_bytes()[:-5000])
    assert "cut short" in inspect(path).problems[0]


def test_a_missing_part(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "m-00001-of-00002.gguf")
    assert "Part 2 of 2 is missing" in inspect(path).problems[0]
    write_tiny(tmp_path / "m-00002-of-00002.gguf")
    whole = inspect(tmp_path / "m-00002-of-00002.gguf")
    assert whole.parts == 2 and not whole.problems


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no file"):
        inspect(tmp_path / "no.gguf")
