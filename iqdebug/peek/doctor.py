"""Checks what iqdebug can use on this machine, with the exact command for each thing that is missing."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from iqdebug.core.messages import Text, message, render
from iqdebug.peek.host import Host

__all__ = ["Check", "Severity", "Terminal", "checks", "terminal_now"]

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Check:
    """``severity`` says what it means when ``ok`` is False: ``error`` stops attach or peek,
    ``warning`` costs some targets or comfort, ``info`` is worth knowing. ``fix`` is a command,
    or one sentence where no command can help; empty when ``ok``."""

    name: str
    ok: bool
    severity: Severity
    detail_message: Text
    fix_message: Text = ""

    @property
    def detail(self) -> str:
        return render(self.detail_message)

    @property
    def fix(self) -> str:
        return render(self.fix_message)


@dataclass(frozen=True, slots=True)
class Terminal:
    interactive: bool
    columns: int
    lines: int
    encoding: str


def terminal_now() -> Terminal:
    size = shutil.get_terminal_size()
    tty = sys.stdin.isatty() and sys.stdout.isatty()
    return Terminal(tty, size.columns, size.lines, sys.stdout.encoding or "ascii")


def checks(
    *,
    host: Host | None = None,
    terminal: Terminal | None = None,
    version_of: Callable[[str], str] = metadata.version,
    run: Callable[[list[str]], str] | None = None,
) -> list[Check]:
    """Every check, in the order in which a person would fix things. Never raises; runs a few
    programs with ``--version`` and touches no target. Takes about a second at most."""
    host = host or Host()
    run = run or _first_line
    terminal = terminal or terminal_now()
    return [
        _own_python(),
        _linux(host),
        *(_package(name, version_of) for name in ("debugpy", "textual")),
        _pyspy(host, run),
        _gdb(host, run),
        _ptrace_scope(host),
        _capability(host),
        _container(host),
        _hidepid(host),
        *_terminal(host.environ, terminal),
        _interpreters(host, run),
        _llama(version_of),
    ]


def _own_python() -> Check:
    version = platform.python_version()
    ok = sys.version_info >= (3, 10)
    detail = message("peek.doctor.python", version=version)
    return Check("python", ok, "error", detail, "" if ok else message("peek.doctor.python.fix"))


def _linux(host: Host) -> Check:
    if host.proc.exists(host.pid):
        readable = message("peek.doctor.table", root=host.proc.root)
        return Check("processes", True, "error", readable)
    fix = "mount -t proc proc /proc" if sys.platform == "linux" else message("peek.doctor.no_table.fix")
    return Check("processes", False, "error", message("peek.doctor.no_table", root=host.proc.root), fix)


def _package(name: str, version_of: Callable[[str], str]) -> Check:
    try:
        return Check(name, True, "error", f"{name} {version_of(name)}")
    except metadata.PackageNotFoundError:
        absent = message("peek.doctor.no_package", name=name)
        return Check(name, False, "error", absent, f"{sys.executable} -m pip install {name}")


def _pyspy(host: Host, run: Callable[[list[str]], str]) -> Check:
    path = host.which("py-spy")
    if path is None:
        fix = f"{sys.executable} -m pip install --force-reinstall py-spy"
        return Check("py-spy", False, "error", message("peek.doctor.no_pyspy"), fix)
    output = run([path, "--version"])
    fix = "" if output else f"{sys.executable} -m pip install --force-reinstall py-spy"
    return Check("py-spy", bool(output), "error", output or message("peek.doctor.no_run", path=path), fix)


def _gdb(host: Host, run: Callable[[list[str]], str]) -> Check:
    path = host.which("gdb")
    if path is None:
        return Check("gdb", False, "error", message("peek.doctor.no_gdb"), host.install("gdb"))
    output = run([path, "--version"])
    number = re.search(r"(\d+\.\d+)\s*$", output)
    detail = f"gdb {number[1]}" if number else output or message("peek.doctor.no_run", path=path)
    return Check("gdb", bool(output), "error", detail, "" if output else host.install("gdb"))


def _ptrace_scope(host: Host) -> Check:
    scope = host.ptrace_scope
    name = "ptrace_scope"
    if scope == 0:
        return Check(name, True, "error", message("peek.doctor.scope.open"))
    if scope == 3:
        fix = message("peek.doctor.scope.nobody.fix")
        return Check(name, False, "error", message("peek.doctor.scope.nobody"), fix)
    if host.may_ptrace_all:
        return Check(name, True, "error", message("peek.doctor.scope.privileged", scope=scope))
    command = "sudo -E env PATH=$PATH iqdebug attach PID"
    if scope == 1:
        command = f"echo 0 | {host.sudo}tee /proc/sys/kernel/yama/ptrace_scope"
    return Check(name, False, "error", message("peek.doctor.scope.restricted", scope=scope), command)


def _capability(host: Host) -> Check:
    name = "other users"
    if host.may_ptrace_all:
        return Check(name, True, "warning", message("peek.doctor.every_user"))
    fix = (
        "docker run --cap-add=SYS_PTRACE …"
        if not host.may_become_privileged
        else "sudo -E env PATH=$PATH iqdebug attach PID"
    )
    return Check(name, False, "warning", message("peek.doctor.own_only"), fix)


def _container(host: Host) -> Check:
    kind = host.container
    if not kind:
        return Check("container", True, "info", message("peek.doctor.no_container"))
    if host.may_ptrace_all:
        return Check("container", True, "info", message("peek.doctor.container.with", kind=kind))
    if host.may_become_privileged:
        return Check("container", True, "info", message("peek.doctor.container.root", kind=kind))
    flags: dict[str, Text] = {
        "kubernetes": message("peek.doctor.container.without.kubernetes"),
        "podman": "podman run --cap-add=SYS_PTRACE …",
    }
    flag = flags.get(kind, "docker run --cap-add=SYS_PTRACE …")
    return Check("container", False, "warning", message("peek.doctor.container.without", kind=kind), flag)


def _hidepid(host: Host) -> Check:
    try:
        mounts = host.proc.read(host.pid, "mounts").decode("utf-8", "replace").splitlines()
    except OSError:
        mounts = []
    options = next((line.split()[3] for line in mounts if line.split()[1:3] == ["/proc", "proc"]), "")
    value = re.search(r"hidepid=(\w+)", options)
    if value is None or value[1] in ("0", "off"):
        return Check("hidepid", True, "warning", message("peek.doctor.all_shown"))
    if host.may_ptrace_all or host.euid == 0:
        return Check("hidepid", True, "warning", message("peek.doctor.hidepid.privileged", value=value[1]))
    fix = f"{host.sudo}mount -o remount,hidepid=0 /proc"
    return Check("hidepid", False, "warning", message("peek.doctor.hidepid.hidden", value=value[1]), fix)


def _terminal(environ: Mapping[str, str], terminal: Terminal) -> list[Check]:
    name = environ.get("TERM", "")
    usable = terminal.interactive and name not in ("", "dumb")
    if terminal.interactive:
        about = message(
            "peek.doctor.terminal",
            name=name or message("peek.doctor.terminal.unset"),
            columns=terminal.columns,
            lines=terminal.lines,
        )
        fix = "export TERM=xterm-256color"
    else:
        about = message("peek.doctor.no_terminal")
        fix = "ssh -t HOST iqdebug attach PID"
    checks = [Check("terminal", usable, "warning", about, "" if usable else fix)]
    if terminal.interactive:
        large = terminal.columns >= 80 and terminal.lines >= 24
        size = message("peek.doctor.size", columns=terminal.columns, lines=terminal.lines)
        checks.append(Check("size", large, "info", size, "" if large else message("peek.doctor.size.fix")))
    rich = True
    if environ.get("NO_COLOR"):
        colours = message("peek.doctor.colours.off")
    elif environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        colours = message("peek.doctor.colours.16_million")
    elif "256" in name or "direct" in name:
        colours = message("peek.doctor.colours.256")
    else:
        rich, colours = False, message("peek.doctor.colours.16")
    checks.append(Check("colours", rich, "info", colours, "" if rich else "export TERM=xterm-256color"))
    utf8 = terminal.encoding.lower().replace("-", "") == "utf8"
    detail = message("peek.doctor.encoding", encoding=terminal.encoding)
    checks.append(Check("locale", utf8, "warning", detail, "" if utf8 else "export LC_ALL=C.UTF-8"))
    return checks


def _interpreters(host: Host, run: Callable[[list[str]], str]) -> Check:
    """Interpreters on PATH, each asked for its version: pyenv's stand-ins exist but may not run."""
    names = ("python3", *(f"python3.{minor}" for minor in range(8, 16)))
    paths = [path for name in names if (path := host.which_on_path(name))]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda path: run([path, "--version"]), paths))
    versions = [answer.removeprefix("Python ") for answer in answers if answer.startswith("Python ")]
    if not versions:
        return Check(
            "interpreters", False, "info", message("peek.doctor.no_interpreter"), host.install("python3")
        )
    found = message("peek.doctor.interpreters", versions=tuple(dict.fromkeys(versions)))
    return Check("interpreters", True, "info", found)


def _llama(version_of: Callable[[str], str]) -> Check:
    try:
        return Check("llama-cpp-python", True, "info", f"llama-cpp-python {version_of('llama-cpp-python')}")
    except metadata.PackageNotFoundError:
        fix = f"{sys.executable} -m pip install 'iqdebug[llama]'"
        return Check("llama-cpp-python", False, "info", message("peek.doctor.no_llama"), fix)


def _first_line(command: list[str]) -> str:
    """The first line of a program's output; "" when it does not run or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=2, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout or done.stderr).splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else ""
