"""Supervisors that kill a worker for its silence are known before one is paused: the real ones."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iqdebug.core.attachability import Supervisor
from iqdebug.peek.preflight import require_attachable
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.processes import list_processes
from iqdebug.peek.procfs import ProcFS
from iqdebug.peek.supervisors import supervisor_of

pytestmark = pytest.mark.slow

SCRIPTS = Path(sys.executable).parent
APP = """
import os
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
def wsgi(environ, start):
    start("200 OK", [])
    return [b"ok"]
"""
BY_ITSELF = """
import uvicorn
if __name__ == "__main__":
    uvicorn.run("app:app", workers=2, port=0)
"""
CUSTOM = """
from gunicorn.app.base import BaseApplication
class Own(BaseApplication):
    def load_config(self):
        for name, value in (("bind", "127.0.0.1:0"), ("worker_class", "gthread")):
            self.cfg.set(name, value)
    def load(self):
        from app import wsgi
        return wsgi
Own().run()
"""


@contextlib.contextmanager
def supervised(
    folder: Path, *command: str, workers: int, **environ: str
) -> Iterator[tuple[int, dict[int, Supervisor]]]:
    """The master's pid and its workers with who would kill them, once all of them are there."""
    (folder / "app.py").write_text(APP)
    with open(folder / "log", "w") as log:
        master = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environ},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + 30
        found: dict[int, Supervisor] = {}
        while len(found) < workers and time.monotonic() < until and master.poll() is None:
            table = ProcessTable(ProcFS())
            pids = table.children.get(master.pid, [])
            found = {pid: each for pid in pids if (each := supervisor_of(pid, table)) is not None}
        yield master.pid, found
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(master.pid, signal.SIGKILL)
        master.wait()


def test_uvicorn_and_its_healthcheck(tmp_path: Path) -> None:
    command = (str(SCRIPTS / "uvicorn"), "app:app", "--workers", "2", "--port", "0")
    with supervised(tmp_path, *command, workers=2) as (master, workers):
        assert len(workers) == 2
        assert {(s.name, s.pid, s.timeout_s) for s in workers.values()} == {("uvicorn", master, 5.0)}
        rows = {info.pid: info.attach for info in list_processes()}
        for pid, supervisor in workers.items():
            assert rows[pid].supervisor == supervisor and supervisor.why in rows[pid].warnings
        assert rows[master].supervisor is None


def test_uvicorn_told_otherwise(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "uvicorn", "app:app", "--port", "0", "--timeout-worker-healthcheck=9")
    with supervised(tmp_path, *command, workers=2, WEB_CONCURRENCY="2") as (_, workers):
        assert [s.timeout_s for s in workers.values()] == [9.0, 9.0]


def test_a_program_that_starts_uvicorn_by_itself(tmp_path: Path) -> None:
    (tmp_path / "serve.py").write_text(BY_ITSELF)
    with supervised(tmp_path, sys.executable, "serve.py", workers=0) as (master, _):
        assert _by_stack(master).timeout_s == 5.0


def test_a_program_that_starts_gunicorn_by_itself(tmp_path: Path) -> None:
    (tmp_path / "serve.py").write_text(CUSTOM)
    with supervised(tmp_path, sys.executable, "serve.py", workers=0) as (master, _):
        found = _by_stack(master)
        assert (found.name, found.pid, found.timeout_s) == ("gunicorn", master, None)
        assert found.worker_class == "gthread"


def _by_stack(master: int) -> Supervisor:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for pid in ProcessTable(ProcFS()).children.get(master, []):
            with contextlib.suppress(Exception):
                if (found := require_attachable(pid).attach.supervisor) is not None:
                    return found
    pytest.fail("no supervisor was seen")


