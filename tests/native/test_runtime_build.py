"""The build as people meet it: what it leaves behind, and what it says when it cannot go on."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from iqdebug.core.errors import MissingTool, ModelError
from iqdebug.llm.backends.base import Progress
from iqdebug.llm.runtime import Recipe, build, building, find_runtime, remove, runtimes, source, tools
from iqdebug.llm.runtime.source import Patch
from tests.native.fakes import NINJA, PATCH, pinned_to, programs, sdist_of, small_source

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def sdist(tmp_path: Path) -> Iterator[Path]:
    path = small_source(tmp_path)
    with pinned_to(path):
        yield path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(programs(tmp_path / "programs")))
    for name in ("CC", "CXX", "CUDACXX", "CUDA_HOME", "CUDA_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


def nothing_is_installed(cache: Path) -> bool:
    left = {file.name for file in cache.iterdir()} if cache.exists() else set()
    return find_runtime(cache) is None and left <= {".lock", "last-build.log", "sdist"}


def test_a_build_keeps_the_libraries_and_nothing_else(cache: Path, sdist: Path) -> None:
    seen: list[Progress] = []
    library = build(Recipe(), seen.append, folder=cache, sdist=sdist)
    assert {file.name for file in library.iterdir()} == {"libllama.so", "libllama.so.0"}
    assert (library / "libllama.so").read_text() == "library\n"
    assert {file.name for file in library.parent.iterdir()} == {"lib", "build.log", "runtime.json"}
    assert {file.name for file in cache.iterdir()} == {".lock", library.parent.name}
    assert find_runtime(cache) == library
    fractions = [progress.fraction for progress in seen if progress.fraction is not None]
    assert fractions == [0.5, 1.0]
    assert "compiling [2/2]" in {progress.words for progress in seen}
    assert "Linking CXX" in (library.parent / "build.log").read_text()


def test_what_is_built_is_not_built_again(cache: Path, sdist: Path, tmp_path: Path) -> None:
    library = build(Recipe(), folder=cache, sdist=sdist)
    programs(tmp_path / "programs", ninja="exit 1\n")
    assert build(Recipe(), folder=cache, sdist=sdist) == library


def test_other_patches_flags_or_machines_are_other_builds(
    cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(Recipe(), folder=cache, sdist=sdist)
    with pinned_to(sdist, (PATCH, Patch("0002-more.patch", ""))):
        assert find_runtime(cache) is None
        second = build(Recipe(), folder=cache, sdist=sdist)
        assert second != first
        assert find_runtime(cache) == second
    assert find_runtime(cache) == first
    assert len(runtimes(cache)) == 2
    keys = {Recipe().key(), Recipe("cuda").key(), Recipe("cuda", "90").key(), Recipe("metal").key()}
    assert len(keys) == 4
    monkeypatch.setattr("iqdebug.llm.runtime.store.machine", lambda: "another")
    assert find_runtime(cache) is None


def test_a_damaged_build_is_not_used_and_is_made_anew(cache: Path, sdist: Path) -> None:
    library = build(Recipe(), folder=cache, sdist=sdist)
    (library / "libllama.so.0").write_text("half")
    assert find_runtime(cache) is None
    assert build(Recipe(), folder=cache, sdist=sdist) == library
    assert find_runtime(cache) == library
    (library.parent / "runtime.json").write_text("{")
    assert find_runtime(cache) is None


def test_remove_takes_everything_away(cache: Path, sdist: Path) -> None:
    build(Recipe(), folder=cache, sdist=sdist)
    count, freed = remove(cache)
    assert count == 1 and freed > 0
    assert {file.name for file in cache.iterdir()} == {".lock"}
    assert remove(cache) == (0, 0)


def test_a_compiler_that_fails_is_quoted(cache: Path, sdist: Path, tmp_path: Path) -> None:
    broken = (
        'echo "[1/2] Building"\necho "model.cpp:3:1: error: no such thing"\necho "ninja: stopped"\nexit 1\n'
    )
    programs(tmp_path / "programs", ninja=broken)
    with pytest.raises(ModelError) as raised:
        build(Recipe(), folder=cache, sdist=sdist)
    assert raised.value.what == "llama.cpp could not be compiled"
    assert raised.value.why == "model.cpp:3:1: error: no such thing"
    log = cache / "last-build.log"
    assert str(log) in raised.value.fix
    assert "no such thing" in log.read_text()
    assert nothing_is_installed(cache)


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("fatal error: error writing to x.o: No space left on device", "the disk is full"),
        ("g++: fatal error: Killed signal terminated program cc1plus", "the compiler ran out of memory"),
        (
            "CMake Error at x (link):\nTarget links to:\n\n  CUDA::cublas\n\nbut the target was not found.",
            "this CUDA toolkit lacks cublas",
        ),
        (
            "-- fine\nCMake Error at CMakeLists.txt:3 (find_package):\n\n  There is no Foo.",
            "CMake Error at CMakeLists.txt:3 (find_package): There is no Foo. it ended",
        ),
    ],
)
def test_known_failures_of_compilers_are_explained(
    cache: Path, sdist: Path, tmp_path: Path, output: str, why: str
) -> None:
    programs(tmp_path / "programs", ninja=f"cat <<'END'\n{output}\nit ended\nEND\nexit 1\n")
    with pytest.raises(ModelError) as raised:
        build(Recipe(), folder=cache, sdist=sdist)
    assert raised.value.why == why
    assert nothing_is_installed(cache)


def test_without_a_compiler(
    cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(programs(tmp_path / "without", compiler=False)))
    with pytest.raises(MissingTool, match="No C compiler") as raised:
        build(Recipe(), folder=cache, sdist=sdist)
    assert "build-essential" in raised.value.fix
    assert nothing_is_installed(cache)


def test_without_nvcc(cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tools, "_USUAL_CUDA", str(tmp_path / "no-cuda"))
    with pytest.raises(MissingTool, match="nvcc") as raised:
        build(Recipe("cuda"), folder=cache, sdist=sdist)
    assert "--cpu" in raised.value.fix
    assert nothing_is_installed(cache)


def test_cuda_without_a_card_needs_the_name_of_one(
    cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nvcc = tmp_path / "programs" / "nvcc"
    nvcc.write_text("#!/bin/sh\n")
    nvcc.chmod(0o755)
    monkeypatch.setattr(tools, "_DRIVER_SIGNS", ())
    with pytest.raises(MissingTool, match="No NVIDIA driver") as raised:
        build(Recipe("cuda"), folder=cache, sdist=sdist)
    assert "--arch 90" in raised.value.fix
    assert nothing_is_installed(cache)
    monkeypatch.setitem(building._MIN_FREE_BYTES, "cuda", 0)
    library = build(Recipe("cuda", "90"), folder=cache, sdist=sdist)
    assert runtimes(cache)[0].arch == "90" and find_runtime(cache) == library


def test_cmake_is_fetched_when_it_is_absent_and_said_when_that_fails(
    cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "programs" / "cmake").unlink()
    offline(monkeypatch)
    with pytest.raises(ModelError, match="CMake and ninja are needed") as raised:
        build(Recipe(), folder=cache, sdist=sdist)
    assert "apt install cmake ninja-build" in raised.value.fix
    assert nothing_is_installed(cache)


def test_an_old_cmake_counts_as_none(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "programs" / "cmake").write_text("#!/bin/sh\necho cmake version 3.10.2\n")
    assert tools._installed_cmake() is None


def test_an_sdist_with_another_hash_is_not_touched(cache: Path, sdist: Path, tmp_path: Path) -> None:
    other = sdist_of(tmp_path / "other.tar.gz", {"setup.py": "evil"})
    with pytest.raises(ModelError, match=r"other\.tar\.gz is not the file that was asked for"):
        build(Recipe(), folder=cache, sdist=other)
    assert nothing_is_installed(cache)


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "0",
    }.items():
        monkeypatch.setenv(name, value)


def test_without_a_network(cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch)
    with pytest.raises(ModelError, match="the package index cannot be reached") as raised:
        build(Recipe(), folder=cache)
    assert "--sdist FILE" in raised.value.fix
    assert nothing_is_installed(cache)


def test_an_index_that_serves_another_file(
    cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """pip itself refuses it, before anything of it is run."""
    index = tmp_path / "index"
    index.mkdir()
    proof = tmp_path / "was-run"
    sdist_of(index / source.SDIST, {"setup.py": f"open({str(proof)!r}, 'w')"})
    offline(monkeypatch)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    with pytest.raises(ModelError, match="with another hash; nothing was built"):
        build(Recipe(), folder=cache)
    assert not proof.exists()
    assert nothing_is_installed(cache)


def test_a_disk_that_is_too_full(cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=100 << 20))
    with pytest.raises(ModelError, match="100 MiB free, about 700 MiB needed"):
        build(Recipe(), folder=cache, sdist=sdist)
    assert nothing_is_installed(cache)


def test_a_disk_that_fills_up_meanwhile(cache: Path, sdist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(sdist: Path, folder: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(building, "unpack", full)
    with pytest.raises(ModelError, match="The disk is full; nothing was installed"):
        build(Recipe(), folder=cache, sdist=sdist)
    assert nothing_is_installed(cache)


def test_a_cache_that_cannot_be_written(cache: Path, sdist: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written") as raised:
        build(Recipe(), folder=tmp_path / "file" / "cache", sdist=sdist)
    assert "IQDEBUG_RUNTIME_CACHE" in raised.value.fix


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing_that_counts(tmp_path: Path, number: signal.Signals) -> None:
    child = tmp_path / "ninja.pid"
    waiting = f'echo $$ > {child}.new && mv {child}.new {child}\necho "[1/2] Building"\nexec sleep 1000\n'
    path = programs(tmp_path / "programs", ninja=waiting)
    cache, sdist = tmp_path / "cache", small_source(tmp_path)
    script = (
        "import signal, sys\nfrom tests.native.fakes import pinned_to\nfrom pathlib import Path\n"
        # Who starts the tests in the background hands down that SIGINT is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"with pinned_to(Path({str(sdist)!r})):\n"
        "    from iqdebug.cli.main import main\n"
        f"    sys.exit(main(['runtime', 'build', '--sdist', {str(sdist)!r}]))\n"
    )
    environment = {
        **os.environ,
        "PATH": str(path),
        "IQDEBUG_RUNTIME_CACHE": str(cache),
        "PYTHONPATH": str(ROOT),
    }
    running = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "compiling" in line:
            break
    running.send_signal(number)
    said = running.stderr.read()
    running.stderr.close()
    code = running.wait(20)
    with pinned_to(sdist):
        assert find_runtime(cache) is None
        if number != signal.SIGKILL:
            assert (code, said) == (130, "iqdebug: interrupted; nothing was installed\n")
            assert nothing_is_installed(cache)
            with pytest.raises(ProcessLookupError):
                os.kill(int(child.read_text()), 0)
            return
        os.kill(int(child.read_text()), signal.SIGKILL)  # nobody was left to do it
        programs(path, ninja=NINJA)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", str(path))
            build(Recipe(), folder=cache, sdist=sdist)
        assert not list(cache.glob(".making*"))
