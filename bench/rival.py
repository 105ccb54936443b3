"""Stock debugpy as the rival: its own injector, its adapter, a bare DAP client over its port."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from typing import Any

import psutil

__all__ = [
    "SILENT",
    "BareClient",
    "StockAttach",
    "free_port",
    "listener_on",
    "quiet_environment",
    "stock_command",
]


class BareClient:
    """A minimal DAP client that can attach, pause and read a stack."""

    def __init__(self, port: int, wait: float = 30.0) -> None:
        """:param wait: seconds for each answer; TimeoutError after it."""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=wait)
        self._file = self._socket.makefile("rb")
        self._seq = 0
        self.events: list[dict[str, Any]] = []

    def send(self, command: str, **arguments: Any) -> int:
        self._seq += 1
        body = json.dumps(
            {"seq": self._seq, "type": "request", "command": command, "arguments": arguments}
        ).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self._seq

    def read(self) -> dict[str, Any]:
        length = 0
        while (line := self._file.readline()).strip() or not length:
            if not line:
                raise EOFError("the debug server closed the connection")
            if line.lower().startswith(b"content-length"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self._file.read(length))
        if message["type"] == "event":
            self.events.append(message)
        return message

    def answer(self, seq: int) -> dict[str, Any]:
        while True:
            message = self.read()
            if message.get("request_seq") == seq:
                return message

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        return self.answer(self.send(command, **arguments))

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def event(self, name: str) -> dict[str, Any]:
        for event in self.events:
            if event["event"] == name:
                self.events.remove(event)
                return event
        while True:
            message = self.read()
            if message["type"] == "event" and message["event"] == name:
                self.events.remove(message)
                return message


class StockAttach:
    """``python -m debugpy --listen PORT --pid PID`` and a client on that port.

    Use it as a context manager. What it starts it ends: the disconnect leaves stock debugpy's
    adapter behind, which is then killed by its own pid.

    :param wait: seconds for debugpy's command and for each answer.
    """

    def __init__(self, pid: int, wait: float = 30.0) -> None:
        self.pid = pid
        self._wait = wait
        self._adapter: psutil.Process | None = None

    def __enter__(self) -> StockAttach:
        port = free_port()
        command = stock_command(self.pid, port)
        injector = subprocess.Popen(command, env=quiet_environment(), **SILENT)
        try:
            self.client = self._connect(port, injector)
            self._adapter = listener_on(port)
            self.client.request("initialize", adapterID="debugpy", clientID="bench")
            attaching = self.client.send("attach", justMyCode=False, subProcess=False)
            self.client.event("initialized")
            self.client.request("configurationDone")
            self.client.answer(attaching)
        except BaseException:
            injector.kill()
            self._end_adapter()
            raise
        finally:
            injector.wait()
        return self

    def _connect(self, port: int, injector: subprocess.Popen[bytes]) -> BareClient:
        """Connect as soon as the port is open; the injector may still be running then."""
        deadline = time.monotonic() + self._wait
        while True:
            with contextlib.suppress(ConnectionError):
                return BareClient(port, self._wait)
            if injector.poll():
                raise RuntimeError(f"debugpy --pid failed with exit code {injector.returncode}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"debugpy --pid did not listen within {self._wait:g} s")
            time.sleep(0.005)

    def first_stack(self) -> dict[str, Any]:
        self.client.request("pause", threadId=1)
        stopped = self.client.event("stopped")
        return self.client.request("stackTrace", threadId=stopped["body"]["threadId"])

    def __exit__(self, *exc: object) -> None:
        try:
            self.client.request("disconnect", terminateDebuggee=False)
            time.sleep(0.2)  # what stock debugpy does to leave goes on after its answer
        except (OSError, EOFError):
            pass
        finally:
            self.client.close()
            self._end_adapter()

    def _end_adapter(self) -> None:
        if self._adapter is not None:
            with contextlib.suppress(psutil.Error):
                self._adapter.kill()


SILENT: Any = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.DEVNULL,
}


def stock_command(pid: int, port: int) -> list[str]:
    return [sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{port}", "--pid", str(pid)]


def quiet_environment() -> dict[str, str]:
    return {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listener_on(port: int) -> psutil.Process | None:
    """The process that listens on a local port."""
    for connection in psutil.net_connections("tcp4"):
        if (
            connection.laddr
            and connection.status == psutil.CONN_LISTEN
            and connection.laddr.port == port
            and connection.pid
        ):
            return psutil.Process(connection.pid)
    return None