@pytest.mark.parametrize(
    ("options", "config", "environ", "wanted"),
    [
        ([], "", "", (30.0, "sync")),
        (["-t", "7", "--threads", "4"], "", "", (7.0, "gthread")),
        (["--time=8", "-k", "gthread"], "timeout = 60\n", "", (8.0, "gthread")),
        ([], "workers = 1\ntimeout = 45  # seconds\nworker_class = 'gthread'\n", "", (45.0, "gthread")),
        ([], "timeout = 45\n", "--timeout 50", (50.0, "sync")),
        ([], "import os\ntimeout = int(os.environ['T'])\n", "", (None, "sync")),
        (["-t", "0"], "", "", None),
    ],
)
def test_gunicorn_and_its_timeout(
    tmp_path: Path,
    options: list[str],
    config: str,
    environ: str,
    wanted: tuple[float | None, str] | None,
) -> None:
    if config:
        (tmp_path / "gunicorn.conf.py").write_text(config)
    command = (str(SCRIPTS / "gunicorn"), "app:wsgi", "-w", "2", "-b", "127.0.0.1:0", *options)
    count = 2 if wanted else 0
    told = {"GUNICORN_CMD_ARGS": environ, "T": "5"}
    with supervised(tmp_path, *command, workers=count, **told) as (master, workers):
        assert len(workers) == count
        for supervisor in workers.values():
            assert (supervisor.timeout_s, supervisor.worker_class) == wanted
            assert (supervisor.name, supervisor.pid) == ("gunicorn", master)


def test_a_config_that_never_ends_is_not_read(tmp_path: Path) -> None:
    """A hostile or unlucky one: a FIFO, a device, a file of a terabyte."""
    command = (str(SCRIPTS / "gunicorn"), "app:wsgi", "-b", "127.0.0.1:0")
    with supervised(tmp_path, *command, workers=1) as (_, workers):
        (pid,) = workers
        config = tmp_path / "gunicorn.conf.py"
        os.mkfifo(config)
        assert supervisor_of(pid, ProcessTable(ProcFS())) == workers[pid]
        config.unlink()
        config.symlink_to("/dev/zero")
        assert supervisor_of(pid, ProcessTable(ProcFS())) == workers[pid]
        config.unlink()
        config.write_text("timeout = 3\n")
        os.truncate(config, 1 << 40)
        assert supervisor_of(pid, ProcessTable(ProcFS())) == workers[pid]


def test_what_a_service_manager_expects(tmp_path: Path) -> None:
    environ = {**os.environ, "WATCHDOG_USEC": "20000000"}
    code = "import time; print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE) as service:
        assert service.stdout is not None and service.stdout.readline()
        found = supervisor_of(service.pid, ProcessTable(ProcFS()))
        service.kill()
    assert found is not None and (found.name, found.pid, found.timeout_s) == ("systemd", 1, 20.0)


async def test_the_warning_stands_before_the_question(tmp_path: Path) -> None:
    command = (str(SCRIPTS / "gunicorn"), "app:wsgi", "-b", "127.0.0.1:0", "-t", "11")
    with supervised(tmp_path, *command, workers=1) as (master, workers):
        (pid,) = workers
        said = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "iqdebug", "peek", str(pid)), stdout=subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(said.communicate(), 30)
        assert f"note: gunicorn (process {master}) kills a worker that gives no sign of life for 11 s" in (
            out.decode()
        )
        assert require_attachable(pid).attach.warnings[0] == workers[pid].why


def test_programs_of_other_kinds_have_none(tmp_path: Path) -> None:
    """An app's own spawn children, a forked helper of a worker, a lone server."""
    alone = (str(SCRIPTS / "uvicorn"), "app:app", "--port", "0", "--reload")
    if shutil.which("sh"):
        with supervised(tmp_path, *alone, workers=0) as (master, _):
            until = time.monotonic() + 10
            while not (pids := ProcessTable(ProcFS()).children.get(master)) and time.monotonic() < until:
                pass
            assert pids and all(supervisor_of(pid, ProcessTable(ProcFS())) is None for pid in pids)
