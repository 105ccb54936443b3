"""Who kills a process that is silent for too long, which a paused one is.

Told from the command lines and environments of the process and its parent, as these programs read
them. Rules and defaults from their sources: uvicorn 0.30 and later (``supervisors/multiprocess.py``,
``main.py``), gunicorn 20 to 27 (``arbiter.py``, ``app/base.py``), celery 5 (``bin/worker.py``), uWSGI 2.0
(``core/master_checks.c``), systemd (sd_watchdog_enabled(3)). supervisord, circus, hypercorn, granian and
the reloaders of web frameworks watch for exits only.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from iqdebug.core.attachability import Supervisor
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Thread
from iqdebug.peek.process_table import ProcessTable
from iqdebug.peek.procfs import ProcFS, read_regular

__all__ = ["supervisor_by_stack", "supervisor_of"]

MAX_CONFIG = 1 << 18
"""Bytes of a configuration file that are read; one that is longer counts as not readable."""

MAX_WORDS = 2000
"""Words of a command line that are looked at."""

UVICORN_HEALTHCHECK = 5.0
GUNICORN_TIMEOUT = 30.0


def supervisor_of(pid: int, table: ProcessTable) -> Supervisor | None:
    """Who would kill the process for its silence; None when nobody is seen. Never raises; reads
    /proc and, of a gunicorn or uWSGI, the configuration file, of which nothing is run."""
    process = _Process(pid, table)
    parent = _Process(process.parent_pid, table)
    for known in (_uvicorn, _gunicorn, _celery, _uwsgi, _systemd):
        supervisor = known(process, parent)
        if supervisor is not None:
            return supervisor
    return None


def supervisor_by_stack(
    pid: int, table: ProcessTable, look: Callable[[], Sequence[Thread]]
) -> Supervisor | None:
    """The same for a program that starts uvicorn or gunicorn by itself, so that no command line tells:
    a worker's own stack begins in their code. ``look`` is called only where it may be such a worker."""
    process = _Process(pid, table)
    parent = _Process(process.parent_pid, table)
    forked = bool(process.words) and process.words == parent.words
    if not forked and "--multiprocessing-fork" not in process.words:
        return None
    places = {(f.path.replace("\\", "/"), f.name.rpartition(".")[2]) for t in look() for f in t.frames}
    if any(p.endswith("/uvicorn/supervisors/multiprocess.py") and n == "always_pong" for p, n in places):
        return _uvicorns(parent.pid, UVICORN_HEALTHCHECK)
    if any(p.endswith("/gunicorn/arbiter.py") and n == "spawn_worker" for p, n in places):
        workers = [match[1] for p, _ in places if (match := re.search(r"/gunicorn/workers/(\w+)\.py$", p))]
        kinds = [k if k in ("sync", "gthread") else k.removeprefix("g") for k in workers if k[:4] != "base"]
        return _gunicorns(parent.pid, None, kinds[0] if kinds else "")
    return None


@dataclass(frozen=True)
class _Process:
    """What is asked about a process; empty answers where the kernel gives none."""

    pid: int
    table: ProcessTable

    @property
    def proc(self) -> ProcFS:
        return self.table.proc

    @property
    def words(self) -> list[str]:
        return self.table.command(self.pid) if self.pid > 0 else []

    @property
    def parent_pid(self) -> int:
        row = self.table.rows.get(self.pid)
        return row.parent_pid if row else 0

    @property
    def environ(self) -> dict[str, str]:
        try:
            raw = self.proc.read(self.pid, "environ").decode("utf-8", "replace")
        except OSError:
            return {}
        return {name: value for name, _, value in (row.partition("=") for row in raw.split("\0"))}

    def program(self) -> tuple[str, list[str]]:
        """The name of the program or module that the command line runs, and the words after it."""
        words = self.words
        if len(words) == 1 and ": " in words[0]:  # a title that the process has given itself
            return words[0].strip("[").partition(":")[0], words[0].split()[1:]
        if not words or not re.match(r"(?:python|pypy)[\d.]*[a-z]*$", os.path.basename(words[0])):
            return (os.path.basename(words[0]), words[1:]) if words else ("", [])
        rest = iter(range(1, len(words)))
        for at in rest:
            word = words[at]
            if word == "-m" and at + 1 < len(words):
                return words[at + 1].removesuffix(".__main__"), words[at + 2 :]
            if word.startswith("-c"):
                return "", []
            if word in ("-X", "-W"):
                next(rest, None)
            elif not word.startswith("-"):
                return os.path.basename(word), words[at + 1 :]
        return "", []


class _Options(argparse.ArgumentParser):
    """Some of a program's options, all as texts; the others and wrong ones are passed over."""

    def __init__(self, *names: Sequence[str], flags: Sequence[str] = ()) -> None:
        super().__init__(add_help=False)
        for each in names:
            self.add_argument(*each)
        for flag in flags:
            self.add_argument(flag, action="store_true")

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)

    def of(self, words: Sequence[str]) -> dict[str, str]:
        try:
            options, _ = self.parse_known_args(list(words)[:MAX_WORDS])
        except ValueError:
            return {}
        return {name: str(value) for name, value in vars(options).items() if value}


_UVICORN = _Options(["--workers"], ["--timeout-worker-healthcheck"], flags=["--reload"])
_GUNICORN = _Options(["-t", "--timeout"], ["-k", "--worker-class"], ["--threads"], ["-c", "--config"])
_CELERY = _Options(["--time-limit"], ["-P", "--pool"])
_UWSGI = _Options(["-t", "--harakiri"], ["--ini"])


