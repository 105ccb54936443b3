"""The worker's two threads: one reads requests, the other carries them out one after the other.

The reading thread itself does what must not wait: tokenizing, cancelling, and exiting with the parent.
"""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING

from iqdebug.core.messages import message
from iqdebug.llm.worker_protocol import (
    Answer,
    Cancel,
    Complete,
    Failed,
    Generate,
    Load,
    Loading,
    Read,
    Request,
    Restore,
    Save,
    Tokenize,
    Tokens,
    encode,
    receive_from,
)

if TYPE_CHECKING:  # imports llama.cpp, which the first request loads with the libraries that it names
    from iqdebug.llm.worker.model import Answers

__all__ = ["serve"]

PROGRESS_INTERVAL = 0.1
"""Seconds between two reports of load progress, at least."""


def serve(end: socket.socket) -> None:
    """Never returns: the process exits when the other end of the socket closes."""
    worker = _Worker(end)
    threading.Thread(target=worker.read, name="requests", daemon=True).start()
    worker.work()


class _Worker:
    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._writing = threading.Lock()
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._model: Answers | None = None

    def send(self, answer: Answer) -> None:
        try:
            with self._writing:
                self._end.sendall(encode(answer))
        except OSError:
            os._exit(0)  # the parent is gone

    def read(self) -> None:
        """The reading thread. Ends the process, in the middle of a batch too."""
        try:
            while (request := receive_from(self._end)) is not None:
                if isinstance(request, Cancel):
                    self._cancelled.add(request.id)
                elif isinstance(request, Tokenize):
                    self.send(self._tokenize(request))
                else:
                    self._requests.put(request)
        except Exception:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def work(self) -> None:
        while True:
            request = self._requests.get()
            try:
                self._carry_out(request)
            except Exception as error:
                traceback.print_exc()
                self.send(
                    Failed(request.id, message("llm.worker.failed"), f"{type(error).__name__}: {error}")
                )
            finally:
                self._cancelled.discard(request.id)
                sys.stderr.flush()

    def _tokenize(self, request: Tokenize) -> Answer:
        if self._model is None:
            return _not_loaded(request.id)
        engine = self._model.engine
        tokens = [engine.tokenize(text, special) for text, special in request.parts]
        begin = engine.begin()
        if request.begin and begin is not None and tokens and tokens[0][:1] != [begin]:
            tokens[0].insert(0, begin)
        return Tokens(request.id, tokens)

    def _carry_out(self, request: Request) -> None:
        if isinstance(request, Load):
            self._load(request)
            return
        if self._model is None:
            self.send(_not_loaded(request.id))
            return

        def cancelled() -> bool:
            return request.id in self._cancelled

        model = self._model
        if isinstance(request, Read):
            self.send(model.read(request, cancelled))
        elif isinstance(request, Generate):
            self.send(model.generate(request, cancelled))
        elif isinstance(request, Complete):
            self.send(model.complete(request, cancelled))
        elif isinstance(request, Save):
            self.send(model.save(request))
        elif isinstance(request, Restore):
            self.send(model.restore(request))

    def _load(self, request: Load) -> None:
        if request.options.lib_path:
            os.environ["LLAMA_CPP_LIB_PATH"] = request.options.lib_path
        self.send(Loading(request.id, message("llm.worker.starting"), None))
        try:  # llama.cpp reads LLAMA_CPP_LIB_PATH when it is imported
            from iqdebug.llm.worker.model import load
        except Exception as error:
            self.send(
                Failed(
                    request.id,
                    message("llm.worker.no_llama_cpp"),
                    f"{type(error).__name__}: {error}",
                    message("llm.worker.no_llama_cpp.fix"),
                )
            )
            return
        last = 0.0

        def progress(fraction: float) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= PROGRESS_INTERVAL or fraction >= 1:
                last = now
                self.send(Loading(request.id, message("llm.worker.reading"), fraction))

        outcome = load(request, progress, self.send)
        if isinstance(outcome, Failed):
            self.send(outcome)
        else:
            self._model, ready = outcome
            self.send(ready)


def _not_loaded(request: int) -> Failed:
    return Failed(request, message("llm.worker.nothing_loaded"))
