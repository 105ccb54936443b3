"""Supervisors on made-up process tables; the real ones: tests/real/test_supervisors.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from iqdebug.core.attachability import Supervisor
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.procfs import ProcFS
from iqdebug.peek.supervisors import MAX_WORDS, supervisor_of

MASTER, WORKER = 10, 11


@pytest.fixture(autouse=True)
def made_up_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    psutil.process_iter.cache_clear()  # each remembers the folder it was found in
    (tmp_path / "stat").write_text("btime 1000000\n")
    yield
    psutil.process_iter.cache_clear()


def process(root: Path, pid: int, ppid: int, command: list[str], environ: str = "") -> None:
    folder = root / str(pid)
    folder.mkdir()
    numbers = f"{ppid} 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 3 0 1000 0 256"
    (folder / "stat").write_text(f"{pid} (python) S {numbers}{' 0' * 30}\n")
    (folder / "cmdline").write_bytes(
        b"\0".join(w.encode("utf-8", "surrogateescape") for w in command) + b"\0"
    )
    (folder / "environ").write_bytes(environ.replace(" ", "\0").encode())
    (folder / "cwd").mkdir()


def seen(
    root: Path, master: list[str], worker: list[str] | None = None, environ: str = ""
) -> Supervisor | None:
    process(root, MASTER, 1, master, environ)
    process(root, WORKER, MASTER, worker if worker is not None else master, environ)
    return supervisor_of(WORKER, ProcessTable(ProcFS(root)))


SPAWNED = ["/v/bin/python", "-c", "from multiprocessing.spawn import spawn_main", "--multiprocessing-fork"]


@pytest.mark.parametrize(
    ("master", "worker", "wanted"),
    [
        (["/v/bin/python", "/v/bin/celery", "-A", "a", "worker", "--time-limit", "300"], None, 300.0),
        (["python3", "-m", "celery", "-A", "a", "worker", "--time-limit=60", "-P", "prefork"], None, 60.0),
        (["uwsgi", "--master", "--harakiri", "20", "--http", ":80"], None, 20.0),
        (["/v/bin/python", "/v/bin/fastapi", "run", "--workers", "4"], SPAWNED, 5.0),
        (["python3", "-X", "dev", "-m", "uvicorn", "a:a", "--workers=2"], SPAWNED, 5.0),
        (["python", "-W", "error", "-m", "gunicorn", "a:a"], None, 30.0),
        (["gunicorn: master [a:a]"], ["gunicorn: worker [a:a]"], None),
    ],
)
def test_who_kills_for_silence(
    tmp_path: Path, master: list[str], worker: list[str] | None, wanted: float | None
) -> None:
    found = seen(tmp_path, master, worker)
    assert found is not None and found.pid == MASTER and found.timeout_s == wanted
    assert "killed when it is paused for longer" in found.why


@pytest.mark.parametrize(
    ("master", "worker"),
    [
        (["celery", "-A", "a", "worker"], None),  # has no limit unless told
        (["celery", "-A", "a", "worker", "--time-limit", "9", "-P", "gevent"], None),
        (["celery", "-A", "a", "beat", "--time-limit", "9"], None),
        (["uwsgi", "--master", "--http", ":80"], None),
        (["uvicorn", "a:a", "--reload", "--workers", "2"], SPAWNED),
        (["uvicorn", "a:a"], SPAWNED),  # a pool of the program's own
        (["uvicorn", "a:a", "--workers", "2"], ["sleep", "9"]),
        (["supervisord", "-c", "x"], ["python", "app.py"]),
        (["python", "-c", "gunicorn"], ["python", "-c", "gunicorn"]),
        (["gunicorn", "a:a", "--timeout", "0"], None),
    ],
)
def test_who_does_not(tmp_path: Path, master: list[str], worker: list[str] | None) -> None:
    assert seen(tmp_path, master, worker) is None


def test_what_a_gunicorn_worker_has_forked_is_not_supervised(tmp_path: Path) -> None:
    command = ["python", "/v/bin/gunicorn", "a:a"]
    assert seen(tmp_path, command) is not None
    process(tmp_path, 12, WORKER, command)
    assert supervisor_of(12, ProcessTable(ProcFS(tmp_path))) is None


def test_a_second_master_and_its_workers(tmp_path: Path) -> None:
    """After SIGUSR2: the new master is the old one's child."""
    command = ["python", "/v/bin/gunicorn", "a:a"]
    assert seen(tmp_path, command) is not None
    process(tmp_path, 12, MASTER, command, f"GUNICORN_PID={MASTER}")
    process(tmp_path, 13, 12, command, f"GUNICORN_PID={MASTER}")
    table = ProcessTable(ProcFS(tmp_path))
    assert supervisor_of(12, table) is None
    found = supervisor_of(13, table)
    assert found is not None and found.pid == 12


@pytest.mark.parametrize(
    "command",
    [
        ["gunicorn", "--timeout"],
        ["gunicorn", "--timeout", "nan"],
        ["gunicorn", "-t", "9" * 5000],
        ["gunicorn", "--t", "3"],
        ["gunicorn", "\udcff", "-c", "\udcff\udcfe"],
        ["gunicorn", "-c", "../" * 5000],
        ["gunicorn", *["-x"] * (10 * MAX_WORDS), "--timeout", "3"],
        ["celery", "worker", "--time-limit", "1e400"],
        [""],
    ],
    ids=range(9),
)
def test_command_lines_that_are_odd(tmp_path: Path, command: list[str]) -> None:
    found = seen(tmp_path, command, environ="GUNICORN_CMD_ARGS='")
    assert found is None or found.timeout_s is None or 0 <= found.timeout_s <= 1e9


def test_a_watchdog_is_for_the_process_that_it_names(tmp_path: Path) -> None:
    found = seen(tmp_path, ["python", "a.py"], environ=f"WATCHDOG_USEC=5000000 WATCHDOG_PID={WORKER}")
    assert found is not None and (found.name, found.timeout_s) == ("systemd", 5.0)
    table = ProcessTable(ProcFS(tmp_path))
    assert supervisor_of(MASTER, table) is None
