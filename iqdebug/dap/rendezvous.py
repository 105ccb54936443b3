"""Where a target's agent meets the client: a Unix socket in a private folder.

No port is opened. The folder's name cannot be guessed, each connection must come from the
target's own pid (``SO_PEERCRED``) and carry the session's token. After the three connections
that are expected (control, dap, lease) the socket and its folder are gone.

For the process of another user the folder may be passed through, not listed, and every name in it is
made up of 64 random bits. What lies in it belongs to that user, or to us, before it has any content,
and no third user may read or reach it at any moment, whatever the umask.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import shutil
import socket
import struct
from pathlib import Path

from iqdebug.core.errors import CannotAttach
from iqdebug.core.messages import message
from iqdebug.dap.meeting_folder import meeting_folder
from iqdebug.dap.remote_exec_process import withdraw

__all__ = ["NO_THREAD", "Rendezvous"]

ROLES = ("control", "lease", "dap")
NO_THREAD = "no-thread"
"""The role in which the target reports that it cannot start the agent's thread."""

MAX_NOTE = 300
"""Characters that are read of why the agent could not be loaded."""

MAX_GREETINGS = 32
"""Connections whose greeting has not come yet."""

GREETING_TIMEOUT = 10.0
"""Seconds: a busy target may be slow to finish a line it has begun."""


class Rendezvous:
    """:param pid: the only process whose connections are taken; may be set once it is known, until
        when none are.
    :param uid: its effective user id, who must be able to reach the socket.
    :param module: of the agent, what the target is to run.
    :raises CannotAttach: there is no folder in which the two could meet.
    """

    def __init__(self, pid: int, uid: int, module: str = "server") -> None:
        self.pid = pid
        self.module = module
        self.mask = True
        self.token = secrets.token_hex(16)
        self.uid = uid
        self.script_pending = False
        self._connections: dict[str, asyncio.Future[socket.socket]] = {}
        self._taken: set[str] = set()
        self._greetings: set[asyncio.Task[None]] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.folder = meeting_folder(uid)
        except BaseException:
            self._listener.close()
            raise
        self.path = self.folder / secrets.token_hex(8)
        try:
            self._listen()
        except OSError as error:
            self._listener.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise CannotAttach(
                message("dap.meeting.not_in", folder=str(self.folder.parent)),
                error.strerror or str(error),
                message("dap.meeting.not_in.as_its_user")
                if isinstance(error, PermissionError)
                else message("dap.meeting.not_in.fix"),
            ) from None
        self._task: asyncio.Task[None] | None = None

    def _listen(self) -> None:
        """Only then may anybody pass through the folder when all in it is closed to third users."""
        self._listener.bind(str(self.path))
        self.path.chmod(0o600)
        self.note = self.write_file(secrets.token_hex(8), b"")
        if self.uid != os.geteuid():
            os.chown(self.path, self.uid, -1)
            self.folder.chmod(0o711)
        self._listener.listen(4)
        self._listener.setblocking(False)

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._connections = {role: loop.create_future() for role in (*ROLES, NO_THREAD)}
        self._task = asyncio.create_task(self._accept(), name="iqdebug.rendezvous")

    async def connection(self, role: str) -> socket.socket:
        """The agent's connection for that role, as soon as it has come."""
        connection = await asyncio.shield(self._connections[role])
        self._taken.add(role)
        return connection

    def refused(self) -> bool:
        """Whether the target has reported that it can start no thread for the agent."""
        refusal = self._connections.get(NO_THREAD)
        return refusal is not None and refusal.done()

    def arrived(self) -> bool:
        """Whether the agent is inside the target and talking."""
        control = self._connections.get("control")
        return control is not None and control.done()

    def failure(self) -> str:
        """Why the agent could not be loaded in the target, as far as the target reports it; else ""."""
        try:
            with self.note.open(encoding="utf-8", errors="replace") as file:
                text = file.read(MAX_NOTE)
        except OSError:
            return ""
        return "".join(c if c.isprintable() else " " for c in text).strip()

    def close(self) -> None:
        """Stop listening and remove the folder. Connections handed out stay open. A request to run a
        script that the target has not begun with is taken back; a script that it has begun with stays
        and removes itself."""
        for task in (self._task, *self._greetings):
            if task is not None:
                task.cancel()
        self._listener.close()
        for role, future in self._connections.items():
            if role not in self._taken and future.done() and not future.cancelled():
                future.result().close()
        if self.script_pending and not self.arrived() and not withdraw(self.pid, self.uid, self.folder):
            self.path.unlink(missing_ok=True)
            self.note.unlink(missing_ok=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def write_file(self, name: str, content: bytes, *, ours: bool = False) -> Path:
        """A new file in the folder that only the target's user can read; with ``ours``, only we."""
        path = self.folder / name
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            if self.uid != os.geteuid() and not ours:
                os.fchown(file.fileno(), self.uid, -1)
            file.write(content)
        return path

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            if len(self._greetings) >= MAX_GREETINGS:
                connection.close()
                continue
            greeting = asyncio.create_task(self._admit(connection), name="iqdebug.greeting")
            self._greetings.add(greeting)
            greeting.add_done_callback(functools.partial(self._greeted, connection))

    def _greeted(self, connection: socket.socket, greeting: asyncio.Task[None]) -> None:
        self._greetings.discard(greeting)
        if greeting.cancelled():  # it may not have begun
            connection.close()

    async def _admit(self, connection: socket.socket) -> None:
        """One that keeps its greeting back delays no other."""
        try:
            future = self._connections.get(await self._greet(connection))
        except BaseException:
            connection.close()
            raise
        if future is None or future.done():
            connection.close()
        else:
            future.set_result(connection)
            if all(self._connections[role].done() for role in ROLES) and self._task is not None:
                self._task.cancel()

    async def _greet(self, connection: socket.socket) -> str:
        """The role the peer announces; "" when it is not the target or lacks the token."""
        connection.setblocking(False)
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        peer, _, _ = struct.unpack("3i", credentials)
        if peer != self.pid:
            return ""
        line = b""
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            while not line.endswith(b"\n") and len(line) < 200:
                byte = await asyncio.wait_for(
                    asyncio.get_running_loop().sock_recv(connection, 1), GREETING_TIMEOUT
                )
                if not byte:
                    break
                line += byte
        words = line.decode("ascii", "replace").split()
        if len(words) == 3 and words[0] == "iqdebug" and secrets.compare_digest(words[1], self.token):
            return words[2]
        return ""
