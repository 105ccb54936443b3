"""The source: the pinned sdist of llama-cpp-python, the patches, and how they are applied."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from iqdebug.core.errors import MissingTool, ModelError
from iqdebug.system.source_files import open_regular
from iqdebug.system.unified_diff import DiffHunk, parse_diff

__all__ = [
    "SDIST",
    "SDIST_SHA256",
    "VERSION",
    "Patch",
    "apply_patch",
    "fetch",
    "patches",
    "run_logged",
    "unpack",
    "verify",
]

VERSION = "0.3.36"
SDIST_SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
SDIST = f"llama_cpp_python-{VERSION}.tar.gz"

_NOTHING_BUILT = "This is a fault of iqdebug or of a changed sdist; nothing was built."
_VENDORED = f"llama_cpp_python-{VERSION}/vendor/llama.cpp/"
_NEEDED_ENTRIES = ("CMakeLists.txt", "LICENSE", "cmake", "ggml", "include", "licenses", "src", "vendor")


@dataclass(frozen=True, slots=True)
class Patch:
    name: str
    text: str


def patches() -> tuple[Patch, ...]:
    """The patches in the order in which they are applied: those of the source tree, else those that were
    installed with the package.

    :raises ModelError: this copy of iqdebug has none.
    """
    here = Path(__file__).resolve().parent
    for folder in (here.parents[2] / "native" / "patches", here / "patches"):
        files = sorted(folder.glob("*.patch"))
        if files:
            return tuple(Patch(file.name, file.read_text("utf-8")) for file in files)
    raise ModelError(
        "The patches for llama.cpp are missing from this copy of iqdebug",
        fix="Install it again: pip install --force-reinstall iqdebug",
    )


def verify(sdist: Path) -> None:
    """:raises ModelError: it is not, byte for byte, the file that the patches were written for."""
    digest = hashlib.sha256()
    try:
        with open_regular(sdist) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ModelError(f"{sdist} cannot be read", error.strerror or str(error)) from None
    if digest.hexdigest() != SDIST_SHA256:
        raise ModelError(
            f"{sdist.name} is not the file that was asked for; nothing was built",
            f"its sha256 is {digest.hexdigest()[:16]}…, expected {SDIST_SHA256[:16]}…",
            "An index or a proxy served something else. Try again, or pass the file: --sdist FILE",
        )


def fetch(folder: Path, log: Path) -> Path:
    """Download the sdist into a folder with pip, from the index that pip is set up for. pip checks the
    hash before anything of it is run.

    :raises ModelError: no network, a full disk, or a file with another hash.
    :raises MissingTool: this Python has no pip.
    """
    wanted = folder / "wanted.txt"
    wanted.write_text(f"llama-cpp-python=={VERSION} --hash=sha256:{SDIST_SHA256}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", "llama-cpp-python", "--require-hashes", "-r", str(wanted), "-d", str(folder)]
    run_logged(command, log, explain=_why_pip_failed)
    wanted.unlink(missing_ok=True)
    sdist = folder / SDIST
    verify(sdist)
    return sdist


def run_logged(command: Sequence[str], log: Path, *, explain: Callable[[str, Path], None]) -> None:
    """Run a command with its output in the log.

    :raises IqdebugError: it failed, as ``explain`` words it from its output and the log's path.
    """
    with log.open("ab") as file:
        file.write(f"$ {' '.join(command)}\n".encode())
        file.flush()
        start = file.tell()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment
        ).returncode
    if code:
        with log.open("rb") as file:
            file.seek(start)
            explain(file.read().decode("utf-8", "replace"), log)


def _why_pip_failed(output: str, log: Path) -> None:
    low = output.lower()
    rest = f"All that pip said: {log}"
    if "no module named pip" in low:
        raise MissingTool(
            "pip is missing from this Python, and llama.cpp's source is fetched with it",
            f"it was looked for with: {sys.executable} -m pip",
            "Install it (python -m ensurepip), or fetch the sdist elsewhere and pass it: --sdist FILE",
        )
    if "do not match the hashes" in low:
        raise ModelError(
            f"The index serves a llama-cpp-python {VERSION} with another hash; nothing was built",
            f"expected sha256 {SDIST_SHA256}",
            rest,
        )
    if "no space left" in low:
        raise ModelError("The disk is full; nothing was installed", fix=rest)
    if any(sign in low for sign in _OFFLINE):
        raise ModelError(
            f"llama-cpp-python {VERSION} could not be downloaded: the package index cannot be reached",
            "",
            "On another machine: pip download --no-deps --no-binary llama-cpp-python "
            f"llama-cpp-python=={VERSION}; then here: iqdebug runtime build --sdist FILE",
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    reason = (errors or lines or ["pip said nothing"])[-1]
    raise ModelError(f"llama-cpp-python {VERSION} could not be downloaded", reason, rest)


_OFFLINE = (
    "connection refused",
    "could not find a version",
    "failed to establish a new connection",
    "max retries exceeded",
    "name or service not known",
    "network is unreachable",
    "no matching distribution",
    "temporary failure in name resolution",
    "timed out",
)


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack what is needed of the vendored llama.cpp. Returns the folder that patches apply to."""
    with tarfile.open(sdist) as archive:
        for member in archive:
            inside = member.name.removeprefix(_VENDORED)
            if inside == member.name or inside.split("/")[0] not in _NEEDED_ENTRIES:
                continue
            content = archive.extractfile(member) if member.isfile() and ".." not in inside else None
            if content is None:
                continue
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
    return folder / f"llama_cpp_python-{VERSION}"


def apply_patch(patch: Patch, root: Path) -> None:
    """Apply a unified diff (``a/`` and ``b/`` before the names) exactly: no offset, no fuzz.

    :raises ModelError: a line is not as the patch expects it. Files before it are changed already.
    """
    hunks = parse_diff(patch.text)
    for name, hunks_of_file in itertools.groupby(hunks, key=lambda hunk: hunk.new_path):
        _patch_file(patch, hunks_of_file, root / name)


def _patch_file(patch: Patch, hunks: Iterable[DiffHunk], file: Path) -> None:
    old = file.read_text("utf-8").splitlines(keepends=True) if file.exists() else []
    new: list[str] = []
    taken = 0
    for hunk in hunks:
        if not hunk.is_whole:
            raise ModelError(f"{patch.name} is damaged: {file.name}, {hunk.header}", fix=_NOTHING_BUILT)
        first = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        new += old[taken:first]
        taken = first
        for line in hunk.lines:
            sign, text = line[0], f"{line[1:]}\n"
            if sign != "+":
                if taken >= len(old) or old[taken] != text:
                    raise ModelError(
                        f"{patch.name} does not fit the source: line {taken + 1} of {file.name} is another",
                        fix=_NOTHING_BUILT,
                    )
                taken += 1
            if sign != "-":
                new.append(text)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(new + old[taken:]), "utf-8")
