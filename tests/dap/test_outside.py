"""Programs that cannot be looked at from inside, or not wholly: a document comes all the same."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iqdebug.peek.first_look import peek
from iqdebug.workflows.headless import outside_view
from tests.dap.targets import attached, on_pythons, running
from tests.support.interpreters import interpreters

pytestmark = pytest.mark.slow

EMBEDDED = r"""
#include <Python.h>
#include <unistd.h>
int main(void) {
    Py_InitializeEx(0);
    PyRun_SimpleString("import threading\ncounter = 0");
    PyThreadState *state = PyEval_SaveThread();
    puts("ready");
    fflush(stdout);
    char line[100];
    while (fgets(line, sizeof line, stdin)) {
        PyEval_RestoreThread(state);
        PyRun_SimpleString("counter += 1\nprint(counter, flush=True)");
        state = PyEval_SaveThread();
    }
    return 0;
}
"""
ASKS = "import json, sysconfig as s; print(json.dumps([s.get_config_var(n) for n in %r]))"


def with_library() -> tuple[str, list[str]]:
    """The prefix of an interpreter that has its library as a shared object, and what links with it."""
    names = ["Py_ENABLE_SHARED", "LIBDIR", "INCLUDEPY", "LDVERSION", "prefix"]
    for python in interpreters():
        said = subprocess.run([python, "-c", ASKS % names], capture_output=True, text=True, timeout=20)
        shared, folder, include, version, prefix = json.loads(said.stdout)
        if shared and Path(include, "Python.h").exists():
            return prefix, [f"-I{include}", f"-L{folder}", f"-lpython{version}", f"-Wl,-rpath,{folder}"]
    pytest.skip("no interpreter with a shared library and headers")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A C program that holds Python and runs none of it at the moment, as an idle uWSGI worker."""
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    prefix, flags = with_library()
    program = tmp_path / "worker"
    compile_it = ["cc", "-x", "c", "-", "-o", str(program), *flags]
    subprocess.run(compile_it, input=EMBEDDED, text=True, check=True, timeout=60)
    with subprocess.Popen(
        [program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONHOME": prefix},
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def diagnosed(pid: int, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "iqdebug", "diagnose", str(pid), "--json", "--seconds", "0.1", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("options", [[], ["--no-attach"]], ids=["attached", "outside"])
def test_an_embedded_python_without_a_frame(embedded: subprocess.Popen[str], options: list[str]) -> None:
    document = diagnosed(embedded.pid, *options)
    (thread,) = document["snapshot"]["threads"]
    assert thread["is_main"] and thread["frames"] == [] and thread["wait"].startswith("reading a pipe")
    assert "idle" in document["headline"] and document["not_attached"] == ""
    assert embedded.stdin is not None and embedded.stdout is not None
    embedded.stdin.write("\n")
    embedded.stdin.flush()
    assert embedded.stdout.readline() == "1\n"


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@on_pythons("3.11")
async def test_where_attaching_is_refused_diagnose_looks_from_outside(python: str) -> None:
    async with running(python, "service.py") as target:
        with stopped(target.pid):
            document = diagnosed(target.pid)
        why = document["not_attached"]
        assert "only looked at from outside" in why and "is stopped" in why
        assert document["snapshot"]["origin"] == "peek" and document["snapshot"]["threads"][0]["frames"]
        await target.goes_on()


@on_pythons("3.12")
async def test_where_the_slot_is_taken_diagnose_looks_from_outside(python: str) -> None:
    async with running(python, "debugged.py", "monitoring") as target:
        document = diagnosed(target.pid)
        assert "somebody" in document["not_attached"] and document["snapshot"]["threads"]
        await target.goes_on()
        assert target.stderr == b""


@on_pythons("3.11")
def test_in_a_container_of_its_own_threads_keep_the_numbers_of_here(python: str) -> None:
    program = "import time; print('ready', flush=True); time.sleep(600)"
    unshare = [shutil.which("unshare") or "", "--pid", "--fork", "--kill-child"]
    if not unshare[0] or subprocess.run([*unshare, "true"], capture_output=True, timeout=20).returncode:
        pytest.skip("no namespace of processes can be made")
    with subprocess.Popen([*unshare, python, "-c", program], stdout=subprocess.PIPE, text=True) as outer:
        assert outer.stdout is not None
        try:
            assert outer.stdout.readline() == "ready\n"
            children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
            pid = int(children[0])
            document = diagnosed(pid)
        finally:
            outer.kill()
    (thread,) = document["snapshot"]["threads"]
    assert (thread["os_id"], thread["is_main"]) == (pid, True) and "sleeping" in thread["wait"]
    assert "another container" in document["not_attached"]


def test_a_process_that_runs_no_python_is_still_refused() -> None:
    command = [sys.executable, "-m", "iqdebug", "diagnose"]
    with subprocess.Popen(["sleep", "60"]) as other:
        done = subprocess.run([*command, str(other.pid)], capture_output=True, text=True, timeout=60)
        other.kill()
    assert done.returncode == 4 and "no Python" in done.stderr


NAMED = """
import _thread, ctypes, threading, time
def work():
    ctypes.CDLL(None).prctl(15, b"ingest-7", 0, 0, 0)
    ready.release()
    time.sleep(600)
ready = threading.Lock()
ready.acquire()
_thread.start_new_thread(work, ())
ready.acquire()
print("ready", flush=True)
input()
"""


@on_pythons("3.9", "3.11", "3.12")
async def test_names_that_only_the_kernel_knows_are_kept_live(python: str, tmp_path: Path) -> None:
    program = tmp_path / "named.py"
    program.write_text(NAMED)
    async with running(python, str(program)) as target:
        from_outside = peek(target.pid)
        assert {t.name for t in from_outside.threads} == {"MainThread", "ingest-7"}
        look = outside_view(target.pid)
        async with attached(target, exceptions=(), outside=look) as (session, _):
            await session.refresh()
            rows = {t.name: t for t in session.snapshot.threads}
            assert set(rows) == {"MainThread", "ingest-7"}
            assert rows["ingest-7"].os_id and rows["ingest-7"].frames and rows["ingest-7"].wait
