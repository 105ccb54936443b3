"""Where a target's agent meets the client: a Unix socket in a private folder.

No port is opened. The folder's name cannot be guessed, each connection must come from the
target's own pid (``SO_PEERCRED``) and carry the session's token. After the three connections
that are expected (control, dap, lease) the socket and its folder are gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import struct
import tempfile
from pathlib import Path

__all__ = ["Rendezvous"]

ROLES = ("control", "lease", "dap")
_MAX_NOTE = 300  # characters
_HELLO_TIMEOUT = 10.0  # seconds: a busy target may be slow to finish a line it has begun


class Rendezvous:
    """:param pid: the only process whose connections are taken; may be set once it is known, until
        when none are.
    :param uid: its effective user id, who must be able to reach the socket.
    :param module: of the agent, what the target is to run.
    """

    def __init__(self, pid: int, uid: int, module: str = "server") -> None:
        self.pid = pid
        self.module = module
        self.mask = True
        self.token = secrets.token_hex(16)
        self.folder = Path(tempfile.mkdtemp(prefix="iqdebug-"))
        self.path = self.folder / secrets.token_hex(8)
        self._connections: dict[str, asyncio.Future[socket.socket]] = {}
        self._taken: set[str] = set()
        self._uid = uid
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        if uid != os.geteuid():
            os.chown(self.path, uid, -1)
            self.folder.chmod(0o711)
        self.path.chmod(0o600)
        self._listener.listen(4)
        self._listener.setblocking(False)
        self.note = self.write_file("note", "")
        self._task: asyncio.Task[None] | None = None
        self._greetings: set[asyncio.Task[None]] = set()
        self.script_pending = False

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._connections = {role: loop.create_future() for role in ROLES}
        self._task = asyncio.create_task(self._accept(), name="iqdebug.rendezvous")

    async def connection(self, role: str) -> socket.socket:
        """The agent's connection for that role, as soon as it has come."""
        connection = await asyncio.shield(self._connections[role])
        self._taken.add(role)
        return connection

    def arrived(self) -> bool:
        """Whether the agent is inside the target and talking."""
        control = self._connections.get("control")
        return control is not None and control.done()

    def failure(self) -> str:
        """Why the agent could not be loaded in the target, as far as it has said so; else ""."""
        try:
            with self.note.open(encoding="utf-8", errors="replace") as file:
                said = file.read(_MAX_NOTE)
        except OSError:
            return ""
        return "".join(c if c.isprintable() else " " for c in said).strip()

    def close(self) -> None:
        """Stop listening and remove the folder. Connections handed out stay open. A script that
        the target has been told to run and has not run yet stays; it removes itself."""
        for task in (self._task, *self._greetings):
            if task is not None:
                task.cancel()
        self._listener.close()
        for role, future in self._connections.items():
            if role not in self._taken and future.done() and not future.cancelled():
                future.result().close()
        if self.script_pending and not self.arrived():
            self.path.unlink(missing_ok=True)
            self.note.unlink(missing_ok=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def write_file(self, name: str, text: str) -> Path:
        """A file in the folder that only the target's user can read."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        if self._uid != os.geteuid():
            os.chown(path, self._uid, -1)
        return path

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            greeting = asyncio.create_task(self._admit(connection), name="iqdebug.greeting")
            self._greetings.add(greeting)
            greeting.add_done_callback(self._greetings.discard)

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
            if all(each.done() for each in self._connections.values()) and self._task is not None:
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
                    asyncio.get_running_loop().sock_recv(connection, 1), _HELLO_TIMEOUT
                )
                if not byte:
                    break
                line += byte
        words = line.decode("ascii", "replace").split()
        if len(words) == 3 and words[0] == "iqdebug" and secrets.compare_digest(words[1], self.token):
            return words[2]
        return ""
