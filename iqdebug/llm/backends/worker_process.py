"""The model's process seen from iqdebug: starting it, asking it, and noticing its end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TypeVar

import msgspec

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Message, Text, message
from iqdebug.core.store import state_folder
from iqdebug.llm import worker_protocol

__all__ = ["OutOfMemory", "Refused", "WorkerProcess", "default_log_file", "smaller"]

_LAST_ANSWERS = (
    worker_protocol.Finished,
    worker_protocol.Tokens,
    worker_protocol.Ready,
    worker_protocol.Failed,
)
_AnswerT = TypeVar("_AnswerT")
SHOWN_BYTES = 4000
"""Of the worker's log, looked at for why it died."""
MIN_WINDOW = 4096

# The interpreter's own start-up may not look at the person's folder for modules: the path is the parent's.
_START_CODE = (
    "import sys; sys.path[:] = {path!r}; from iqdebug.llm.worker.__main__ import main; sys.exit(main({fd}))"
)


class OutOfMemory(ModelError):
    """:param smaller: a plan that asks for less; None when there is nothing left to take away."""

    def __init__(self, what: Text, why: Text, fix: Text, smaller: worker_protocol.LoadOptions | None) -> None:
        super().__init__(what, why, fix)
        self.smaller = smaller


def default_log_file() -> Path:
    """Where the worker writes what llama.cpp says."""
    return state_folder() / "worker.log"


