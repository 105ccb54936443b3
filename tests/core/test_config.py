from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.config import Config, load, save_model
from iqdebug.core.errors import UsageError


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "none.toml") == Config()


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    for text, word in (
        ("[model]\ncontxt = 1\n", "contxt"),
        ("[rights]\nprobe = 'never'\n", "probe"),
        ("[model\n", "line 1"),
        ("[window]\nhigh_water = 0.3\n", "low_water"),
    ):
        path.write_text(text)
        with pytest.raises(UsageError) as caught:
            load(path)
        assert word in caught.value.why


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[model]\nsetting = "none"\n'),
        ("# mine\n[rights]\nprobe = 'ask'", None),
        (
            "# a\n[model] # b\nsetting = 'x' # keep\ncontext = 5\n",
            '# a\n[model] # b\nsetting = "none" # keep\ncontext = 5\n',
        ),
        ("[model]\ncontext = 5\n[rights]\n", '[model]\nsetting = "none"\ncontext = 5\n[rights]\n'),
    ],
)
def test_saving_keeps_the_rest(before: str, after: str | None, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(before)
    save_model("none", path)
    if after is None:
        assert path.read_text().startswith(before)
    else:
        assert path.read_text() == after
    assert load(path).model.setting == "none"


def test_odd_names_survive(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "c.toml"
    save_model('llama:/a "b"\\ü.gguf', path)
    assert load(path).model.setting == 'llama:/a "b"\\ü.gguf'
