"""What a look makes of a reader's answer and of the kernel's, without a live process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from iqdebug.core.errors import MissingTool, TargetError
from iqdebug.core.messages import render
from iqdebug.core.paths import frame_kind, frame_kinds_settled
from iqdebug.core.state import Frame, Gil, Thread, ThreadState
from iqdebug.peek.doctor import Terminal, checks
from iqdebug.peek.first_look import focus_of
from iqdebug.peek.host import Host
from iqdebug.peek.kernel import KernelThread, kernel_thread, python_static_data
from iqdebug.peek.procfs import ProcFS
from iqdebug.peek.pyspy import ATTEMPTS, VALUE_LIMIT, read_threads, variable_from_text
from iqdebug.peek.waits import wait_message

STAT = "(py) thon) {state} 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 10 0 5 0"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/app/main.py", "user"),
        ("/usr/lib/python3.12/threading.py", "stdlib"),
        ("/usr/lib/python3.12/site-packages/requests/api.py", "library"),
        ("/usr/lib/python3/dist-packages/apt.py", "library"),
        ("/home/me/.venv/lib/python3.13t/site-packages/x.py", "library"),
        ("/opt/py/lib/python3.13t/queue.py", "stdlib"),
        ("/opt/lib/python311.zip/os.py", "stdlib"),
        ("<frozen importlib._bootstrap>", "stdlib"),
        ("<string>", "user"),
        ("/srv/app/pandas/_libs/index.pyx", "library"),
        ("/build/Modules/pyexpat.c", "library"),
        ("", "user"),
        ("/home/me/lib/python_tools/run.py", "user"),
        ("/srv/app/.venv/bin/uvicorn", "library"),
        ("/usr/local/bin/gunicorn", "library"),
        ("/home/me/.pyenv/versions/3.11.7/bin/pip3.11", "library"),
        ("/home/me/.cache/test-envs/3.11-a/bin/celery", "library"),
        ("/home/me/.virtualenvs/web/bin/flask", "library"),
        ("C:\\x\\venv\\Scripts\\flask.exe\\__main__.py", "library"),
        ("/home/me/bin/report", "user"),
        ("/srv/app/bin/serve", "user"),
        ("/srv/venv/bin/serve.py", "user"),
        ("/srv/envoy/bin/serve", "user"),
    ],
)
def test_frame_kind(path: str, kind: str) -> None:
    assert frame_kind(path) == kind


def test_what_starts_a_spawned_child_is_nobodys_own_code() -> None:
    own = Frame("work", "/srv/app.py", 3)
    spawn = Frame("spawn_main", "/usr/lib/python3.12/multiprocessing/spawn.py", 122, kind="stdlib")
    start = Frame("<module>", "<string>", 1)
    assert [f.kind for f in frame_kinds_settled((own, spawn, start))] == ["user", "stdlib", "stdlib"]
    assert [f.kind for f in frame_kinds_settled((own, start))] == ["user", "user"]


@pytest.mark.parametrize(
    ("text", "type", "state"),
    [
        ("<Order at 0x7f00>", "Order", "ok"),
        ("True", "bool", "ok"),
        ("-12", "int", "ok"),
        ("1.5e-7", "float", "ok"),
        ('"abc..."', "str", "cut"),
        ("[1, 2, ...]", "list", "cut"),
        ("x" * 500, "", "cut"),
        (None, "", "lazy"),
    ],
)
def test_variables_from_text(text: str | None, type: str, state: str) -> None:
    variable = variable_from_text("x", text)
    assert (variable.type, variable.state) == (type, state)
    assert len(variable.value) <= VALUE_LIMIT


def fake_process(root: Path, pid: int, state: str = "S", syscall: str = "") -> None:
    task = root / str(pid) / "task" / str(pid)
    task.mkdir(parents=True)
    for folder in (task, root / str(pid)):
        (folder / "stat").write_text(f"{pid} {STAT.format(state=state)}")
    (task / "syscall").write_text(syscall)
    (root / str(pid) / "status").write_text("Uid:\t0\t0\t0\t0\n")


@pytest.mark.parametrize(
    ("syscall", "call"),
    [("202 0x1000 0x89", "futex"), ("270 0x0 0x0", "sleep"), ("270 0x6 0x0", "select"), ("running", "")],
)
def test_the_kernels_answer_is_read(tmp_path: Path, syscall: str, call: str) -> None:
    fake_process(tmp_path, 5, syscall=syscall)
    thread = kernel_thread(ProcFS(tmp_path), 5, 5, machine="x86_64")
    assert (thread.state, thread.call) == (ThreadState.WAITING, call)


def test_static_data_is_the_interpreters_own_and_its_zeroes(tmp_path: Path) -> None:
    fake_process(tmp_path, 5)
    (tmp_path / "5" / "maps").write_text(
        "1000-2000 r-xp 0 08:01 1 /usr/lib/libpython3.11.so.1.0\n"
        "2000-3000 rw-p 0 08:01 1 /usr/lib/libpython3.11.so.1.0\n"
        "3000-4000 rw-p 0 00:00 0 \n"
        "4000-5000 rw-p 0 00:00 0 \n"
        "6000-7000 rw-p 0 08:01 2 /usr/lib/libc.so.6\n"
        "8000-9000 rw-p 0 00:00 0 [heap]\n"
    )
    static = python_static_data(ProcFS(tmp_path), 5)
    assert [address in static for address in (0x1800, 0x2800, 0x3800, 0x4800, 0x6800, 0x8800)] == [
        False, True, True, False, False, False
    ]  # fmt: skip


def frames(*names: tuple[str, str]) -> tuple[Frame, ...]:
    return tuple(Frame(name, f"/usr/lib/python3.12/{file}", 1) for file, name in names)


@pytest.mark.parametrize(
    ("stack", "call", "gil", "words"),
    [
        ((("threading.py", "Condition.wait"), ("queue.py", "Queue.get")), "futex", Gil.NONE, "queue item"),
        ((("threading.py", "wait"), ("threading.py", "wait")), "futex", Gil.NONE, "an event"),
        ((("app.py", "work"),), "futex", Gil.NONE, "waiting for a lock"),
        ((("app.py", "work"),), "futex", Gil.WAITS, "waiting for the GIL"),
        ((("app.py", "work"),), "sleep", Gil.HOLDS, "in a C call, holding the GIL"),
        (
            (("selectors.py", "select"), ("base_events.py", "_run_once")),
            "epoll",
            Gil.NONE,
            "asyncio event loop",
        ),
    ],
)
def test_waits_in_words(stack: tuple[tuple[str, str], ...], call: str, gil: Gil, words: str) -> None:
    assert words in render(wait_message(frames(*stack), KernelThread(ThreadState.WAITING, "S", call), gil))


def test_a_running_thread_waits_for_nothing() -> None:
    assert wait_message((), KernelThread(ThreadState.RUNNING, "R"), Gil.HOLDS) == ""


def thread(number: int, **kwargs: object) -> Thread:
    return Thread(id=number, name=str(number), **kwargs)  # type: ignore[arg-type]


def test_focus() -> None:
    idle_main = thread(1, is_main=True, state=ThreadState.WAITING)
    idle = thread(2, state=ThreadState.WAITING)
    busy = thread(3, state=ThreadState.RUNNING)
    holder = thread(4, gil=Gil.HOLDS)
    assert focus_of((idle_main, idle)) is idle_main
    assert focus_of((idle_main, idle, busy)) is busy
    assert focus_of((idle_main, busy, holder)) is holder
    assert focus_of(()) is None


def make_host(tmp_path: Path, tool: str | None = "/bin/py-spy", euid: int = 0) -> Host:
    fake_process(tmp_path, 5)
    return Host(
        ProcFS(tmp_path),
        pid=5,
        euid=euid,
        which_on_path=lambda _: tool,
        os_release={"ID": "alpine"},
        environ={},
        tools=(),
    )


class Reader:
    """Answers in turn; the last answer repeats."""

    def __init__(self, *answers: tuple[int, str, str]) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self, command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
        self.calls += 1
        code, out, err = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return subprocess.CompletedProcess(command, code, out, err)


GOOD = json.dumps(
    [
        {"thread_id": 9, "os_thread_id": 6, "thread_name": "w", "owns_gil": True, "frames": []},
        {"thread_id": 8, "os_thread_id": 5, "thread_name": None, "owns_gil": False,
         "frames": [{"name": "f", "filename": "/a.py", "line": 3, "locals": None}]},
    ]
)  # fmt: skip


def test_a_torn_look_is_repeated(tmp_path: Path) -> None:
    reader = Reader((1, "", "Error: torn"), (0, "not json", ""), (0, GOOD, ""))
    threads = read_threads(5, make_host(tmp_path), deadline=5, locals=True, run=reader)
    assert reader.calls == 3
    assert [(t.id, t.name, t.is_main, t.gil) for t in threads] == [
        (5, "MainThread", True, Gil.NONE),
        (6, "w", False, Gil.HOLDS),
    ]
    assert threads[0].frames[0].locals is None


def test_a_look_gives_up_with_the_readers_reason(tmp_path: Path) -> None:
    reader = Reader((1, "", "Error: Failed\nReason: Failed to find the interpreter"))
    with pytest.raises(TargetError) as caught:
        read_threads(5, make_host(tmp_path), deadline=5, locals=True, run=reader)
    assert reader.calls == ATTEMPTS
    assert caught.value.why == "Failed to find the interpreter"


def test_a_reader_that_hangs_passes_the_deadline(tmp_path: Path) -> None:
    def hangs(command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, timeout)

    with pytest.raises(TargetError, match="within 2 s"):
        read_threads(5, make_host(tmp_path), deadline=2, locals=True, run=hangs)


def test_no_reader(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="py-spy"):
        read_threads(5, make_host(tmp_path, tool=None), deadline=5, locals=True)


def test_doctor_names_a_command_for_everything_that_is_wrong(tmp_path: Path) -> None:
    scope = tmp_path / "sys/kernel/yama/ptrace_scope"
    scope.parent.mkdir(parents=True)
    scope.write_text("1")
    host = make_host(tmp_path, tool=None, euid=1000)
    (tmp_path / "5" / "status").write_text("CapEff:\t0\nCapBnd:\t00000000a80425fb\n")
    (tmp_path / "5" / "mounts").write_text("proc /proc proc rw,hidepid=2 0 0\n")
    host.environ = {"TERM": "dumb", "container": "podman"}
    found = checks(host=host, terminal=Terminal(True, 60, 15, "ascii"), run=lambda _: "")
    wrong = {check.name: check.fix for check in found if not check.ok}
    assert {"py-spy", "gdb", "ptrace_scope", "container", "hidepid", "terminal", "size", "locale"} <= set(
        wrong
    )
    assert all(wrong.values())
    assert wrong["gdb"] == "sudo apk add gdb"
    assert "--cap-add=SYS_PTRACE" in wrong["container"]
    assert not any(check.fix for check in found if check.ok)
