"""A chat template's process seen from iqdebug; see :mod:`iqdebug.llm.worker.rendering`."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import weakref

import msgspec

from iqdebug.core.errors import MissingTool, ModelError
from iqdebug.core.messages import Text, message, render
from iqdebug.llm.worker.rendering import LENGTH, MAX_CPU_SECONDS, MAX_MESSAGE, Rendered

__all__ = ["Renderer", "TemplateError"]

_ANSWER_TIMEOUT = 30.0
"""The process bounds its own processor time; on a busy machine that takes longer by the clock."""

_START = (
    "import sys; sys.path[:] = {path!r}; "
    "from iqdebug.llm.worker.rendering import main; sys.exit(main({descriptor}))"
)


class TemplateError(ValueError):
    """The template is not Jinja, refuses the conversation, or does not come to an end. ``why`` says so,
    without a full stop."""

    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return render(self.why)


class Renderer:
    """Starts the process, which imports what it needs while others work. For one template; may be used
    from several threads.

    Once the template has been given up, all further requests are refused at once.

    :raises ModelError: no process can be started.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        path = [os.path.abspath(entry) for entry in sys.path]
        try:
            child = subprocess.Popen(
                [sys.executable, "-c", _START.format(path=path, descriptor=theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is not for it
            )
        except OSError as error:
            ours.close()
            raise ModelError(message("llm.template.no_process"), error.strerror or "") from None
        finally:
            theirs.close()
        ours.settimeout(_ANSWER_TIMEOUT)
        self._end = ours
        self._lock = threading.Lock()
        self.given_up: Text = ""
        """Why."""
        self._closing = weakref.finalize(self, _close, ours, child)

    def compile(self, source: str) -> None:
        """:raises TemplateError: it does not parse.
        :raises MissingTool: Jinja is not installed.
        """
        if self._asked({"source": source}).missing:
            raise MissingTool(
                message("llm.template.unreadable"),
                message("llm.template.unreadable.no_jinja"),
                message("llm.template.unreadable.fix", command="pip install 'iqdebug[llama]'"),
            )

    def render(self, **given: object) -> str:
        """:raises TemplateError: it fails, or takes too long or too much."""
        return self._asked(given).text

    def close(self) -> None:
        """End the process. Idempotent; never raises."""
        self.given_up = self.given_up or message("llm.template.closed")
        self._closing()

    def _asked(self, request: dict[str, object]) -> Rendered:
        with self._lock:
            if self.given_up:
                raise TemplateError(self.given_up)
            data = msgspec.msgpack.encode(request)
            try:
                if len(data) > MAX_MESSAGE:
                    raise TemplateError(message("llm.template.given_too_much", count=f"{len(data):,}"))
                self._end.sendall(LENGTH.pack(len(data)) + data)
                (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
                if length > MAX_MESSAGE * 4:
                    raise EOFError
                answer = msgspec.msgpack.decode(self._exactly(length), type=Rendered)
            except (OSError, EOFError, msgspec.DecodeError):
                self.given_up = message("llm.template.given_up", seconds=f"{MAX_CPU_SECONDS:g}")
                self._closing()
                raise TemplateError(self.given_up) from None
        if answer.error:
            raise TemplateError(answer.error)
        return answer

    def _exactly(self, count: int) -> bytes:
        whole = bytearray()
        while len(whole) < count:
            part = self._end.recv(min(count - len(whole), 1 << 20))
            if not part:
                raise EOFError
            whole += part
        return bytes(whole)


def _close(end: socket.socket, child: subprocess.Popen[bytes]) -> None:
    end.close()
    child.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(5)
