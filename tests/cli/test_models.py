from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from iqdebug.cli.main import main
from iqdebug.core.config import load
from iqdebug.llm.backends import local_servers
from iqdebug.llm.gguf import hardware
from tests.conftest import EXAMPLES
from tests.llm.test_local_servers import closed_port
from tests.support.tiny_model import write_tiny

LOOP = "iquest-coder-v1-40b-loop-instruct"
QWEN = "qwen2.5-coder-7b-instruct"


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
    layers = {plan["model"].split()[-1]: plan["n_gpu_layers"] for plan in plans if plan["fits"]}
    assert 0 < layers["f16"] < 81 and layers["q4_k_m"] == 81
    assert main(["models", "plan", LOOP, "--vram", "0", "--ram", "2G"]) == 1
    out = capsys.readouterr().out
    assert "DOES NOT FIT" in out and all(len(row) <= 80 for row in out.splitlines())


def test_plan_of_a_name_is_for_its_public_files(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--vram", "0", "--ram", "64G", "--json"]
    assert main(["models", "plan", "qwen3-coder-30b-a3b-instruct", *words]) == 0
    plans = json.loads(capsys.readouterr().out)["plans"]
    assert [plan["model"].rsplit(" ", 1)[1] for plan in plans] == ["q4_k_m", "q8_0"]
    assert [plan["weights_ram"] for plan in plans] == [18_557_000_000, 32_484_000_000]


def test_inspect_and_plan_take_what_use_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny(tmp_path / "t.gguf")
    monkeypatch.chdir(tmp_path)
    for model in ("t.gguf", "llama:t.gguf", f"llama:{tmp_path}/t.gguf"):
        assert main(["models", "inspect", model]) == 0
        assert main(["models", "plan", model]) == 0
    assert main(["models", "plan", "llama:qwen2.5-coder-0.5b-instruct", "--ram", "8G"]) == 0
    capsys.readouterr()
    for action in ("inspect", "plan"):
        assert main(["models", action, "llama:gone.gguf"]) == 12
        assert "There is no file gone.gguf" in capsys.readouterr().err


def test_recommend(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    machine = hardware.Machine((hardware.Gpu("NVIDIA GeForce RTX 4090", 24 << 30, 23 << 30),), 32 << 30, 8)
    monkeypatch.setattr(hardware, "look", lambda: machine)
    assert main(["models", "recommend"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("NVIDIA GeForce RTX 4090 23.00 GiB free") and "GB/s" in rows[1]
    at = rows.index("1. Qwen2.5-Coder-32B-Instruct, q4_k_m: 19.851 GB to fetch; licence: Apache-2.0")
    assert "of the GPU" in rows[at + 1] and "tokens a second" in rows[at + 2]
    assert rows[at + 3].strip() == "iqdebug models pull qwen2.5-coder-32b-instruct --use"
    assert all(len(row) <= 80 for row in rows)
    monkeypatch.setattr(hardware, "look", lambda: hardware.Machine((), 100 << 20, 1))
    assert main(["models", "recommend"]) == 1
    assert "None of the known models fits" in capsys.readouterr().out


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
    write_tiny(downloaded.with_name("qwen2.5-coder-7b-instruct-q6_k.gguf"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for model, setting in {
        f"llama:{path}": f"llama:{path}",
        "llama:t.gguf": f"llama:{path}",
        "llama:~/t.gguf": f"llama:{path}",
        "llama:d.gguf": f"llama:{downloaded}",
        "d.gguf": f"llama:{downloaded}",
        f"llama:{QWEN}": f"llama:{QWEN}",
        QWEN: f"llama:{QWEN}",
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


@pytest.mark.parametrize("model", [QWEN, f"llama:{QWEN}"])
def test_use_of_a_preset_whose_file_is_not_there(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "use", "none"]) == 0
    capsys.readouterr()
    assert main(["models", "use", model]) == 2
    what, why, fix = capsys.readouterr().err.splitlines()
    assert what == f"iqdebug: {QWEN} is not on this machine" and "No file of it lies in" in why
    assert fix.strip() == f"iqdebug models pull {QWEN}"
    assert load().model.setting == "none"


def test_use_of_what_runs_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "script.json").write_text("[]")
    command = [sys.executable, "-m", "tests.llm.fake_server", "--script", str(tmp_path / "script.json")]
    with subprocess.Popen(
        [*command, "--kind", "llama-server"], stdout=subprocess.PIPE, text=True, cwd=EXAMPLES.parent
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            monkeypatch.setattr(local_servers, "PORTS", (int(url.split(":")[2].split("/")[0]),))
            assert main(["models", "use", "auto"]) == 0
        finally:
            server.kill()
    assert capsys.readouterr().out.startswith(f"Found: llama-server at {url}, serving m\n")
    assert load().model.setting == url


def test_use_of_what_runs_where_nothing_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert local_servers.PORTS == (9931, 8080, 8000, 30000)
    with closed_port() as closed:
        monkeypatch.setattr(local_servers, "PORTS", (closed,))
        assert main(["models", "use", "auto"]) == 12
    what, why, fix = capsys.readouterr().err.splitlines()
    assert "No model's server answers" in what and str(closed) in why and "http://host:port/v1" in fix


@pytest.mark.parametrize("model", ["", "llama:"])
def test_use_of_nothing(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "use", model]) == 2
    assert f"iqdebug: {model!r} names no model" in capsys.readouterr().err


def test_use_of_an_address_of_another_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "use", "ftp://models.example/x.gguf"]) == 2
    assert "llama:FILE.gguf, http://host:port/v1 or none" in capsys.readouterr().err


def test_pull_of_what_is_not_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "iquest-coder-v1-7b-thinking"]) == 12
    assert "No public GGUF" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["http://", "https://:99", "http://host:0/v1"])
def test_what_is_no_address_is_not_chosen(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "use", address]) == 2
    assert "is no address" in capsys.readouterr().err
