"""The source: patches that apply exactly or not at all, and what pip's failures are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.errors import IqdebugError, ModelError, UsageError
from iqdebug.llm.runtime import Recipe, source
from iqdebug.llm.runtime.source import Patch, apply_patch, patches
from tests.native.fakes import PATCH

pytestmark = pytest.mark.slow


def test_a_patch_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vendor/llama.cpp/src/model.cpp"
    file.parent.mkdir(parents=True)
    file.write_text("one\nTWO\nthree\n")
    with pytest.raises(ModelError, match=r"0001-small\.patch does not fit the source: line 2 of model\.cpp"):
        apply_patch(PATCH, tmp_path)


def test_a_patch_changes_and_adds_files(tmp_path: Path) -> None:
    file = tmp_path / "vendor/llama.cpp/src/model.cpp"
    file.parent.mkdir(parents=True)
    file.write_text("one\ntwo\nthree\nfour\n")
    apply_patch(PATCH, tmp_path)
    assert file.read_text() == "one\nzwei\ndrei\nthree\nfour\n"
    assert file.with_name("loop.cpp").read_text() == "new\nfile\n"


def test_the_patches_touch_llama_cpps_source_alone() -> None:
    names = [patch.name for patch in patches()]
    assert [name[:5] for name in names] == ["0001-", "0002-", "0003-"]
    for patch in patches():
        changed = [line for line in patch.text.splitlines() if line.startswith("+++ ")]
        assert changed
        assert all(line.startswith("+++ b/vendor/llama.cpp/src/") for line in changed)


@pytest.mark.parametrize(("backend", "arch"), [("cpu", "90"), ("cuda", "ninety"), ("cuda", "90 -DX=1")])
def test_nonsense_for_an_architecture_is_refused(backend: str, arch: str) -> None:
    with pytest.raises(UsageError):
        Recipe(backend, arch)  # type: ignore[arg-type]


def test_every_error_is_one_to_three_lines() -> None:
    for output in (
        "",
        "No module named pip",
        "DO NOT MATCH THE HASHES",
        "no space left",
        "timed out",
        "ERROR: x",
    ):
        with pytest.raises(IqdebugError) as raised:
            source._why_pip_failed(output, Path("log"))
        assert 1 <= len(raised.value.lines()) <= 3
        assert all("\n" not in line for line in raised.value.lines())


def test_a_patch_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vendor/llama.cpp/src/model.cpp"
    file.parent.mkdir(parents=True)
    file.write_text("one\ntwo\nthree\n")
    with pytest.raises(ModelError, match=r"0001-small\.patch is damaged: loop\.cpp"):
        apply_patch(Patch(PATCH.name, PATCH.text[: -len("+file\n")]), tmp_path)
