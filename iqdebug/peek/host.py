"""What this machine and this process may do: privileges, tools, package manager, container."""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from iqdebug.core.messages import Text, message
from iqdebug.peek.procfs import ProcFS

__all__ = ["CAP_SYS_PTRACE", "Host", "Which", "container_of"]

CAP_SYS_PTRACE = 19  # linux/capability.h
Which = Callable[[str], str | None]

_PACKAGES = {  # distribution (ID or ID_LIKE of os-release): how it installs a package
    "debian": "apt-get install -y",
    "ubuntu": "apt-get install -y",
    "fedora": "dnf install -y",
    "rhel": "dnf install -y",
    "centos": "dnf install -y",
    "amzn": "dnf install -y",
    "alpine": "apk add",
    "arch": "pacman -S --noconfirm",
    "suse": "zypper install -y",
    "opensuse": "zypper install -y",
}


def _read_os_release() -> dict[str, str]:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                pairs = (line.strip().partition("=") for line in file if "=" in line)
                return {key: value.strip("\"'") for key, _, value in pairs}
        except OSError:
            continue
    return {}


def _script_folders() -> tuple[str, ...]:
    folders = [os.path.dirname(sys.executable), sysconfig.get_path("scripts")]
    return tuple(
        dict.fromkeys([*folders, sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))])
    )


@dataclass
class Host:
    """Everything outside that peek asks about, so that a test can hand in another machine.

    ``tools`` are folders searched before PATH: where pip puts the programs, such as py-spy,
    that came with the running interpreter's packages.
    """

    proc: ProcFS = field(default_factory=ProcFS)
    pid: int = field(default_factory=os.getpid)
    euid: int = field(default_factory=os.geteuid)
    which_on_path: Which = shutil.which
    os_release: Mapping[str, str] = field(default_factory=_read_os_release)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    tools: tuple[str, ...] = field(default_factory=_script_folders)
    bits: int = 64 if sys.maxsize > 2**32 else 32

    def which(self, program: str) -> str | None:
        """The path of an installed program, or None."""
        for folder in self.tools:
            beside = os.path.join(folder, program)
            if os.path.isfile(beside) and os.access(beside, os.X_OK):
                return beside
        return self.which_on_path(program)

    @cached_property
    def capabilities(self) -> int:
        """The effective capability bits of this process; 0 when they cannot be read."""
        try:
            return int(self.proc.status(self.pid).get("CapEff", "0"), 16)
        except (OSError, ValueError):
            return 0

    @property
    def may_ptrace_all(self) -> bool:
        return bool(self.capabilities >> CAP_SYS_PTRACE & 1)

    @cached_property
    def may_become_privileged(self) -> bool:
        """Whether sudo could give CAP_SYS_PTRACE: a container's bounding set may rule it out."""
        try:
            bounds = int(self.proc.status(self.pid).get("CapBnd", "-1"), 16)
        except (OSError, ValueError):
            return True
        return bool(bounds >> CAP_SYS_PTRACE & 1)

    @cached_property
    def ptrace_scope(self) -> int:
        """kernel.yama.ptrace_scope; 0 where the kernel has no Yama."""
        try:
            return int(self.proc.read("sys/kernel/yama/ptrace_scope"))
        except (OSError, ValueError):
            return 0

    @cached_property
    def sudo(self) -> str:
        """What to put before a command that needs root; empty for root."""
        return "" if self.euid == 0 else "sudo "

    def install(self, package: str) -> Text:
        """The command that installs a system package here."""
        names = [self.os_release.get("ID", ""), *self.os_release.get("ID_LIKE", "").split()]
        for name in names:
            if name in _PACKAGES:
                update = f"{self.sudo}apt-get update && " if "apt" in _PACKAGES[name] else ""
                return f"{update}{self.sudo}{_PACKAGES[name]} {package}"
        return message("fix.install", package=package)

    @cached_property
    def container(self) -> str:
        """The kind of container this process runs in, "" when none can be told."""
        if os.path.exists(self.proc.path(self.pid, "root/.dockerenv")):
            return "docker"
        if self.environ.get("KUBERNETES_SERVICE_HOST"):
            return "kubernetes"
        kind = self.environ.get("container", "")
        return kind or container_of(self.proc, self.pid)[0]


def container_of(proc: ProcFS, pid: int) -> tuple[str, str]:
    """(kind, short id) of the container a process's control group names; ("", "") if none."""
    try:
        groups = proc.read(pid, "cgroup").decode("utf-8", "replace")
    except OSError:
        return "", ""
    match = re.search(r"[0-9a-f]{64}", groups)
    identity = match[0][:12] if match else ""
    if "kubepods" in groups:
        return "kubernetes", identity
    for kind in ("docker", "libpod", "lxc"):
        if kind in groups:
            return "podman" if kind == "libpod" else kind, identity
    return "", identity
