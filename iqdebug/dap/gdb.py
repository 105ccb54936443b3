"""gdb, driven to call functions and write memory in a stopped target.

gdb is driven over its standard input, in a session of its own, so that no signal meant for
iqdebug reaches it and its death never comes in the middle of a call in the target: when iqdebug
is killed, gdb sees the end of its input after the running command and detaches.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from pathlib import Path

from iqdebug.core.errors import AttachTimeout, CannotAttach, MissingTool, NoSuchProcess
from iqdebug.core.messages import message

__all__ = ["Gdb"]

CALL_TIMEOUT = 30.0
"""Seconds for a function that does not wait. Longer takes only what is no interpreter's function."""

DETACH_TIMEOUT = 10.0
"""Seconds for gdb to let the target go."""

_MARK = "iqdebug-mark"
_STARTUP = (
    # Only the interpreter and the C library are asked for symbols: reading those of every
    # shared object of a large program takes longer than everything else together.
    "set auto-solib-add off",
    "set debuginfod enabled off",
    "set libthread-db-search-path /nonexistent",
    "set auto-load off",
)
_SETUP = (
    "set confirm off",
    "set pagination off",
    "set width 0",
    "set unwindonsignal on",
    "set language c",
    "handle all nostop noprint pass",
    "handle SIGSEGV SIGBUS SIGILL SIGABRT stop noprint",
    "sharedlibrary libpython3",
    "sharedlibrary /libc[.-]",
    "sharedlibrary ld-musl",
)


class Gdb:
    """A gdb attached to ``pid``. The target is stopped from :meth:`attach` to :meth:`detach`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process: asyncio.subprocess.Process | None = None
        self._marks = 0

    async def attach(self, timeout: float) -> None:
        """:raises MissingTool: there is no gdb.
        :raises CannotAttach: the kernel refused; why is in the message.
        :raises AttachTimeout: it took longer than ``timeout`` seconds; the target runs on.
        """
        program = shutil.which("gdb")
        if program is None:
            raise MissingTool(message("dap.gdb.missing"), fix=message("dap.gdb.missing.fix"))
        # Without debug information: functions are called through casts, and reading it takes
        # longer than all the rest, while the target stands still.
        arguments = [program, "-nx", "-q", "--readnever"]
        for line in _STARTUP:
            arguments += ["-iex", line]
        self._process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            output = await self.command(f"attach {self.pid}", timeout)
            for line in _SETUP:
                await self.command(line, timeout)
        except asyncio.TimeoutError:
            self._process.kill()
            raise AttachTimeout(
                message("dap.gdb.not_stopped", pid=self.pid, seconds=f"{timeout:g}"),
                message("dap.gdb.not_stopped.why"),
                message("dap.gdb.not_stopped.fix"),
            ) from None
        self._check(output)

    async def let_run(self, seconds: float, timeout: float) -> None:
        """Let the target run on for that long, and stop it again.

        :raises TargetError: as :meth:`attach`; the target runs on.
        """
        await self.command("detach")
        await asyncio.sleep(seconds)
        try:
            output = await self.command(f"attach {self.pid}", timeout)
            for line in _SETUP:
                await self.command(line, timeout)
        except asyncio.TimeoutError:
            what = message("dap.gdb.not_stopped_again", pid=self.pid, seconds=f"{timeout:g}")
            raise AttachTimeout(what) from None
        self._check(output)

    def _check(self, output: str) -> None:
        lowered = output.lower()
        if "no such process" in lowered or not Path(f"/proc/{self.pid}").exists():
            raise NoSuchProcess(message("dap.ended_while_attaching", pid=self.pid))
        if "not permitted" in lowered or "ptrace:" in lowered or "already traced" in lowered:
            why = next((line for line in output.splitlines() if "ptrace" in line.lower()), output.strip())
            raise CannotAttach(
                message("dap.gdb.not_let", pid=self.pid),
                why.strip()[:160],
                message("dap.gdb.not_let.fix"),
            )

    async def command(self, line: str, timeout: float | None = None) -> str:
        """What gdb prints for a command. ``timeout`` None waits for as long as it takes: a call
        in the target must not be broken off."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        self._marks += 1
        mark = f"{_MARK}-{self._marks}"
        process.stdin.write(f"{line}\necho \\n{mark}\\n\n".encode())
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
        output: list[str] = []

        async def read() -> None:
            assert process.stdout is not None
            while raw := await process.stdout.readline():
                text = raw.decode("utf-8", "replace").removeprefix("(gdb) ").rstrip("\n")
                if text.endswith(mark):
                    return
                output.append(text)

        await asyncio.wait_for(read(), timeout)
        return "\n".join(output)

    async def call(self, function: str, *arguments: str, returns: str = "int") -> int:
        """Call a C function on the target's main thread and return its result as a number.

        :raises CannotAttach: gdb could not make the call, or it does not end; gdb lets the target go
            when it does.
        """
        shown = ", ".join(arguments)
        kinds = ", ".join("long" for _ in arguments)
        try:
            output = await self.command(
                f"print/d (({returns}(*)({kinds or 'void'})){function})({shown})", CALL_TIMEOUT
            )
        except asyncio.TimeoutError:
            seconds = f"{CALL_TIMEOUT:g}"
            raise CannotAttach(
                message("dap.gdb.call_endless", function=function, seconds=seconds, pid=self.pid),
                message("dap.gdb.call_endless.why"),
                message("dap.gdb.call_endless.fix"),
            ) from None
        match = re.search(r"\$\d+ = (-?\d+)", output)
        if match is None:
            raise CannotAttach(
                message("dap.gdb.call_failed", function=function, pid=self.pid),
                output.strip().splitlines()[-1][:160] if output.strip() else "",
                message("dap.gdb.call_failed.fix"),
            )
        return int(match.group(1))

    async def address(self, symbol: str) -> int | None:
        output = await self.command(f"print/d (long)&{symbol}")
        match = re.search(r"\$\d+ = (-?\d+)", output)
        return int(match.group(1)) if match else None

    async def write(self, address: int, data: Path) -> None:
        """Copy a file's bytes into the target's memory."""
        await self.command(f"restore {data} binary {address}")

    async def detach(self) -> None:
        """Let the target run on, at the latest when the running call in it returns. Safe to call more
        than once; waits for DETACH_TIMEOUT seconds at most, and never breaks a call off."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.returncode is not None:
            return
        with contextlib.suppress(ConnectionError):
            process.stdin.write(b"detach\nquit\n")
            process.stdin.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), DETACH_TIMEOUT)
