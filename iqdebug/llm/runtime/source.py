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
from iqdebug.core.messages import message
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

_NOTHING_BUILT = message("llm.source.our_fault")
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
    raise ModelError(message("llm.source.no_patches"), fix=message("llm.source.no_patches.fix"))


def verify(sdist: Path) -> None:
    """:raises ModelError: it is not, byte for byte, the file that the patches were written for."""
    digest = hashlib.sha256()
    try:
        with open_regular(sdist) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ModelError(
            message("llm.source.unreadable", path=str(sdist)), error.strerror or str(error)
        ) from None
    if digest.hexdigest() != SDIST_SHA256:
        raise ModelError(
            message("llm.source.other_file", file=sdist.name),
            message("llm.source.other_file.why", sum=digest.hexdigest()[:16], expected=SDIST_SHA256[:16]),
            message("llm.source.other_file.fix"),
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
    rest = message("llm.source.pip_log", log=str(log))
    if "no module named pip" in low:
        raise MissingTool(
            message("llm.source.no_pip"),
            message("llm.source.no_pip.why", python=sys.executable),
            message("llm.source.no_pip.fix"),
        )
    if "do not match the hashes" in low:
        raise ModelError(
            message("llm.source.other_hash", version=VERSION),
            message("llm.source.other_hash.why", sum=SDIST_SHA256),
            rest,
        )
    if "no space left" in low:
        raise ModelError(message("llm.build.disk_full"), fix=rest)
    if any(sign in low for sign in _OFFLINE):
        raise ModelError(
            message("llm.source.offline", version=VERSION),
            "",
            message("llm.source.offline.fix", version=VERSION),
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    reason = (errors or lines)[-1] if lines else message("llm.source.pip_silent")
    raise ModelError(message("llm.source.not_downloaded", version=VERSION), reason, rest)


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
            what = message("llm.source.damaged_patch", patch=patch.name, file=file.name, hunk=hunk.header)
            raise ModelError(what, fix=_NOTHING_BUILT)
        first = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        new += old[taken:first]
        taken = first
        for line in hunk.lines:
            sign, text = line[0], f"{line[1:]}\n"
            if sign != "+":
                if taken >= len(old) or old[taken] != text:
                    what = message("llm.source.other_line", patch=patch.name, line=taken + 1, file=file.name)
                    raise ModelError(what, fix=_NOTHING_BUILT)
                taken += 1
            if sign != "-":
                new.append(text)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(new + old[taken:]), "utf-8")
