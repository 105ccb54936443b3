"""Which files need the runtime, and what a person is told; the commands about it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iqdebug.cli.main import main
from iqdebug.core.errors import ModelError
from iqdebug.llm.runtime import cache_folder, is_loop, runtime_for
from tests.native.fakes import pinned_to, programs, small_source

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("metadata", "loop"),
    [
        ({"general.architecture": "iquestloopcoder", "iquestloopcoder.loop.num": 2}, True),
        ({"general.architecture": "iquestloopcoder"}, True),
        ({"general.architecture": "llama", "llama.loop.num": 2}, True),
        ({"general.architecture": "llama", "llama.loop.num": 1}, False),
        ({"general.architecture": "llama"}, False),
        ({"general.architecture": "qwen2", "llama.loop.num": 2}, False),
        ({}, False),
    ],
)
def test_a_loop_file_is_known_by_its_keys(metadata: dict[str, Any], loop: bool) -> None:
    assert is_loop(metadata) is loop


def test_plain_models_keep_stock_llama_cpp(tmp_path: Path) -> None:
    assert runtime_for(False, folder=tmp_path) is None


def test_a_loop_model_without_a_runtime_offers_two_ways_on(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as raised:
        runtime_for(True, "loop-q4.gguf", folder=tmp_path)
    what, why, fix = raised.value.lines()
    assert what == "loop-q4.gguf is a Loop model, which stock llama.cpp does not run"
    assert "iqdebug runtime build" in why
    assert "vllm serve IQuestLab/IQuest-Coder-V1-40B-Loop-Instruct" in fix


def test_a_loop_model_gets_the_built_runtime_and_commands_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(programs(tmp_path / "programs")))
    monkeypatch.setenv("IQDEBUG_RUNTIME_CACHE", str(tmp_path / "cache"))
    sdist = small_source(tmp_path)
    with pinned_to(sdist):
        assert main(["runtime", "status"]) == 0
        assert "no runtime is built" in capsys.readouterr().out
        assert main(["runtime", "build", "--sdist", str(sdist)]) == 0
        built = capsys.readouterr()
        library = runtime_for(True)
        assert built.out.strip() == str(library)
        assert "compiling [2/2]" in built.err
        assert main(["runtime", "status"]) == 0
        assert capsys.readouterr().out.startswith("* cpu  ")
        assert main(["runtime", "remove"]) == 0
        assert "1 runtime removed" in capsys.readouterr().out
        with pytest.raises(ModelError):
            runtime_for(True)


def test_the_cache_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("IQDEBUG_RUNTIME_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "iqdebug"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "iqdebug"


def test_two_builds_at_once_make_one(tmp_path: Path) -> None:
    """The second waits for the first and takes what it made."""
    sdist = small_source(tmp_path)
    count = tmp_path / "count"
    slow = f'echo x >> {count}\nmkdir -p "$2/bin"\nsleep 0.3\necho library > "$2/bin/libllama.so"\n'
    path = programs(tmp_path / "programs", ninja=slow)
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.native.fakes import pinned_to\n"
        "from iqdebug.llm.runtime import Recipe, build\n"
        f"sdist = Path({str(sdist)!r})\n"
        "with pinned_to(sdist):\n    print(build(Recipe(), sdist=sdist))\n"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {
        **os.environ,
        "PATH": str(path),
        "IQDEBUG_RUNTIME_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": str(root),
    }
    both = [
        subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, cwd=root)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=40)[0] for process in both]
    assert said[0] == said[1] != b""
    assert count.read_text() == "x\n"