def _uvicorn(process: _Process, parent: _Process) -> Supervisor | None:
    """The parent pings each worker's own thread, which stands still in a pause like the others."""
    name, words = parent.program()
    if name not in ("uvicorn", "fastapi") or "--multiprocessing-fork" not in process.words:
        return None
    options, environ = _UVICORN.of(words), parent.environ
    workers = options.get("workers") or environ.get("UVICORN_WORKERS") or environ.get("WEB_CONCURRENCY")
    if "reload" in options or (_number(workers) or 0) <= 1:
        return None
    stated = options.get("timeout_worker_healthcheck") or environ.get("UVICORN_TIMEOUT_WORKER_HEALTHCHECK")
    seconds = _number(stated, UVICORN_HEALTHCHECK)
    return _uvicorns(parent.pid, seconds)


def _uvicorns(pid: int, seconds: float | None) -> Supervisor:
    return _supervisor("uvicorn", pid, seconds, message("supervisor.pings"))


def _gunicorn(process: _Process, parent: _Process) -> Supervisor | None:
    """Workers of every class touch a file; the arbiter kills the one whose file is too old."""
    if not _is_gunicorn(parent) or not _is_gunicorn(process):
        return None
    if _is_master_again(process) or (
        _is_gunicorn(_Process(parent.parent_pid, process.table)) and not _is_master_again(parent)
    ):
        return None  # a second master after SIGUSR2; what a worker has forked
    environ = parent.environ
    try:
        words = shlex.split(environ.get("GUNICORN_CMD_ARGS", ""))
    except ValueError:
        words = []
    titled = parent.words[0].startswith("gunicorn:")
    settings = {**_GUNICORN.of(words), **({} if titled else _GUNICORN.of(parent.program()[1]))}
    config = _gunicorn_config(parent, settings.get("config"))
    settings = {**config, **settings}
    seconds = _number(settings.get("timeout"), None if titled and not settings else GUNICORN_TIMEOUT)
    if seconds == 0:
        return None
    kind = settings.get("worker_class", "sync").rpartition(".")[2].rpartition(":")[2]
    if kind == "sync" and (_number(settings.get("threads")) or 1) > 1:
        kind = "gthread"
    return _gunicorns(parent.pid, seconds, "" if titled and not settings else kind)


def _gunicorns(pid: int, seconds: float | None, kind: str) -> Supervisor:
    return _supervisor("gunicorn", pid, seconds, message("supervisor.kills_silent"), kind)


def _is_gunicorn(process: _Process) -> bool:
    return process.program()[0] in ("gunicorn", "gunicorn.app.wsgiapp", "gunicorn.app.base")


def _is_master_again(process: _Process) -> bool:
    return process.environ.get("GUNICORN_PID") == str(process.parent_pid)


def _gunicorn_config(master: _Process, named: str | None) -> dict[str, str]:
    """The settings that a configuration file gives as plain literals; "?" for one that it computes."""
    if named is not None and named.startswith("python:"):
        return {"timeout": "?"}
    text = _file_of(master, (named or "gunicorn.conf.py").removeprefix("file:"))
    if text is None:
        return {"timeout": "?"} if named else {}
    return {
        name: literal.group(1)
        if (literal := re.match(r"""["']?([\w.:]+)["']?\s*(?:#.*)?$""", value))
        else "?"
        for name, value in re.findall(
            r"^(timeout|worker_class|threads)\s*(?::[^=\n]*)?=\s*(.*?)\s*$", text, re.M
        )
    }


def _celery(process: _Process, parent: _Process) -> Supervisor | None:
    """The parent of prefork children kills one whose task takes longer than its hard limit."""
    name, words = parent.program()
    if name != "celery" or "worker" not in words:
        return None
    options = _CELERY.of(words)
    seconds = _number(options.get("time_limit"))
    if not seconds or options.get("pool", "prefork") not in ("prefork", "processes"):
        return None
    return _supervisor("celery", parent.pid, seconds, message("supervisor.kills_task"), "prefork")


def _uwsgi(process: _Process, parent: _Process) -> Supervisor | None:
    """The master kills a worker whose request takes longer than harakiri."""
    name, words = parent.program()
    if name != "uwsgi":
        return None
    options = _UWSGI.of(words)
    stated = options.get("harakiri")
    ini = options.get("ini") or next((word for word in words if word.endswith(".ini")), None)
    if stated is None and ini:
        match = re.search(r"^\s*harakiri\s*=\s*(\d+)", _file_of(parent, ini) or "", re.M)
        stated = match[1] if match else None
    seconds = _number(stated)
    if not seconds:
        return None
    return _supervisor("uWSGI", parent.pid, seconds, message("supervisor.kills_request"))


def _systemd(process: _Process, parent: _Process) -> Supervisor | None:
    """Not the parent's business: the service manager expects a message from this very process."""
    environ = process.environ
    seconds = (_number(environ.get("WATCHDOG_USEC")) or 0) / 1e6
    if not seconds or environ.get("WATCHDOG_PID", str(process.pid)) != str(process.pid):
        return None
    return _supervisor("systemd", 1, seconds, message("supervisor.ends_service"))


def _supervisor(name: str, pid: int, seconds: float | None, does: Message, kind: str = "") -> Supervisor:
    time = message("supervisor.unknown_time")
    if seconds is not None:
        time = message("supervisor.seconds", seconds=f"{seconds:g}")
    why = message("supervisor.why", name=name, pid=pid, does=does, time=time)
    return Supervisor(name, pid, seconds, kind, why)


def _number(text: str | None, otherwise: float | None = None) -> float | None:
    """None also for a text that is no number: it was set, and cannot be told."""
    if not text:
        return otherwise
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None


def _file_of(process: _Process, name: str) -> str | None:
    """The text of a file that a process names, None unless it is a small regular one."""
    base = process.proc.path(process.pid, "root" if name.startswith("/") else "cwd")
    try:
        return read_regular(f"{base}/{name}", MAX_CONFIG).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
