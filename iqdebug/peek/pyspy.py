"""Runs py-spy's dump, which reads the target's memory and leaves the target running."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import subprocess
import time
from collections.abc import Mapping
from typing import Any, BinaryIO, Protocol, TypeAlias

from iqdebug.core.errors import MissingTool, NoSuchProcess, NotPermitted, TargetError, TargetExited
from iqdebug.core.messages import Text, message
from iqdebug.core.paths import frame_kind, frame_kinds_settled
from iqdebug.core.state import Frame, Gil, Thread, Variable
from iqdebug.peek.host import Host
from iqdebug.peek.refusals import not_permitted
from iqdebug.peek.thread_ids import kernel_ids

__all__ = ["ATTEMPTS", "Reader", "read_threads", "variable_from_text"]

_Row: TypeAlias = Mapping[str, Any]
"""An object of py-spy's JSON."""

ATTEMPTS = 8
"""The target runs on while it is read, so a look can catch a stack half way through a change."""

MAX_OUTPUT = 64 << 20
"""Bytes of py-spy's output about one process."""

MAX_MEMORY = 4 << 30
"""Bytes of address space for py-spy, which maps the target's files."""

VALUE_LIMIT = 200
"""Characters of a value that are kept."""

_FORBIDDEN = re.compile(r"permission denied|operation not permitted|EPERM|EACCES", re.IGNORECASE)
_TYPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<([A-Za-z_][\w.]*) at 0x"), r""),
    (re.compile(r"(?:True|False)$"), "bool"),
    (re.compile(r"None$"), "NoneType"),
    (re.compile(r"-?\d+$"), "int"),
    (re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$|-?(?:inf|nan)$", re.IGNORECASE), "float"),
    (re.compile(r"[\"']"), "str"),
    (re.compile(r"b[\"']"), "bytes"),
    (re.compile(r"\["), "list"),
    (re.compile(r"\("), "tuple"),
    (re.compile(r"\{"), "dict"),
)


class Reader(Protocol):
    """Runs a program; raises subprocess.TimeoutExpired. A fake stands in for it in tests."""

    def __call__(self, command: list[str], timeout: float) -> subprocess.CompletedProcess[str]: ...


