"""What the doctor finds, and how to mend it."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "peek.doctor.all_shown": "/proc shows the processes of all users",
    "peek.doctor.colours.16": "16 or fewer colours",
    "peek.doctor.colours.16_million": "16 million colours",
    "peek.doctor.colours.256": "256 colours",
    "peek.doctor.colours.off": "off, as NO_COLOR asks",
    "peek.doctor.container.root": "in a container ({kind}) that allows CAP_SYS_PTRACE to root",
    "peek.doctor.container.with": "in a container ({kind}) with CAP_SYS_PTRACE",
    "peek.doctor.container.without": "in a container ({kind}) without CAP_SYS_PTRACE",
    "peek.doctor.container.without.kubernetes": (
        "add SYS_PTRACE to securityContext.capabilities.add of the container"
    ),
    "peek.doctor.encoding": "text is written as {encoding}",
    "peek.doctor.every_user": "processes of every user can be debugged (CAP_SYS_PTRACE)",
    "peek.doctor.hidepid.hidden": "/proc is mounted with hidepid={value}: others are hidden",
    "peek.doctor.hidepid.privileged": "/proc is mounted with hidepid={value}; you are privileged",
    "peek.doctor.interpreters": "on PATH: {versions}",
    "peek.doctor.no_container": "not in a container, as far as can be told",
    "peek.doctor.no_gdb": "gdb is not installed: Python before 3.14 cannot be attached to (peek works)",
    "peek.doctor.no_interpreter": "on PATH: none",
    "peek.doctor.no_llama": "not installed: optional, for local models",
    "peek.doctor.no_package": "{name} is not installed",
    "peek.doctor.no_pyspy": "py-spy, which peek needs, is not installed",
    "peek.doctor.no_run": "{path} does not run",
    "peek.doctor.no_table": "there is no process table at {root}",
    "peek.doctor.no_table.fix": "run iqdebug on the Linux machine of the target",
    "peek.doctor.no_terminal": "input or output is not a terminal: only the plain commands work",
    "peek.doctor.own_only": "only your own processes can be debugged (no CAP_SYS_PTRACE)",
    "peek.doctor.python": "iqdebug runs on Python {version}",
    "peek.doctor.python.fix": "use Python 3.10 or later",
    "peek.doctor.scope.nobody": "kernel.yama.ptrace_scope is 3: nobody may attach",
    "peek.doctor.scope.nobody.fix": "remove kernel.yama.ptrace_scope=3 from /etc/sysctl.d and reboot",
    "peek.doctor.scope.open": "kernel.yama.ptrace_scope is 0 or absent: your own processes are open",
    "peek.doctor.scope.privileged": (
        "kernel.yama.ptrace_scope is {scope}; you are privileged (CAP_SYS_PTRACE)"
    ),
    "peek.doctor.scope.restricted": "kernel.yama.ptrace_scope is {scope}: only privileged users may attach",
    "peek.doctor.size": "{columns}x{lines}, at least 80x24 is comfortable",
    "peek.doctor.size.fix": "enlarge the window",
    "peek.doctor.table": "the process table is readable ({root})",
    "peek.doctor.terminal": "TERM={name}, {columns}x{lines}",
    "peek.doctor.terminal.unset": "(unset)",
}
