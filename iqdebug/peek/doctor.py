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
    detail: str
    fix: str = ""


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
    return Check(
        "python", ok, "error", f"iqdebug runs on Python {version}", "" if ok else "use Python 3.10 or later"
    )


def _linux(host: Host) -> Check:
    if host.proc.exists(host.pid):
        return Check("processes", True, "error", f"the process table is readable ({host.proc.root})")
    fix = (
        "mount -t proc proc /proc"
        if sys.platform == "linux"
        else "run iqdebug on the Linux machine of the target"
    )
    return Check("processes", False, "error", f"there is no process table at {host.proc.root}", fix)


def _package(name: str, version_of: Callable[[str], str]) -> Check:
    try:
        return Check(name, True, "error", f"{name} {version_of(name)}")
    except metadata.PackageNotFoundError:
        return Check(
            name, False, "error", f"{name} is not installed", f"{sys.executable} -m pip install {name}"
        )


def _pyspy(host: Host, run: Callable[[list[str]], str]) -> Check:
    path = host.which("py-spy")
    if path is None:
        fix = f"{sys.executable} -m pip install --force-reinstall py-spy"
        return Check("py-spy", False, "error", "py-spy, which peek needs, is not installed", fix)
    output = run([path, "--version"])
    fix = "" if output else f"{sys.executable} -m pip install --force-reinstall py-spy"
    return Check("py-spy", bool(output), "error", output or f"{path} does not run", fix)


def _gdb(host: Host, run: Callable[[list[str]], str]) -> Check:
    path = host.which("gdb")
    if path is None:
        detail = "gdb is not installed: Python before 3.14 cannot be attached to (peek works)"
        return Check("gdb", False, "error", detail, host.install("gdb"))
    output = run([path, "--version"])
    number = re.search(r"(\d+\.\d+)\s*$", output)
    detail = f"gdb {number[1]}" if number else output or f"{path} does not run"
    return Check("gdb", bool(output), "error", detail, "" if output else host.install("gdb"))


def _ptrace_scope(host: Host) -> Check:
    scope = host.ptrace_scope
    name = "ptrace_scope"
    if scope == 0:
        return Check(
            name, True, "error", "kernel.yama.ptrace_scope is 0 or absent: your own processes are open"
        )
    if scope == 3:
        fix = "remove kernel.yama.ptrace_scope=3 from /etc/sysctl.d and reboot"
        return Check(name, False, "error", "kernel.yama.ptrace_scope is 3: nobody may attach", fix)
    if host.may_ptrace_all:
        return Check(
            name, True, "error", f"kernel.yama.ptrace_scope is {scope}; you are privileged (CAP_SYS_PTRACE)"
        )
    if scope == 1:
        fix = f"echo 0 | {host.sudo}tee /proc/sys/kernel/yama/ptrace_scope"
    else:
        fix = "sudo -E env PATH=$PATH iqdebug attach PID"
    detail = f"kernel.yama.ptrace_scope is {scope}: only privileged users may attach"
    return Check(name, False, "error", detail, fix)


def _capability(host: Host) -> Check:
    name = "other users"
    if host.may_ptrace_all:
        return Check(name, True, "warning", "processes of every user can be debugged (CAP_SYS_PTRACE)")
    fix = (
        "docker run --cap-add=SYS_PTRACE …"
        if not host.may_become_privileged
        else "sudo -E env PATH=$PATH iqdebug attach PID"
    )
    return Check(name, False, "warning", "only your own processes can be debugged (no CAP_SYS_PTRACE)", fix)


def _container(host: Host) -> Check:
    kind = host.container
    if not kind:
        return Check("container", True, "info", "not in a container, as far as can be told")
    if host.may_ptrace_all:
        return Check("container", True, "info", f"in a container ({kind}) with CAP_SYS_PTRACE")
    if host.may_become_privileged:
        return Check("container", True, "info", f"in a container ({kind}) that allows CAP_SYS_PTRACE to root")
    flag = {
        "kubernetes": "add SYS_PTRACE to securityContext.capabilities.add of the container",
        "podman": "podman run --cap-add=SYS_PTRACE …",
    }.get(kind, "docker run --cap-add=SYS_PTRACE …")
    return Check("container", False, "warning", f"in a container ({kind}) without CAP_SYS_PTRACE", flag)


