"""Stock debugpy as the rival: its own injector, its adapter, a bare DAP client over its port."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from typing import Any

__all__ = ["BareClient", "StockAttach"]


class BareClient:
    """The least DAP client that can attach, pause and read a stack."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
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
        while (line := self._file.readline().strip()) or not length:
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
    """``python -m debugpy --listen PORT --pid PID`` and a client on that port."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def __enter__(self) -> StockAttach:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        quiet = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        subprocess.run(
            [sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{port}", "--pid", str(self.pid)],
            check=True,
            capture_output=True,
            timeout=90,
            env=quiet,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                self.client = BareClient(port)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.client.request("initialize", adapterID="debugpy", clientID="bench")
        attaching = self.client.send("attach", justMyCode=False, subProcess=False)
        self.client.event("initialized")
        self.client.request("configurationDone")
        self.client.answer(attaching)
        return self

    def first_stack(self) -> dict[str, Any]:
        self.client.request("pause", threadId=1)
        stopped = self.client.event("stopped")
        return self.client.request("stackTrace", threadId=stopped["body"]["threadId"])

    def __exit__(self, *exc: object) -> None:
        self.client.request("disconnect", terminateDebuggee=False)
        time.sleep(0.2)
        subprocess.run(["pkill", "-f", "debugpy.adapter.*--for-server"], check=False)
