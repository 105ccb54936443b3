"""A build without a compiler: a source of three files, and a CMake and a ninja that are shell scripts."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from iqdebug.llm.runtime import building, recipe, source
from iqdebug.llm.runtime.source import Patch

__all__ = ["NINJA", "PATCH", "pinned_to", "programs", "sdist_of", "small_source"]

PATCH = Patch(
    "0001-small.patch",
    """\
A small change.

--- a/vendor/llama.cpp/src/model.cpp
+++ b/vendor/llama.cpp/src/model.cpp
@@ -1,3 +1,4 @@
 one
-two
+zwei
+drei
 three
--- a/vendor/llama.cpp/src/loop.cpp
+++ b/vendor/llama.cpp/src/loop.cpp
@@ -0,0 +1,2 @@
+new
+file
""",
)

_CMAKE = """\
case "$*" in --version) echo "cmake version 3.30.1"; exit 0;; esac
echo "-- Configuring done"
mkdir -p "$4"
"""

NINJA = """\
echo "[1/2] Building CXX object model.cpp.o"
echo "[2/2] Linking CXX shared library bin/libllama.so.0"
mkdir -p "$2/bin" && echo library > "$2/bin/libllama.so.0" && ln -s libllama.so.0 "$2/bin/libllama.so"
echo program > "$2/bin/llama-cli"
"""


def sdist_of(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"llama_cpp_python-{source.VERSION}/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def small_source(folder: Path) -> Path:
    return sdist_of(
        folder / source.SDIST,
        {
            "pyproject.toml": "",
            "vendor/llama.cpp/CMakeLists.txt": "",
            "vendor/llama.cpp/src/model.cpp": "one\ntwo\nthree\n",
            "vendor/llama.cpp/docs/much.md": "",
        },
    )


def programs(folder: Path, ninja: str = NINJA, compiler: bool = True) -> Path:
    """A folder for PATH with a compiler, CMake and ninja that do next to nothing."""
    folder.mkdir(exist_ok=True)
    texts = {"cmake": _CMAKE, "ninja": ninja}
    if compiler:
        texts |= {"cc": "", "c++": ""}
    for name, text in texts.items():
        (folder / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{text}")
        (folder / name).chmod(0o755)
    return folder


@contextmanager
def pinned_to(sdist: Path, patches: tuple[Patch, ...] = (PATCH,)) -> Iterator[None]:
    """As if this sdist and these patches were the ones that iqdebug pins."""
    with pytest.MonkeyPatch.context() as patch:
        digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
        patch.setattr(source, "SDIST_SHA256", digest)
        for module in (building, recipe, source):
            patch.setattr(module, "patches", lambda: patches)
        patch.setattr("iqdebug.llm.runtime.store.patches", lambda: patches)
        yield