def smaller(
    options: worker_protocol.LoadOptions, window: int = 0, layers: int = 0
) -> tuple[worker_protocol.LoadOptions, Message] | None:
    """A plan that needs less memory and how it differs, in words; None when there is none.

    First the KV cache is quantised, then the window halved, then layers leave the GPU.

    :param window: the window that was asked for where ``options`` leave it to the model.
    :param layers: of the model, 0 if unknown.
    """
    if options.type_k in ("f32", "f16", "bf16"):
        quantised = msgspec.structs.replace(options, type_k="q8_0", type_v="q8_0", flash_attn=True)
        return quantised, message("llm.smaller.kv_cache")
    size = options.n_ctx or window
    if size > MIN_WINDOW:
        half = max(MIN_WINDOW, size // 2)
        return msgspec.structs.replace(options, n_ctx=half), message("llm.smaller.window", count=f"{half:,}")
    on_gpu = layers if options.n_gpu_layers < 0 else min(options.n_gpu_layers, layers or 10**6)
    if on_gpu > 0:
        fewer = on_gpu * 3 // 4
        return (
            msgspec.structs.replace(options, n_gpu_layers=fewer),
            message("llm.smaller.layers", count=fewer),
        )
    return None


class WorkerProcess:
    """One child process and the requests that are under way. All of it belongs to one event loop.

    :param log_file: gets what llama.cpp writes; begun anew at each start.
    :param options: the memory plan, for a smaller one where memory was short.
    """

    def __init__(self, log_file: Path, options: worker_protocol.LoadOptions) -> None:
        self._log_file = log_file
        self._options = options
        self.layers = 0
        """Of the loaded model, where known."""
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[worker_protocol.Answer | None]] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self._listener is not None and not self._listener.done()

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """:raises ModelError: the process cannot be started."""
        ours, theirs = socket.socketpair()
        try:
            self._log_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._log_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            path = [os.path.abspath(entry) for entry in sys.path]
            code = _START_CODE.format(path=path, fd=theirs.fileno())
            try:
                self._child = subprocess.Popen(
                    [sys.executable, "-c", code],
                    stdin=subprocess.DEVNULL,
                    stdout=descriptor,
                    stderr=descriptor,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C in the terminal is not for it
                    env={**os.environ, "GGML_NO_BACKTRACE": "1", "PYTHONUNBUFFERED": "1"},
                )
            finally:
                os.close(descriptor)
            reader, self._writer = await asyncio.open_connection(sock=ours)
        except OSError as error:
            ours.close()
            raise ModelError(
                message("llm.worker.not_started"), f"{error.strerror}: {error.filename}."
            ) from error
        finally:
            theirs.close()
        self._listener = asyncio.create_task(self._listen(reader), name="model worker")

    def number(self) -> int:
        """For the next request."""
        return next(self._numbers)

    async def answers(self, request: worker_protocol.Request) -> AsyncGenerator[worker_protocol.Answer, None]:
        """All answers to a request, the last one included. Abandoned, it cancels the request and waits
        until the worker has stopped.

        :raises ModelError: the process has died, or reports a failure.
        """
        inbox: asyncio.Queue[worker_protocol.Answer | None] = asyncio.Queue()
        self._waiting[request.id] = inbox
        over = False
        try:
            self._send(request)
            while not over:
                answer = await inbox.get()
                over = answer is None or isinstance(answer, _LAST_ANSWERS)
                if answer is None:
                    raise await self.obituary()
                if isinstance(answer, worker_protocol.Failed):
                    raise Refused(answer)
                yield answer
        finally:
            if not over and self.alive:
                self.cancel(request.id)
                while not over:
                    answer = await inbox.get()
                    over = answer is None or isinstance(answer, _LAST_ANSWERS)
            del self._waiting[request.id]

    async def ask(self, request: worker_protocol.Request, kind: type[_AnswerT]) -> _AnswerT:
        """The last answer, which is of this kind.

        :raises ModelError: as :meth:`answers`.
        """
        last: worker_protocol.Answer | None = None
        async with contextlib.aclosing(self.answers(request)) as answers:
            async for answer in answers:
                last = answer
        assert isinstance(last, kind)
        return last

    def cancel(self, number: int) -> None:
        """Stop that request within a batch; it still gets its last answer."""
        with contextlib.suppress(ModelError):
            self._send(worker_protocol.Cancel(number))

    async def stop(self) -> None:
        """End the process. Idempotent; never raises."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None
        if self._listener is not None:
            await asyncio.wait([self._listener])
        child = self._child
        if child is not None:
            try:
                await asyncio.to_thread(child.wait, 5)
            except subprocess.TimeoutExpired:
                child.kill()
                await asyncio.to_thread(child.wait)

    async def obituary(self) -> ModelError:
        """Why the process is gone, in words."""
        child = self._child
        code: int | None = None
        if child is not None:
            try:
                code = await asyncio.to_thread(child.wait, 2)
            except subprocess.TimeoutExpired:
                child.kill()
                code = await asyncio.to_thread(child.wait)
        what = message("llm.worker.died")
        last = self._last_words()
        short = re.search(r"out of memory|failed to allocate|bad_alloc", last, re.IGNORECASE)
        if code == -signal.SIGKILL or short:
            why = message("llm.worker.died.memory", line=last) if short else message("llm.worker.died.killed")
            plan = smaller(self._options, layers=self.layers)
            if plan is None:
                return OutOfMemory(what, why, message("llm.worker.ask_again"), None)
            return OutOfMemory(what, why, message("llm.worker.ask_again.smaller", plan=plan[1]), plan[0])
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            if last:
                why = message("llm.worker.died.signal_line", signal=name, line=last)
            else:
                why = message("llm.worker.died.signal", signal=name)
        elif last:
            why = message("llm.worker.died.code_line", code=code, line=last)
        else:
            why = message("llm.worker.died.code", code=code)
        return ModelError(what, why, message("llm.worker.ask_again.log", log=str(self._log_file)))

    def _send(self, request: worker_protocol.Request) -> None:
        if self._writer is None or not self.alive:
            raise ModelError(message("llm.worker.not_running"), fix=message("llm.worker.ask_again"))
        self._writer.write(worker_protocol.encode(request))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while (answer := await worker_protocol.receive(reader)) is not None:
                if inbox := self._waiting.get(answer.id):
                    inbox.put_nowait(answer)
        except msgspec.DecodeError:
            assert self._child is not None
            self._child.kill()
        finally:
            for inbox in self._waiting.values():
                inbox.put_nowait(None)

    def _last_words(self) -> str:
        try:
            with open(self._log_file, "rb") as file:
                file.seek(max(0, os.path.getsize(self._log_file) - SHOWN_BYTES))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        log_lines = [line.strip() for line in lines if line.strip()]
        error_lines = [line for line in log_lines if "GGML_ASSERT" in line or "rror" in line]
        return (error_lines or log_lines or [""])[-1][:300]


class Refused(ModelError):
    """The worker lives and reports a failure; ``failed`` is its report."""

    def __init__(self, failed: worker_protocol.Failed) -> None:
        super().__init__(failed.what, failed.why, failed.fix)
        self.failed = failed
