"""`runtime`: the builds of llama.cpp that Loop models need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from iqdebug.cli.documents.base import Document, Part
from iqdebug.llm import runtime

__all__ = ["RemovedRuntimes", "Runtime", "RuntimeBuild", "RuntimeList", "runtime_list_document"]


class Runtime(Part, frozen=True):
    """One build. ``built`` counts seconds since the Unix epoch, ``size`` bytes; ``current``: it belongs
    to this iqdebug and this machine; ``in_use``: Loop models are run with it."""

    backend: str
    arch: str
    architecture: str
    built: float
    size: int
    folder: str
    current: bool
    in_use: bool


class RuntimeList(Document, frozen=True, tag="iqdebug/runtimes/1"):
    """What is built in ``folder``, the newest first."""

    folder: str
    runtimes: list[Runtime]


class RuntimeBuild(Document, frozen=True, tag="iqdebug/runtime-build/1"):
    """A finished build. ``seconds`` is how long it took."""

    library_folder: str
    backend: str
    seconds: float


class RemovedRuntimes(Document, frozen=True, tag="iqdebug/runtime-removal/1"):
    """How many builds were deleted, and how many bytes that freed."""

    count: int
    freed: int


def runtime_list_document(
    folder: Path, runtimes: Sequence[runtime.Runtime], used: Path | None
) -> RuntimeList:
    return RuntimeList(
        folder=str(folder),
        runtimes=[
            Runtime(
                backend=each.backend,
                arch=each.arch,
                architecture=each.machine,
                built=each.built,
                size=each.size,
                folder=str(each.folder),
                current=each.current,
                in_use=each.library_folder == used,
            )
            for each in runtimes
        ],
    )
