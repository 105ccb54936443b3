"""Where built libraries are kept, found and removed.

``runtime-KEY/`` holds ``lib/``, ``build.log`` and ``runtime.json``; it appears by one rename when all of it
is there. What is being made stands in ``.making-*``, counts for nothing, and is swept by the next build.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message
from iqdebug.llm.runtime.recipe import Recipe, machine
from iqdebug.llm.runtime.source import patches

__all__ = ["Runtime", "cache_folder", "find_runtime", "install", "locked", "remove", "runtimes", "sweep"]

_MANIFEST_NAME = "runtime.json"
MAKING = ".making-"


@dataclass(frozen=True, slots=True)
class Runtime:
    """One build on disk.

    :param built: seconds since the epoch.
    :param size: bytes of the libraries.
    """

    key: str
    backend: str
    arch: str
    machine: str
    built: float
    size: int
    folder: Path

    @property
    def library_folder(self) -> Path:
        """What LLAMA_CPP_LIB_PATH has to name."""
        return self.folder / "lib"

    @property
    def log(self) -> Path:
        return self.folder / "build.log"

    @property
    def current(self) -> bool:
        """It was built from this iqdebug's patches, for this machine."""
        recipe = Recipe(self.backend, self.arch)  # type: ignore[arg-type]
        return self.key == recipe.key(patches())


def cache_folder() -> Path:
    """``$IQDEBUG_RUNTIME_CACHE``, else ``iqdebug`` in the user's cache folder (``XDG_CACHE_HOME``)."""
    if own := os.environ.get("IQDEBUG_RUNTIME_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "iqdebug"


def runtimes(folder: Path | None = None) -> tuple[Runtime, ...]:
    """All complete builds, the newest first. What is damaged or half removed is left out."""
    runtimes = []
    with contextlib.suppress(OSError):
        for place in (folder or cache_folder()).glob("runtime-*"):
            runtime = _read(place)
            if runtime is not None:
                runtimes.append(runtime)
    return tuple(sorted(runtimes, key=lambda r: r.built, reverse=True))


def find_runtime(folder: Path | None = None) -> Path | None:
    """The folder for LLAMA_CPP_LIB_PATH: of the builds that belong to this iqdebug and this machine, the
    newest. None when there is none."""
    for runtime in runtimes(folder):
        if runtime.machine == machine() and runtime.current:
            return runtime.library_folder
    return None


def remove(folder: Path | None = None) -> tuple[int, int]:
    """Delete every build and download. Returns how many builds, and bytes of all that went.

    :raises ModelError: something cannot be deleted.
    """
    root = folder or cache_folder()
    count = sum(1 for _ in root.glob("runtime-*"))
    freed = 0
    with locked(root):
        for place in [*root.glob("runtime-*"), *root.glob(f"{MAKING}*"), root / "sdist", root / "tools"]:
            freed += _size(place)
            try:
                if place.exists():
                    # Renamed first: a half deleted build must not be taken for a whole one.
                    gone = place.with_name(f"{MAKING}removed-{place.name}")
                    place.rename(gone)
                    shutil.rmtree(gone)
            except OSError as error:
                raise ModelError(
                    message("llm.build.cannot_delete", path=str(place)), str(error.strerror)
                ) from None
    return count, freed


def install(made: Path, recipe: Recipe, built: float, root: Path) -> Runtime:
    """Give a finished folder its name. It holds ``lib/`` and ``build.log``."""
    runtime = Runtime(
        key=recipe.key(),
        backend=recipe.backend,
        arch=recipe.arch,
        machine=machine(),
        built=built,
        size=_size(made / "lib"),
        folder=root / f"runtime-{recipe.key()}",
    )
    about = {name: value for name, value in asdict(runtime).items() if name != "folder"}
    files = {f.name: f.stat().st_size for f in (made / "lib").iterdir()}
    (made / _MANIFEST_NAME).write_text(json.dumps({**about, "files": files}, indent=1), "utf-8")
    if runtime.folder.exists():  # damaged, or it would have been found
        shutil.rmtree(runtime.folder)
    made.rename(runtime.folder)
    return runtime


@contextlib.contextmanager
def locked(root: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """One build or removal at a time; a second waits. The kernel takes the lock from a process that dies."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait is not None:
                on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sweep(root: Path) -> None:
    """Delete what interrupted builds left. Only while the lock is held."""
    for left in root.glob(f"{MAKING}*"):
        shutil.rmtree(left, ignore_errors=True)


def _read(place: Path) -> Runtime | None:
    try:
        about = json.loads((place / _MANIFEST_NAME).read_text("utf-8"))
        files = about.pop("files")
        if any((place / "lib" / name).stat().st_size != size for name, size in files.items()):
            return None
        return Runtime(folder=place, **about)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _size(place: Path) -> int:
    if place.is_file():
        return place.stat().st_size
    return sum(f.stat().st_size for f in place.rglob("*") if f.is_file() and not f.is_symlink())
