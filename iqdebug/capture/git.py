"""Runs git so that it starts no program named by the repository. The only place that starts git.

A repository's configuration and attributes can name programs for nearly everything git does: diff drivers
and text converters, filters, file monitors, hooks, pagers, signature checks, transports. Reading the
configuration runs none of them. So its keys are listed first, and the actual command overrides every key
that names a program with an empty value; it also gets the options that switch these features off. Git's own
check of the repository's owner stays in force.

Standard library only: this runs inside programs too.
"""

from __future__ import annotations

import os
import re

from .original_functions import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

__all__ = ["MAX_ANSWER", "Repository", "repository_above"]

MAX_ANSWER = 2_000_000
"""Bytes of an answer; longer ones are cut."""

_MAX_KEY_LIST = 1_000_000  # bytes of the list of a configuration's keys
_MAX_OVERRIDES = 500
_MAX_PARENTS = 40

_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.attributesFile=/dev/null",
    "core.sshCommand=false",
    "core.askPass=false",
    "core.editor=false",
    "core.alternateRefsCommand=false",
    "diff.external=",
    "diff.ignoreSubmodules=all",
    "submodule.recurse=false",
    "log.showSignature=false",
    "gpg.program=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
)
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # takes precedence over every `protocol.*` key
    "GIT_PAGER": "cat",
    "GIT_ATTR_NOSYSTEM": "1",
}
_KEPT_VARIABLES = ("HOME", "XDG_CONFIG_HOME")  # for the person's own `safe.directory`
_COMMAND_OPTIONS = {
    "blame": ("--no-textconv",),
    "diff": ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all", "--submodule=short"),
    "log": (
        *("--no-ext-diff", "--no-textconv", "--no-color", "--no-show-signature", "--no-mailmap"),
        "--ignore-submodules=all",
    ),
    "ls-files": (),
    "rev-parse": (),
}
_PROGRAM_KEYS = re.compile(
    r"filter\..*\.(?:clean|smudge|process)|diff\..*\.(?:textconv|command)|merge\..*\.driver"
    r"|(?:gpg|credential|remote|core|sendemail)\..*(?:program|helper|command|pack|proxy|vcs)",
    re.IGNORECASE | re.DOTALL,
)
_FALSE_KEYS = re.compile(r"filter\..*\.required|remote\..*\.promisor", re.IGNORECASE | re.DOTALL)


def repository_above(folder: str) -> str:
    """The nearest folder, from ``folder`` upwards, that has a ``.git``; "" if there is none."""
    folder = os.path.abspath(folder)
    for _ in range(_MAX_PARENTS):
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
        folder, before = os.path.dirname(folder), folder
        if folder == before:
            break
    return ""


class Repository:
    """The repository around a folder. Use it for a few commands at one time: its configuration is read once.

    :raises FileNotFoundError: there is no git on the search path.
    """

    def __init__(self, folder: str) -> None:
        search = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(p)]
        program = next((p for p in (os.path.join(s, "git") for s in search) if _is_program(p)), None)
        if program is None:
            raise FileNotFoundError("git")
        self._environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self._environment.update(_ENVIRONMENT, PATH=os.pathsep.join(search))
        self._start = [program, "--no-pager", "--literal-pathspecs", "-C", folder]
        for setting in _SETTINGS:
            self._start += ["-c", setting]
        self._overrides: Optional[List[str]] = None

    def run(self, command: str, *arguments: str, seconds: float, most: int = MAX_ANSWER) -> Optional[str]:
        """What git prints, at most ``most`` bytes; None if it fails (no repository, or one that belongs to
        somebody else) or takes longer than ``seconds``.

        :param command: one of git's read-only commands: blame, diff, log, ls-files, rev-parse.
        """
        options = _COMMAND_OPTIONS[command]
        deadline = monotonic() + seconds
        if self._overrides is None:
            self._overrides = self._override_programs(seconds)
        words = [*self._start, *self._overrides, command, *options, *arguments]
        if "\0" in "".join(words):
            return None
        data, _ = _run(words, self._environment, deadline, most)
        return data.decode("utf-8", "replace") if data is not None else None

    def _override_programs(self, seconds: float) -> List[str]:
        """Options that override the programs named in the configuration.

        :raises ValueError: some cannot be overridden.
        """
        command = [*self._start, "config", "--list", "--name-only", "-z", "--includes"]
        data, whole = _run(command, self._environment, monotonic() + seconds, _MAX_KEY_LIST)
        if data is None or not whole:
            raise ValueError("the configuration cannot be read")
        options: List[str] = []
        for key in dict.fromkeys(data.decode("utf-8", "surrogateescape").split("\0")):
            value = "" if _PROGRAM_KEYS.fullmatch(key) else "false" if _FALSE_KEYS.fullmatch(key) else None
            if value is None:
                continue
            if "=" in key or "\n" in key:
                raise ValueError("the configuration names a program under a key that cannot be overridden")
            options += ["-c", "%s=%s" % (key, value)]
        if len(options) > 2 * _MAX_OVERRIDES:
            raise ValueError("the configuration names too many programs")
        return options


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _run(
    command: List[str], environment: Dict[str, str], deadline: float, most: int
) -> Tuple[Optional[bytes], bool]:
    """What the command prints, and whether that is all of it; None if it fails or misses the deadline."""
    import select
    import signal
    import subprocess

    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        stream: Any = process.stdout
        poll = select.poll()
        poll.register(stream.fileno(), select.POLLIN | select.POLLHUP)
        data, ended = b"", False
        while len(data) <= most and not ended:
            left = deadline - monotonic()
            if left <= 0 or not poll.poll(left * 1_000):
                return None, False
            piece = os.read(stream.fileno(), 65536)
            data, ended = data + piece, not piece
        if not ended:
            return data[:most], False
        try:
            code = process.wait(max(deadline - monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            return None, False
        return (data, True) if code == 0 else (None, False)
    finally:
        if process.poll() is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:
                pass
        process.wait()
        stream.close()