def _hidepid(host: Host) -> Check:
    try:
        mounts = host.proc.read(host.pid, "mounts").decode("utf-8", "replace").splitlines()
    except OSError:
        mounts = []
    options = next((line.split()[3] for line in mounts if line.split()[1:3] == ["/proc", "proc"]), "")
    value = re.search(r"hidepid=(\w+)", options)
    if value is None or value[1] in ("0", "off"):
        return Check("hidepid", True, "warning", "/proc shows the processes of all users")
    if host.may_ptrace_all or host.euid == 0:
        return Check(
            "hidepid", True, "warning", f"/proc is mounted with hidepid={value[1]}; you are privileged"
        )
    fix = f"{host.sudo}mount -o remount,hidepid=0 /proc"
    return Check(
        "hidepid", False, "warning", f"/proc is mounted with hidepid={value[1]}: others are hidden", fix
    )


def _terminal(environ: Mapping[str, str], terminal: Terminal) -> list[Check]:
    name = environ.get("TERM", "")
    usable = terminal.interactive and name not in ("", "dumb")
    checks = [
        Check(
            "terminal",
            usable,
            "warning",
            f"TERM={name or '(unset)'}, {terminal.columns}x{terminal.lines}"
            if terminal.interactive
            else "input or output is not a terminal: only the plain commands work",
            ""
            if usable
            else "export TERM=xterm-256color"
            if terminal.interactive
            else "ssh -t HOST iqdebug attach PID",
        )
    ]
    if terminal.interactive:
        large = terminal.columns >= 80 and terminal.lines >= 24
        size = f"{terminal.columns}x{terminal.lines}, at least 80x24 is comfortable"
        checks.append(Check("size", large, "info", size, "" if large else "enlarge the window"))
    true_colour = environ.get("COLORTERM", "") in ("truecolor", "24bit")
    rich = true_colour or "256" in name or "direct" in name
    colours = "16 million" if true_colour else "256" if rich else "16 or fewer"
    if environ.get("NO_COLOR"):
        checks.append(Check("colours", True, "info", "off, as NO_COLOR asks"))
    else:
        checks.append(
            Check("colours", rich, "info", f"{colours} colours", "" if rich else "export TERM=xterm-256color")
        )
    utf8 = terminal.encoding.lower().replace("-", "") == "utf8"
    detail = f"text is written as {terminal.encoding}"
    checks.append(Check("locale", utf8, "warning", detail, "" if utf8 else "export LC_ALL=C.UTF-8"))
    return checks


def _interpreters(host: Host, run: Callable[[list[str]], str]) -> Check:
    """Interpreters on PATH, each asked for its version: pyenv's stand-ins exist but may not run."""
    names = ("python3", *(f"python3.{minor}" for minor in range(8, 16)))
    paths = [path for name in names if (path := host.which_on_path(name))]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda path: run([path, "--version"]), paths))
    versions = [answer.removeprefix("Python ") for answer in answers if answer.startswith("Python ")]
    detail = ", ".join(dict.fromkeys(versions)) or "none"
    return Check(
        "interpreters",
        bool(versions),
        "info",
        f"on PATH: {detail}",
        "" if versions else host.install("python3"),
    )


def _llama(version_of: Callable[[str], str]) -> Check:
    try:
        return Check("llama-cpp-python", True, "info", f"llama-cpp-python {version_of('llama-cpp-python')}")
    except metadata.PackageNotFoundError:
        fix = f"{sys.executable} -m pip install 'iqdebug[llama]'"
        return Check("llama-cpp-python", False, "info", "not installed: optional, for local models", fix)


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
