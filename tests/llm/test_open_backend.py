"""What names a model: settings, and the paths of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.assistant.session import DebuggeeContext
from iqdebug.core.errors import UsageError
from iqdebug.llm.open_backend import open_model
from iqdebug.workflows.assemble import companion_for


@pytest.fixture
def here(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``t.gguf`` in it, the working folder and the home one."""
    for name in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    (tmp_path / "t.gguf").symlink_to(tiny_model)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("path", ["{here}/t.gguf", "t.gguf", "./t.gguf", "~/t.gguf"])
def test_a_path_names_a_file_as_well(path: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path.format(here=here)
    for setting in (path, f"llama:{path}"):
        opened = open_model(setting)
        assert opened is not None and opened.backend.about.setting == f"llama:{path}"
    monkeypatch.setenv("IQDEBUG_MODEL", path)
    assistant = companion_for(None, DebuggeeContext(project=str(here)), required=True)
    assert assistant.window is not None and assistant.window.about.setting == f"llama:{path}"


def test_what_keeps_a_model_from_being_opened(here: Path) -> None:
    for setting, complaint in {
        "gone.gguf": "There is no file gone.gguf",
        "llama:gpt-oss-20b": "gpt-oss-20b is not on this machine",
        "nonsense": "'nonsense' names no model",
    }.items():
        with pytest.raises(UsageError, match=complaint):
            companion_for(setting, DebuggeeContext(project=str(here)), required=True)
        assistant = companion_for(setting, DebuggeeContext(project=str(here)))
        (entry,) = [each for each in assistant.transcript.entries if each.kind == "error"]
        assert assistant.window is None and entry.text.startswith(complaint)
