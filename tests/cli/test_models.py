from __future__ import annotations

import json
from pathlib import Path

import pytest

from iqdebug.cli.main import main
from iqdebug.core.config import load
from tests.support.tiny_model import write_tiny

LOOP = "iquest-coder-v1-40b-loop-instruct"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_list_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert any(LOOP in row for row in rows)
    assert all(len(row) <= 80 for row in rows if not row.startswith("Downloaded"))


def test_inspect_and_its_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_tiny(tmp_path / "t.gguf")
    assert main(["models", "inspect", str(path)]) == 0
    assert "architecture  llama" in capsys.readouterr().out
    assert main(["models", "inspect", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"]["layers"] == 2


def test_a_file_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.gguf").write_bytes(b"<html>")
    assert main(["models", "inspect", str(tmp_path / "x.gguf")]) == 12
    assert "does not begin with GGUF" in capsys.readouterr().err.replace("It does", "it does")


def test_plan_of_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "plan", LOOP, "--vram", "48G", "--ram", "64G", "--json"]) == 0
    plans = json.loads(capsys.readouterr().out)["plans"]
    assert [p["fits"] for p in plans][:2] == [True, True] and plans[0]["n_gpu_layers"] == 81
    assert main(["models", "plan", LOOP, "--vram", "0", "--ram", "2G"]) == 1
    out = capsys.readouterr().out
    assert "DOES NOT FIT" in out and all(len(row) <= 80 for row in out.splitlines())


def test_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_tiny(tmp_path / "t.gguf")
    assert main(["models", "use", str(path)]) == 0
    assert load().model.setting == f"llama:{path}"
    assert main(["models", "use", "http://localhost:8000/v1"]) == 0
    assert load().model.setting == "http://localhost:8000/v1"
    assert main(["models", "use", "nosuch"]) == 12


def test_use_takes_what_the_option_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tiny(tmp_path / "t.gguf")
    downloaded = tmp_path / "data" / "iqdebug" / "models" / "d.gguf"
    downloaded.parent.mkdir(parents=True)
    write_tiny(downloaded)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for model, setting in {
        f"llama:{path}": f"llama:{path}",
        "llama:t.gguf": f"llama:{path}",
        "llama:~/t.gguf": f"llama:{path}",
        "llama:d.gguf": f"llama:{downloaded}",
        "d.gguf": f"llama:{downloaded}",
        f"llama:{LOOP}": f"llama:{LOOP}",
        LOOP: f"llama:{LOOP}",
        "https://models.example/v1": "https://models.example/v1",
        "none": "none",
    }.items():
        assert main(["models", "use", model]) == 0
        assert load().model.setting == setting


@pytest.mark.parametrize("model", ["gone.gguf", "llama:gone.gguf", "./gone", "llama:/nowhere/gone.gguf"])
def test_use_of_a_file_that_is_not_there(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "use", "none"]) == 0
    capsys.readouterr()
    assert main(["models", "use", model]) == 12
    what, why, fix = capsys.readouterr().err.splitlines()
    assert what == f"iqdebug: There is no file {model.removeprefix('llama:')}"
    assert str(tmp_path / "data" / "iqdebug" / "models") in why and "iqdebug models list" in fix
    assert load().model.setting == "none"


@pytest.mark.parametrize("model", ["", "llama:"])
def test_use_of_nothing(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "use", model]) == 2
    assert f"iqdebug: {model!r} names no model" in capsys.readouterr().err


def test_use_of_an_address_of_another_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "use", "ftp://models.example/x.gguf"]) == 2
    assert "llama:FILE.gguf, http://host:port/v1 or none" in capsys.readouterr().err


def test_pull_of_what_is_not_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "iquest-coder-v1-7b-instruct"]) == 12
    assert "No public GGUF" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["http://", "https://:99", "http://host:0/v1"])
def test_what_is_no_address_is_not_chosen(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "use", address]) == 2
    assert "is no address" in capsys.readouterr().err
