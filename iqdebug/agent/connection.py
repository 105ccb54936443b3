"""The agent's side of the connections to the client: framed messages and the lease."""

from __future__ import annotations

import _socket
import threading

from ..capture.original_functions import dumps, loads, monotonic, packer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, Tuple

LEASE_TIMEOUT = 4.0
"""Seconds without a byte from the client after which the target is released."""

CONNECT_TIMEOUT = 5.0  # seconds
POLL_INTERVAL = 0.1  # seconds
_HEADER = packer(">I")


class ClientConnection:
    """Messages are JSON objects, each after its length in 4 bytes, big-endian.

    :ivar is_open: False once a message could not be sent.
    """

    def __init__(self, path: str, token: str) -> None:
        self.is_open = True
        self._path = path
        self._token = token
        self._control: Any = None
        self._lease: Any = None
        self._buffer = b""
        self._lease_renewed = monotonic()
        self._sending = threading.Lock()

    def open(self) -> None:
        """:raises OSError: the client is gone."""
        self._control = self.connect("control")
        self._lease = self.connect("lease")
        self._lease.settimeout(0.0)

    def connect(self, role: str) -> Any:
        """A new socket to the client. The agent connects out: nothing ever listens in the target."""
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.settimeout(CONNECT_TIMEOUT)
        connection.connect(self._path)
        connection.sendall(("iqdebug %s %s\n" % (self._token, role)).encode())
        return connection

    @property
    def sockets(self) -> Tuple[Any, Any]:
        return self._control, self._lease

    def begin_polling(self) -> None:
        """From now on :meth:`receive` waits only for ``POLL_INTERVAL``."""
        self._control.settimeout(POLL_INTERVAL)

    def receive(self) -> bool:
        """Wait for input; False if the client is gone or its lease has expired."""
        try:
            received = self._control.recv(65536)
            if not received:
                return False
            self._buffer += received
        except _socket.timeout:
            pass
        except OSError:
            return False
        return self._is_leased()

    def messages(self) -> Iterator[Dict[str, Any]]:
        """The complete messages that have been received."""
        while len(self._buffer) >= 4:
            (size,) = _HEADER.unpack_from(self._buffer)
            if len(self._buffer) < 4 + size:
                break
            message = loads(self._buffer[4 : 4 + size].decode("utf-8"))
            self._buffer = self._buffer[4 + size :]
            yield message

    def send(self, message: Dict[str, Any]) -> None:
        """Safe to call in any thread: threads of the program send too. Never raises ``OSError``."""
        data = dumps(message).encode("utf-8", "replace")
        with self._sending:
            try:
                self._control.settimeout(LEASE_TIMEOUT)
                self._control.sendall(_HEADER.pack(len(data)) + data)
                self._control.settimeout(POLL_INTERVAL)
            except OSError:
                self.is_open = False

    def renew_lease(self) -> None:
        """Call after work during which :meth:`receive` was not called."""
        self._lease_renewed = monotonic()

    def _is_leased(self) -> bool:
        """Whether the client is alive: it sends a byte now and then on the lease connection."""
        try:
            if not self._lease.recv(4096):
                return False
            self.renew_lease()
        except (BlockingIOError, InterruptedError):
            return monotonic() - self._lease_renewed <= LEASE_TIMEOUT
        except OSError:
            return False
        return True

    def close(self) -> None:
        """The end of the control connection tells the client that the session is over."""
        for connection in (self._lease, self._control):
            try:
                connection.close()
            except OSError:
                pass
