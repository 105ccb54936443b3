"""The programs a build needs: a compiler, CMake and ninja, and nvcc for CUDA."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.errors import MissingTool, ModelError
from iqdebug.core.messages import message
from iqdebug.llm.runtime.recipe import Recipe
from iqdebug.llm.runtime.source import run_logged
from iqdebug.llm.runtime.store import MAKING

__all__ = ["Tools", "find_tools"]

_MIN_CMAKE_VERSION = (3, 21)
_CUDA_HOMES = ("CUDA_HOME", "CUDA_PATH")
_USUAL_CUDA = "/usr/local/cuda"
_DRIVER_SIGNS = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg")


@dataclass(frozen=True, slots=True)
class Tools:
    """:param nvcc: None unless CUDA is built."""

    cmake: str
    ninja: str
    nvcc: str | None = None


def find_tools(recipe: Recipe, root: Path, log: Path) -> Tools:
    """Look for what is needed; CMake and ninja are fetched with pip into ``root/tools`` when they are absent
    or too old.

    :raises MissingTool: there is no compiler, no nvcc, or no card whose architecture could be asked for.
    :raises ModelError: CMake or ninja could not be fetched.
    """
    _require_compilers()
    nvcc = _nvcc() if recipe.backend == "cuda" else None
    if nvcc and not recipe.arch:
        _require_card()
    if recipe.backend == "metal" and platform.system() != "Darwin":
        raise MissingTool(message("llm.tools.no_metal"), fix=message("llm.tools.no_metal.fix"))
    cmake, ninja = _installed_cmake(), shutil.which("ninja") or shutil.which("ninja-build")
    if not cmake or not ninja:
        fetched = _fetched(root, log)
        cmake, ninja = cmake or fetched.cmake, ninja or fetched.ninja
    return Tools(cmake, ninja, nvcc)


def _require_compilers() -> None:
    for language, variable, names in (
        ("C", "CC", ("cc", "gcc", "clang")),
        ("C++", "CXX", ("c++", "g++", "clang++")),
    ):
        own = os.environ.get(variable, "").split()
        if not any(shutil.which(name) for name in (own[:1] or names)):
            raise MissingTool(
                message("llm.tools.no_compiler", language=language),
                message("llm.tools.looked_for", names=own[:1] or names),
                message("llm.tools.no_compiler.fix"),
            )


def _nvcc() -> str:
    own = os.environ.get("CUDACXX")
    homes = [os.environ[name] for name in _CUDA_HOMES if os.environ.get(name)]
    places = [own or "nvcc", *(f"{home}/bin/nvcc" for home in [*homes, _USUAL_CUDA])]
    for place in places:
        if compiler := shutil.which(place):
            return compiler
    raise MissingTool(
        message("llm.tools.no_nvcc"),
        message("llm.tools.looked_for", names=places),
        message("llm.tools.no_nvcc.fix"),
    )


def _require_card() -> None:
    if not shutil.which("nvidia-smi") and not any(Path(sign).exists() for sign in _DRIVER_SIGNS):
        raise MissingTool(message("llm.tools.no_driver"), fix=message("llm.tools.no_driver.fix"))


def _installed_cmake() -> str | None:
    cmake = shutil.which("cmake")
    if not cmake:
        return None
    try:
        output = subprocess.run([cmake, "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(\d+)\.(\d+)", output)
    return cmake if version and (int(version[1]), int(version[2])) >= _MIN_CMAKE_VERSION else None


def _fetched(root: Path, log: Path) -> Tools:
    folder = root / "tools"
    if not folder.exists():
        making = root / f"{MAKING}tools"
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
        run_logged([*command, "--target", str(making), "cmake", "ninja"], log, explain=_not_fetched)
        making.rename(folder)
    cmake = _program(folder, "cmake")
    ninja = _program(folder, "ninja")
    if not cmake or not ninja:
        raise MissingTool(message("llm.tools.not_in_packages"), fix=message("llm.tools.install_cmake"))
    return Tools(cmake, ninja)


def _program(folder: Path, name: str) -> str | None:
    """The program itself, not a script that starts it: such a script needs the package on Python's path."""
    for place in (folder / name / "data" / "bin" / name, folder / "bin" / name):
        if place.is_file() and place.read_bytes()[:2] != b"#!":
            place.chmod(0o755)
            return str(place)
    return None


def _not_fetched(output: str, log: Path) -> None:
    if "no module named pip" in output.lower():
        raise MissingTool(message("llm.tools.no_pip"), fix=message("llm.tools.install_cmake"))
    raise ModelError(
        message("llm.tools.not_downloaded"),
        "",
        message("llm.tools.not_downloaded.fix", log=str(log)),
    )
