"""What is built: the backend, its flags, and the key under which the result is kept."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from iqdebug.core.errors import UsageError
from iqdebug.core.messages import message
from iqdebug.llm.runtime.source import SDIST_SHA256, VERSION, Patch, patches

__all__ = ["Backend", "Recipe", "machine"]

Backend = Literal["cpu", "cuda", "metal"]

# Release, libraries only, and each finds the others beside itself. GGML_NATIVE stays at its default, on, as
# in the llama.cpp that llama-cpp-python brings: a plain model computes the same bits with either.
_FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=ON",
    "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_COMMON=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_TOOLS=OFF",
)
_ARCHITECTURES = re.compile(
    r"(native|all|all-major|\d{2,3}[af]?(-real|-virtual)?(;\d{2,3}[af]?(-real|-virtual)?)*)"
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """:param arch: CUDA architectures for CMake, such as ``90`` or ``86;90``; empty for this card's."""

    backend: Backend = "cpu"
    arch: str = ""

    def __post_init__(self) -> None:
        if self.arch and self.backend != "cuda":
            raise UsageError(message("llm.build.arch_without_cuda"))
        if self.arch and not _ARCHITECTURES.fullmatch(self.arch):
            raise UsageError(
                message("llm.build.no_arch", name=self.arch), fix=message("llm.build.no_arch.fix")
            )

    @property
    def flags(self) -> tuple[str, ...]:
        origin = "@loader_path" if platform.system() == "Darwin" else "$ORIGIN"
        flags = (*_FLAGS, f"-DCMAKE_INSTALL_RPATH={origin}")
        if self.backend == "cuda":
            return (*flags, "-DGGML_CUDA=ON", f"-DCMAKE_CUDA_ARCHITECTURES={self.arch or 'native'}")
        if self.backend == "metal":
            return (*flags, "-DGGML_METAL=ON", "-DGGML_METAL_EMBED_LIBRARY=ON")
        return (*flags, "-DGGML_METAL=OFF")

    def key(self, fixes: Sequence[Patch] | None = None) -> str:
        """Changes with the source, the patches, the flags and this machine's processor, and with nothing
        else."""
        digest = hashlib.sha256()
        for patch in patches() if fixes is None else fixes:
            digest.update(f"{patch.name}\0{patch.text}\0".encode())
        digest.update("\0".join((VERSION, SDIST_SHA256, machine(), *self.flags)).encode())
        return f"{VERSION}-{self.backend}-{digest.hexdigest()[:12]}"


@cache
def machine() -> str:
    """The system and processor that a build for "native" is for: a home folder may be shared by several."""
    features = ""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.split(":")[0].strip() in ("flags", "Features"):
                features = " ".join(sorted(line.split(":", 1)[1].split()))
                break
    except OSError:
        features = platform.processor()
    known = hashlib.sha256(features.encode()).hexdigest()[:12]
    return f"{platform.system()}-{platform.machine()}-{known}".lower()