def run_reader(command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a program with limits on its memory and its output, which a hostile target could make grow."""
    with _in_memory() as out, _in_memory() as complaints:
        program = [os.path.abspath(command[0]), *command[1:]]
        process = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=out, stderr=complaints, cwd="/")
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(process.pid, resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (MAX_OUTPUT, MAX_OUTPUT))
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # it may be held by the kernel
                process.wait(1.0)
            raise
        outputs = []
        for file in (out, complaints):
            file.seek(0)
            outputs.append(file.read(MAX_OUTPUT).decode("utf-8", "replace"))
        return subprocess.CompletedProcess(command, code, outputs[0], outputs[1])


def _in_memory() -> BinaryIO:
    return os.fdopen(os.memfd_create("iqdebug"), "w+b")


def read_threads(
    pid: int, host: Host, *, deadline: float, locals: bool, run: Reader = run_reader
) -> tuple[Thread, ...]:
    """The Python threads of the process, main thread first, states not filled in yet; () when every
    attempt agreed that there is none.

    ``deadline`` is in seconds from now and holds for all attempts together. Raises MissingTool,
    NotPermitted, NoSuchProcess, TargetExited, or TargetError when the process cannot be read.
    """
    tool = host.which("py-spy")
    if tool is None:
        raise MissingTool(
            message("peek.no_pyspy"),
            fix="python -m pip install py-spy",
        )
    command = [tool, "dump", "--nonblocking", "--json", *(["-ll"] if locals else []), "--pid", str(pid)]
    until = time.monotonic() + deadline
    complaint: Text = ""
    none = True
    for attempt in range(ATTEMPTS):
        remaining = until - time.monotonic()
        if attempt and remaining <= 0:
            break
        try:
            done = run(command, max(0.05, remaining))
        except subprocess.TimeoutExpired:
            break
        except OSError as error:
            raise MissingTool(
                message("peek.pyspy_fails", error=error.strerror or str(error)),
                fix="python -m pip install --force-reinstall py-spy",
            ) from None
        if done.returncode == 0:
            threads = _threads(done.stdout, pid, host)
            if threads:
                return threads
            none = none and threads is not None
            complaint = message("peek.no_thread")
        else:
            none = False
            complaint = _last_words(done.stderr)
            _raise_if_hopeless(pid, host, done.stderr)
    _raise_if_hopeless(pid, host, "")
    if none and complaint:
        return ()
    raise TargetError(
        message("look.failed", pid=pid),
        complaint or message("look.no_answer", seconds=f"{deadline:g}"),
        message("fix.look_from_inside", pid=pid),
    )


def _raise_if_hopeless(pid: int, host: Host, complaint: str) -> None:
    try:
        if host.proc.stat(pid).state in "ZX":
            raise TargetExited(message("look.ended_meanwhile", pid=pid))
        status = host.proc.status(pid)
    except ProcessLookupError:
        raise NoSuchProcess(message("look.has_ended", pid=pid)) from None
    except PermissionError:
        status = {}
    if _FORBIDDEN.search(complaint):
        refused = not_permitted(pid, status, host, "peek")
        why = refused.why if refused else message("refusal.protected")
        fix = refused.fix if refused else message("fix.in_a_container")
        raise NotPermitted(message("look.refused", pid=pid, why=why), fix=fix)


def _last_words(text: str) -> str:
    """The deepest reason of py-spy's error chain."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"^(?:Error:|Reason:|\d+:)\s*", "", lines[-1])[:200] if lines else ""


def _threads(text: str, pid: int, host: Host) -> tuple[Thread, ...] | None:
    """The threads of py-spy's output; None if it is not JSON."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    items = [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
    unknown = [item["thread_id"] for item in items if not item.get("os_thread_id") and item.get("thread_id")]
    kernel = kernel_ids(host.proc, pid, unknown) if unknown else {}
    here = _numbers_here(host, pid, {item["os_thread_id"] for item in items if item.get("os_thread_id")})
    threads = []
    for item in items:
        number = item.get("os_thread_id") or 0
        os_id = here.get(number, number) or kernel.get(item.get("thread_id") or 0)
        threads.append(_thread(item, os_id, pid))
    return tuple(sorted(threads, key=lambda thread: (not thread.is_main, thread.os_id or thread.id)))


def _numbers_here(host: Host, pid: int, theirs: set[int]) -> dict[int, int]:
    """The ids that threads have here, by those that they have in a container of their own (proc(5),
    NSpid); {} where they are the same."""
    try:
        alive = host.proc.thread_ids(pid)
        if theirs <= set(alive):
            return {}
        inner = {n: host.proc.status(f"{pid}/task/{n}").get("NSpid", "").split() for n in alive}
    except OSError:
        return {}
    return {int(numbers[-1]): n for n, numbers in inner.items() if len(numbers) > 1}


def _thread(item: _Row, os_id: int | None, pid: int) -> Thread:
    name = item.get("thread_name") or ""
    is_main = os_id == pid or (name == "MainThread" and os_id is None)
    return Thread(
        id=os_id or int(item.get("thread_id") or 0),
        name=name or ("MainThread" if is_main else f"thread {os_id}"),
        os_id=os_id,
        gil=Gil.HOLDS if item.get("owns_gil") else Gil.NONE,
        frames=frame_kinds_settled(tuple(_frame(frame) for frame in item.get("frames") or ())),
        is_main=is_main,
        ident=item.get("thread_id") or None,
    )


def _frame(item: _Row) -> Frame:
    path = item.get("filename") or ""
    variables = item.get("locals")
    return Frame(
        name=item.get("name") or "?",
        path=path,
        line=max(0, int(item.get("line") or 0)),
        kind=frame_kind(path),
        module=item.get("module") or "",
        locals=None if variables is None else tuple(_variable(variable) for variable in variables),
    )


def _variable(item: _Row) -> Variable:
    kind = "argument" if item.get("arg") else "local"
    return variable_from_text(item.get("name") or "?", item.get("repr"), kind == "argument")


def variable_from_text(name: str, text: str | None, argument: bool = False) -> Variable:
    """A variable of which only the printed value is known; the type is read off that, "" where
    the text does not tell. Values are cut at VALUE_LIMIT characters."""
    value = text or ""
    cut = len(value) > VALUE_LIMIT or value.endswith(("...", '..."', "...'", "...]", "...)", "...}"))
    return Variable(
        name=name,
        value=value[: VALUE_LIMIT - 1] + "…" if len(value) > VALUE_LIMIT else value,
        type=next((kind or match[1] for pattern, kind in _TYPES if (match := pattern.match(value))), ""),
        state="lazy" if text is None else "cut" if cut else "ok",
        kind="argument" if argument else "local",
        evaluate_name=name if name.isidentifier() else None,
    )
