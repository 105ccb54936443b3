"""Recognising interpreters and refusing what cannot be attached to, on made-up process tables."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from iqdebug.core.errors import CannotAttach, MissingTool, NoSuchProcess, NotPermitted, NotPython
from iqdebug.core.state import ProcessInfo
from iqdebug.peek.host import Host
from iqdebug.peek.preflight import require_attachable
from iqdebug.peek.processes import CpuMeter, list_processes, process_info
from iqdebug.peek.procfs import ProcFS

US = 10
TARGET = 20
EVERYTHING = "000001ffffffffff"


@dataclass
class Machine:
    """A process table in a folder. Processes share its namespaces unless told otherwise."""

    root: Path
    euid: int = 1000
    capabilities: str = "0"
    gdb: bool = True

    def process(
        self,
        pid: int,
        exe: str = "/nowhere/bin/python3.11",
        *command: str,
        ppid: int = 1,
        state: str = "S",
        uid: int | None = None,
        tracer: int = 0,
        maps: tuple[str, ...] = (),
        pid_namespace: str = "pid:[1]",
        net_namespace: str = "net:[1]",
        cgroup: str = "0::/",
    ) -> None:
        folder = self.root / str(pid)
        (folder / "ns").mkdir(parents=True)
        owner = self.euid if uid is None else uid
        comm = os.path.basename(exe)[:15]
        numbers = f"{ppid} 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 3 0 1000 0 256"
        (folder / "stat").write_text(f"{pid} ({comm}) {state} {numbers}{' 0' * 30}\n")
        (folder / "statm").write_text("1000 256 100 1 0 200 0\n")
        capabilities = self.capabilities if pid == US else "0"
        (folder / "status").write_text(
            f"Name:\t{comm}\nUid:\t{owner}\t{owner}\t{owner}\t{owner}\nTracerPid:\t{tracer}\n"
            "Threads:\t3\n"
            f"NSpid:\t{pid}\t7\nCapEff:\t{capabilities}\n"
        )
        (folder / "cmdline").write_bytes(b"\0".join(w.encode() for w in (command or (exe,))) + b"\0")
        lines = (f"{n:x}000-{n + 1:x}000 r-xp 0 08:01 {n} {path}" for n, path in enumerate((exe, *maps), 16))
        (folder / "maps").write_text("\n".join(lines))
        (folder / "cgroup").write_text(cgroup)
        (folder / "exe").symlink_to(exe)
        (folder / "cwd").symlink_to("/srv")
        (folder / "ns" / "pid").symlink_to(pid_namespace)
        (folder / "ns" / "mnt").symlink_to(pid_namespace.replace("pid", "mnt"))
        (folder / "ns" / "net").symlink_to(net_namespace)

    def host(self) -> Host:
        return Host(
            proc=ProcFS(self.root),
            pid=US,
            euid=self.euid,
            which_on_path=lambda name: "/usr/bin/gdb" if name == "gdb" and self.gdb else None,
            os_release={"ID": "linuxmint", "ID_LIKE": "ubuntu debian"},
            environ={},
            tools=(),
        )

    def scope(self, value: int) -> None:
        file = self.root / "sys/kernel/yama/ptrace_scope"
        file.parent.mkdir(parents=True)
        file.write_text(f"{value}\n")

    def require(self, pid: int = TARGET) -> ProcessInfo:
        return require_attachable(pid, host=self.host())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    psutil.process_iter.cache_clear()  # each remembers the folder it was found in
    found = Machine(tmp_path)
    (tmp_path / "stat").write_text(f"btime {int(time.time()) - 110}\n")
    found.process(1, "/sbin/init", uid=0)
    yield found
    psutil.process_iter.cache_clear()


def with_us(machine: Machine, ppid: int = 1) -> Machine:
    machine.process(US, "/nowhere/bin/python3.12", "python3.12", "-m", "iqdebug", ppid=ppid)
    return machine


def test_a_python_process_is_described(machine: Machine) -> None:
    with_us(machine).process(TARGET, "/nowhere/bin/python3.11", "python3.11", "app.py", "two words")
    info = machine.require()
    assert (info.python, info.command, info.cwd) == ("3.11", "python3.11 app.py 'two words'", "/srv")
    assert (
        info.age == pytest.approx(100.0, abs=5)
        and info.cpu == pytest.approx(2.0, abs=0.2)
        and info.threads == 3
    )
    assert "nine tenths and more return on detach" in info.attach.cost


@pytest.mark.parametrize(
    ("exe", "maps", "version"),
    [
        ("/opt/app/server", ("/opt/lib/libpython3.9.so.1.0",), "3.9"),
        ("/opt/app/server", ("/opt/py/_json.cpython-310-x86_64-linux-gnu.so",), "3.10"),
        ("/nowhere/bin/python3", ("/usr/lib/python3.13/lib-dynload/_bz2.so",), "3.13"),
        ("/nowhere/bin/python3.8 (deleted)", (), "3.8"),
    ],
)
def test_renamed_and_embedded_interpreters_are_recognised(
    machine: Machine, exe: str, maps: tuple[str, ...], version: str
) -> None:
    with_us(machine).process(TARGET, exe, maps=maps)
    assert process_info(TARGET, host=machine.host()).python == version


def test_a_command_that_only_names_python_is_not_python(machine: Machine) -> None:
    with_us(machine).process(TARGET, "/nowhere/bash", "bash", "-c", "python app.py")
    machine.process(21, "/nowhere/bin/python3.11", "python3.11", "app.py", ppid=TARGET)
    with pytest.raises(NotPython) as caught:
        machine.require()
    assert "child 21" in caught.value.fix
    assert [info.pid for info in list_processes(host=machine.host())] == [21]


def test_the_list_leaves_out_ourselves_and_on_request_other_users(machine: Machine) -> None:
    with_us(machine).process(TARGET)
    machine.process(21, uid=33)
    machine.process(22, "/nowhere/bin/python3.11", "python", "/x/debugpy/adapter", ppid=US)
    assert [info.pid for info in list_processes(host=machine.host())] == [TARGET, 21]
    assert [info.pid for info in list_processes(all_users=False, host=machine.host())] == [TARGET]


def test_a_process_that_vanishes_during_the_look_is_left_out(machine: Machine) -> None:
    with_us(machine).process(TARGET)
    machine.process(21)
    shutil.rmtree(machine.root / "21" / "ns")
    (machine.root / "21" / "status").unlink()
    assert [info.pid for info in list_processes(host=machine.host())] == [TARGET]


def test_cpu_is_measured_since_the_last_look() -> None:
    meter = CpuMeter()
    assert meter.percent(5, 1.0, cpu_s=10.0, age=100.0, now=0.0) == 10.0
    assert meter.percent(5, 1.0, cpu_s=11.0, age=102.0, now=2.0) == 50.0
    assert meter.percent(5, 9.0, cpu_s=1.0, age=10.0, now=3.0) == 10.0, "another process with that number"
    meter.forget_all_but([])
    assert meter.percent(5, 9.0, cpu_s=12.0, age=120.0, now=4.0) == 10.0


def test_missing_and_zombie_processes(machine: Machine) -> None:
    with_us(machine).process(TARGET, state="Z")
    with pytest.raises(NoSuchProcess, match="there is no process 99"):
        machine.require(99)
    with pytest.raises(NoSuchProcess, match="already ended") as caught:
        machine.require()
    assert "1 (init)" in caught.value.why


def test_ourselves_and_what_started_us(machine: Machine) -> None:
    machine.process(TARGET)
    with_us(machine, ppid=TARGET)
    with pytest.raises(CannotAttach, match="itself"):
        machine.require(US)
    with pytest.raises(CannotAttach, match="started this iqdebug"):
        machine.require()


def test_a_stopped_process_is_not_touched(machine: Machine) -> None:
    with_us(machine).process(TARGET, state="T")
    with pytest.raises(CannotAttach, match="is stopped") as caught:
        machine.require()
    assert f"kill -CONT {TARGET}" in caught.value.fix


def test_the_tracer_is_named(machine: Machine) -> None:
    with_us(machine).process(TARGET, tracer=30, state="t")
    machine.process(30, "/nowhere/strace")
    with pytest.raises(CannotAttach, match=r"traced by process 30 \(strace\)"):
        machine.require()


def test_greenlets_are_told_of(machine: Machine) -> None:
    machine.process(TARGET, maps=("/venv/site-packages/greenlet/_greenlet.cpython-311-x86_64-linux-gnu.so",))
    info = process_info(TARGET, host=machine.host())
    assert info.attach.ok and "a pause holds all those of a thread" in info.attach.warnings[0]


def test_another_users_process_needs_the_capability(machine: Machine) -> None:
    with_us(machine).process(TARGET, uid=0)
    with pytest.raises(NotPermitted, match="belongs to user root") as caught:
        machine.require()
    assert "sudo" in caught.value.fix
    shutil.rmtree(machine.root / str(US))
    machine.capabilities = EVERYTHING
    assert with_us(machine).require().attach.ok


@pytest.mark.parametrize(
    ("scope", "capabilities", "fix"),
    [
        (0, "0", None),
        (1, EVERYTHING, None),
        (1, "0", "echo 0 |"),
        (2, "0", "sudo"),
        (3, EVERYTHING, "reboot"),
    ],
)
def test_ptrace_scope(machine: Machine, scope: int, capabilities: str, fix: str | None) -> None:
    machine.scope(scope)
    machine.capabilities = capabilities
    with_us(machine).process(TARGET)
    if fix is None:
        assert machine.require().attach.ok
        return
    with pytest.raises(NotPermitted, match=f"ptrace_scope = {scope}") as caught:
        machine.require()
    assert fix in caught.value.fix


def test_a_container_is_entered_by_its_own_command(machine: Machine) -> None:
    group = f"0::/system.slice/docker-{'ab' * 32}.scope"
    with_us(machine).process(TARGET, pid_namespace="pid:[2]", cgroup=group)
    with pytest.raises(CannotAttach, match="another container") as caught:
        machine.require()
    assert "docker exec -it --privileged abababababab iqdebug attach 7" in caught.value.fix


def test_another_network_namespace(machine: Machine) -> None:
    with_us(machine).process(TARGET, net_namespace="net:[2]")
    with pytest.raises(CannotAttach, match="network") as caught:
        machine.require()
    assert "nsenter" in caught.value.fix


def test_gdb_is_needed_before_314_only(machine: Machine) -> None:
    machine.gdb = False
    with_us(machine).process(TARGET)
    machine.process(21, "/nowhere/bin/python3.14")
    with pytest.raises(MissingTool) as caught:
        machine.require()
    assert caught.value.fix == "sudo apt-get update && sudo apt-get install -y gdb"
    info = machine.require(21)
    assert info.attach.ok and "without gdb" in info.attach.warnings[0]


@pytest.mark.parametrize(
    ("exe", "word"), [("/nowhere/bin/python3.7", "3.8 and later"), ("/nowhere/bin/pypy3.10", "PyPy")]
)
def test_unsupported_interpreters(machine: Machine, exe: str, word: str) -> None:
    with_us(machine).process(TARGET, exe)
    with pytest.raises(CannotAttach, match=word):
        machine.require()


@pytest.mark.parametrize(
    ("helper", "helper_parent", "words"),
    [
        (("python", "/x/debugpy/adapter", "--for-server", "4000"), TARGET, "debugpy adapter"),
        (("python", "/usr/bin/iqdebug", "attach", str(TARGET)), 1, "another iqdebug"),
    ],
)
def test_a_debugger_at_work_is_seen(
    machine: Machine, helper: tuple[str, ...], helper_parent: int, words: str
) -> None:
    with_us(machine).process(TARGET)
    machine.process(30, "/nowhere/bin/python3.11", *helper, ppid=helper_parent)
    with pytest.raises(CannotAttach, match=words):
        machine.require()


def test_the_wrapper_that_started_this_attach_is_no_other_debugger(machine: Machine) -> None:
    machine.process(9, "/usr/bin/sudo", "sudo", "iqdebug", "attach", str(TARGET))
    with_us(machine, ppid=9).process(TARGET)
    assert machine.require().attach.ok


def test_debugpy_on_its_own_command_line(machine: Machine) -> None:
    with_us(machine).process(
        TARGET, "/nowhere/bin/python3.11", "python", "-m", "debugpy", "--listen", "5678", "app.py"
    )
    with pytest.raises(CannotAttach, match=r"--listen 5678"):
        machine.require()


def test_every_message_fits_in_three_lines(machine: Machine) -> None:
    with_us(machine).process(TARGET, state="T")
    with pytest.raises(CannotAttach) as caught:
        machine.require()
    assert 1 <= len(str(caught.value).splitlines()) <= 3


def test_where_sudo_cannot_help_the_container_must(machine: Machine) -> None:
    with_us(machine).process(TARGET, uid=0)
    with (machine.root / str(US) / "status").open("a") as status:
        status.write("CapBnd:\t00000000a80425fb\n")
    with pytest.raises(NotPermitted) as caught:
        machine.require()
    assert "--cap-add=SYS_PTRACE" in caught.value.fix
