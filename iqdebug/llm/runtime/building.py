"""The build: fetch, verify, patch, compile, install. A failed build leaves nothing installed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Message, Text, message
from iqdebug.llm.backends.base import Progress
from iqdebug.llm.runtime.recipe import Recipe
from iqdebug.llm.runtime.source import SDIST, apply_patch, fetch, patches, unpack, verify
from iqdebug.llm.runtime.store import MAKING, cache_folder, install, locked, runtimes, sweep
from iqdebug.llm.runtime.tools import Tools, find_tools

__all__ = ["build"]

_NINJA_STEP = re.compile(r"^\[(\d+)/(\d+)\]")
_MIN_FREE_BYTES = {"cpu": 700 << 20, "metal": 700 << 20, "cuda": 4 << 30}

OnProgress = Callable[[Progress], None]


def build(
    recipe: Recipe,
    on_progress: OnProgress | None = None,
    *,
    folder: Path | None = None,
    sdist: Path | None = None,
    jobs: int = 0,
) -> Path:
    """Build the patched llama.cpp and return the folder for LLAMA_CPP_LIB_PATH. What is built already is
    returned at once. A build that fails or is interrupted leaves nothing that :func:`find_runtime` finds;
    its log stays as ``last-build.log``.

    :param folder: where builds are kept; None for the user's cache.
    :param sdist: the source, fetched beforehand; None downloads it with pip.
    :param jobs: compilers at a time; 0 for one per processor.
    :raises MissingTool: no compiler, nvcc or pip.
    :raises ModelError: no network, a full disk, a wrong hash, or the compiler failed.
    """
    report = on_progress or (lambda progress: None)
    root = folder or cache_folder()
    with _disk_words(root):
        with locked(root, lambda: report(Progress(message("llm.build.waiting")))):
            sweep(root)
            for runtime in runtimes(root):
                if runtime.key == recipe.key():
                    os.utime(runtime.folder)
                    return runtime.library_folder
            return _build(recipe, report, root, sdist, jobs)


def _build(recipe: Recipe, report: OnProgress, root: Path, sdist: Path | None, jobs: int) -> Path:
    making = root / f"{MAKING}{os.getpid()}"
    making.mkdir()
    log = making / "build.log"
    log.touch()
    try:
        _require_room(recipe, root)
        tools = find_tools(recipe, root, log)
        source = _source(report, root, sdist, log)
        report(Progress(message("llm.build.unpacking")))
        tree = unpack(source, making)
        for patch in patches():
            apply_patch(patch, tree)
        report(Progress(message("llm.build.configuring")))
        _compile(recipe, tools, tree / "vendor" / "llama.cpp", making, jobs, report)
        made = making / "made"
        _gather(making / "build" / "bin", made / "lib")
        log.rename(made / "build.log")
        return install(made, recipe, time.time(), root).library_folder
    except BaseException:
        with contextlib.suppress(OSError):
            if log.stat().st_size:
                log.replace(root / "last-build.log")
        raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _require_room(recipe: Recipe, root: Path) -> None:
    free, wanted = shutil.disk_usage(root).free, _MIN_FREE_BYTES[recipe.backend]
    if free < wanted:
        raise ModelError(
            message("llm.build.no_room", free=free >> 20, needed=wanted >> 20),
            message("llm.build.in_folder", folder=str(root)),
            message("llm.build.make_room"),
        )


def _source(report: OnProgress, root: Path, sdist: Path | None, log: Path) -> Path:
    """The verified sdist; a download is kept for builds with other flags."""
    if sdist is not None:
        verify(sdist)
        return sdist
    kept = root / "sdist" / SDIST
    if kept.exists():
        with contextlib.suppress(ModelError):
            verify(kept)
            return kept
    report(Progress(message("llm.build.downloading")))
    download = log.parent / "download"
    download.mkdir()
    fetched = fetch(download, log)
    kept.parent.mkdir(exist_ok=True)
    fetched.replace(kept)
    return kept


def _compile(recipe: Recipe, tools: Tools, source: Path, making: Path, jobs: int, report: OnProgress) -> None:
    made, log = making / "build", making / "build.log"
    configure = [tools.cmake, "-S", str(source), "-B", str(made), "-G", "Ninja"]
    configure += [*recipe.flags, f"-DCMAKE_MAKE_PROGRAM={tools.ninja}"]
    if tools.nvcc:
        configure.append(f"-DCMAKE_CUDA_COMPILER={tools.nvcc}")
    kept = making.parent / "last-build.log"
    with contextlib.closing(_lines(configure, log, kept, message("llm.build.no_setup"))) as lines:
        for line in lines:
            said = line.removeprefix("-- ").strip()[:60]
            report(Progress(message("llm.build.configuring_line", line=said)))
    command = [tools.ninja, "-C", str(made), "-j", str(jobs or os.cpu_count() or 1), "llama"]
    with contextlib.closing(_lines(command, log, kept, message("llm.build.not_compiled"))) as lines:
        for line in lines:
            if step := _NINJA_STEP.match(line):
                done, total = int(step[1]), int(step[2])
                report(Progress(message("llm.build.compiling", done=done, total=total), done / total))


def _lines(command: Sequence[str], log: Path, kept: Path, failed: Message) -> Generator[str, None, None]:
    """Run a program and yield its output line by line, which also goes to the log. It and all that it
    started end when this generator is closed.

    :raises ModelError: it failed; ``failed`` says what, the first error in its output says why.
    """
    recent: deque[str] = deque(maxlen=4000)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(command)}\n")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "NINJA_STATUS": "[%f/%t] "},
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                file.write(line)
                recent.append(line)
                yield line
            code = process.wait()
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
    if code:
        raise ModelError(failed, *_why(recent, kept))


def _why(output: Sequence[str], log: Path) -> tuple[Text, Text]:
    """The cause in a compiler's output, and what to do."""
    rest = message("llm.build.whole_output", log=str(log))
    text = "".join(output)
    if "No space left on device" in text:
        return message("llm.build.disk_full.why"), message("llm.build.disk_full.fix", rest=rest)
    if "Killed signal terminated" in text or "out of memory" in text.lower():
        return (
            message("llm.build.out_of_memory"),
            message("llm.build.out_of_memory.fix", rest=rest),
        )
    if missing := re.search(r"CUDA::(\w+)\s+but the target was not found", text):
        return (
            message("llm.build.toolkit_lacks", name=missing[1]),
            message("llm.build.toolkit_lacks.fix", rest=rest),
        )
    lines = [line.strip() for line in output if line.strip()]
    for n, line in enumerate(lines):
        if line.startswith("CMake Error"):
            return " ".join(lines[n : n + 3])[:200], rest
        if re.search(r"\berror\b", line, re.IGNORECASE):
            return line[:200], rest
    return lines[-1][:200] if lines else message("llm.build.said_nothing"), rest


def _gather(binaries: Path, libraries: Path) -> None:
    """The libraries and the links by which they name each other."""
    libraries.mkdir(parents=True)
    for file in sorted(binaries.iterdir()):
        if file.name.startswith("lib") and (".so" in file.name or file.suffix == ".dylib"):
            shutil.copy2(file, libraries / file.name, follow_symlinks=False)


@contextlib.contextmanager
def _disk_words(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelError(
                message("llm.build.disk_full"),
                message("llm.build.in_folder", folder=str(root)),
                message("llm.build.make_room"),
            ) from None
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR):
            raise ModelError(
                message("llm.build.cannot_write", path=str(error.filename or root), why=str(error.strerror)),
                fix=message("llm.build.cannot_write.fix"),
            ) from None
        raise
