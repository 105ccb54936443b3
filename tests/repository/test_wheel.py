"""What the built wheel holds, and that it works where it is installed. Builds it for real."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import iqdebug
from iqdebug.llm.presets import presets

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ["iqdebug", "models", "native", "setup.py", "*.pth", "pyproject.toml", "README.md", "LICENSE"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the checkout, as a build on another machine is."""
    source, wheels = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    listing = ["git", "ls-files", "-co", "--exclude-standard", *PATTERNS, "MANIFEST.in"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(wheels), str(source)], check=True, timeout=150)
    (built,) = wheels.glob("*.whl")
    return built


def test_it_holds_the_presets_the_patches_and_its_types(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    shipped = {f"iqdebug/models/{file.name}" for file in (ROOT / "models").iterdir()}
    patches = {f"iqdebug/llm/runtime/patches/{file.name}" for file in (ROOT / "native/patches").iterdir()}
    assert len(shipped) > 10 and len(patches) == 3
    assert shipped | patches | {"iqdebug/py.typed", "iqdebug-capture.pth"} <= set(inside)
    assert not [name for name in inside if name.startswith(("tests/", "bench/"))]


def test_its_version_is_the_packages(wheel: Path) -> None:
    stated = re.fullmatch(r"iqdebug-([\d.]+)-py3-none-any\.whl", wheel.name)
    assert stated is not None and stated.group(1) == iqdebug.__version__


def test_an_installed_copy_knows_the_presets(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "import iqdebug; from iqdebug.llm.presets import presets; print(iqdebug.__file__, *presets())"
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    place, *names = run.stdout.split()
    assert place.startswith(str(tmp_path)), run.stderr
    assert names == list(presets(tmp_path)) and "iquest-coder-v1-40b-loop-thinking" in names


def test_the_environment_variable_alone_is_enough_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = f"import site; site.addsitedir({str(site)!r}); {{}}['missing']"
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "IQDEBUG"))}
    for folder in ("", str(tmp_path / "crashes")):
        run = subprocess.run(
            [sys.executable, "-S", "-c", code],
            env={**environ, **({"IQDEBUG_CAPTURE": folder} if folder else {})},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert run.returncode == 1 and run.stderr.endswith("KeyError: 'missing'\n")
    assert len(list((tmp_path / "crashes").glob("*.iqcrash"))) == 1
