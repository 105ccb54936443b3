"""Requests to a loaded model: reading the log, answering, completing, saving."""

from __future__ import annotations

import codecs
import os
import time
from collections.abc import Callable, Sequence

from iqdebug.core.messages import message
from iqdebug.llm.chat_format.thinking import ThinkingSplitter
from iqdebug.llm.worker.engine import Engine, OutOfCells
from iqdebug.llm.worker.loading import CACHE_TYPES, CannotLoad
from iqdebug.llm.worker.native import NativeLog, why_it_failed
from iqdebug.llm.worker.sampling import Chooser, GrammarError, Letters
from iqdebug.llm.worker_protocol import (
    Answer,
    Complete,
    Failed,
    Finished,
    Generate,
    Load,
    Piece,
    Read,
    Reading,
    Ready,
    Restore,
    Save,
)

__all__ = ["Answers", "load"]

_log: NativeLog | None = None


def load(
    request: Load, on_progress: Callable[[float], None], send: Callable[[Answer], None]
) -> tuple[Answers, Ready] | Failed:
    """The model that the request names, or why it cannot be loaded."""
    global _log
    _log = _log or NativeLog()
    _log.forget()
    options = request.options
    what = message("llm.worker.cannot_load", file=os.path.basename(options.model))
    for kind in (options.type_k, options.type_v):
        if kind not in CACHE_TYPES:
            return Failed(
                request.id,
                what,
                message("llm.worker.no_kv_type", type=kind),
                message("llm.worker.no_kv_type.fix", known=sorted(CACHE_TYPES)),
            )
    try:
        with open(options.model, "rb"):
            pass
    except OSError as error:
        why = (error.strerror or str(error)).rstrip(".")
        return Failed(
            request.id,
            what,
            message("llm.worker.unreadable", path=options.model, why=why),
            message("llm.worker.unreadable.fix"),
        )
    try:
        engine = Engine(options, on_progress)
    except CannotLoad as error:
        return why_it_failed(request.id, what, _log.lines(), error.layers)
    identity = engine.identity()
    return Answers(engine, send), Ready(
        id=request.id,
        window=engine.window,
        trained=engine.trained,
        layers=engine.layers,
        parameters=engine.parameters,
        name=engine.meta("general.name"),
        architecture=engine.meta("general.architecture"),
        identity=identity,
        state_identity=engine.state_identity(identity),
        template=engine.template,
        vocabulary=engine.vocabulary,
        bos=engine.named(engine.first),
        eos=engine.named(engine.last),
        ends={token: engine.named(token) for token in range(engine.vocabulary) if engine.ends(token)},
        chatml=all(len(engine.tokenize(name, True)) == 1 for name in ("<|im_start|>", "<|im_end|>")),
        n_swa=engine.n_swa,
        cuts=engine.cuts,
    )


class Answers:
    """Carries requests out. Each method returns the last answer; ``send`` gets those before it.

    Cancellation is checked between batches and between tokens.
    """

    def __init__(self, engine: Engine, send: Callable[[Answer], None]) -> None:
        self.engine = engine
        self._send = send
        self._letters = Letters([engine.piece(token) for token in range(engine.vocabulary)])
        # The last answer's last token, which is only computed with what follows it: position and token.
        self._unread: tuple[int, int] | None = None

    def read(self, request: Read, cancelled: Callable[[], bool]) -> Answer:
        account = _Account()
        if len(request.tokens) > self.engine.window:
            return _too_long(request.id, len(request.tokens), self.engine.window)
        why = self._evaluate(request.id, request.tokens, account, cancelled)
        return account.finished(request.id, why, len(self.engine.evaluated))

    def generate(self, request: Generate, cancelled: Callable[[], bool]) -> Answer:
        engine, account = self.engine, _Account()
        if len(request.tokens) >= engine.window:
            return _too_long(request.id, len(request.tokens) + 1, engine.window)
        thoughts = request.thoughts
        splitter = ThinkingSplitter(thoughts.opening, thoughts.closing, thoughts.inside)
        try:
            chooser = self._chooser(request)
        except GrammarError as error:
            return Failed(request.id, message("llm.worker.no_grammar"), error.why)
        try:
            why = self._evaluate(request.id, request.tokens, account, cancelled, True)
            if why == "done":
                why = self._answer(request, chooser, splitter, account, cancelled)
        except GrammarError as error:
            return Failed(request.id, message("llm.worker.no_way_on"), error.why)
        finally:
            chooser.close()
        return account.finished(request.id, why, len(engine.evaluated))

    def complete(self, request: Complete, cancelled: Callable[[], bool]) -> Answer:
        """Beside the log, whose cache stays as it is but for the last logits."""
        engine, account = self.engine, _Account()
        prompt = engine.middle(request.prefix, request.suffix)
        room = engine.window - len(engine.evaluated) - len(prompt)
        if room <= 0:
            return _too_long(request.id, len(prompt), engine.window - len(engine.evaluated))
        chooser = Chooser(engine.vocab, request.sampler, engine.banned, self._letters)
        text = codecs.getincrementaldecoder("utf-8")("replace")
        written, why = "", "length"
        try:
            for start in range(0, len(prompt), engine.batch_size):
                if cancelled():
                    return account.finished(request.id, "cancelled", len(engine.evaluated))
                part = prompt[start : start + engine.batch_size]
                engine.extend_side(part, start)
                account.evaluated += len(part)
                account.decoded += len(part)
            for _ in range(min(request.sampler.max_tokens, room)):
                if cancelled():
                    why = "cancelled"
                    break
                token = chooser.choose(engine.context, True)
                account.add_token(token)
                if engine.ends(token):
                    why = "stop"
                    break
                written += text.decode(self._letters.pieces[token])
                engine.extend_side([token], len(prompt) + len(account.tokens) - 1)
                account.decoded += 1
        except OutOfCells:
            why = "window"
        finally:
            chooser.close()
            engine.clear_side()
        return account.finished(request.id, why, len(engine.evaluated), written + text.decode(b"", True))

    def save(self, request: Save) -> Answer:
        if request.max_bytes is not None and self.engine.state_bytes() > request.max_bytes:
            return Finished(request.id, "refused", valid=len(self.engine.evaluated))
        if not self.engine.save(request.path):
            return Failed(
                request.id,
                message("llm.worker.not_saved"),
                message("llm.worker.not_saved.why", path=request.path),
            )
        return Finished(request.id, "done", valid=len(self.engine.evaluated))

    def restore(self, request: Restore) -> Answer:
        good = self.engine.restore(request.path, request.tokens)
        return Finished(request.id, "done" if good else "refused", valid=len(self.engine.evaluated))

    def _chooser(self, request: Generate) -> Chooser:
        engine = self.engine
        return Chooser(
            engine.vocab,
            request.sampler,
            engine.banned,
            self._letters,
            request.grammar,
            lambda text: engine.tokenize(text, True),
            request.calls,
        )

    def _evaluate(
        self,
        request: int,
        tokens: Sequence[int],
        account: _Account,
        cancelled: Callable[[], bool],
        for_choice: bool = False,
    ) -> str:
        """Bring the cache to these tokens: "done", "cancelled" or "window"."""
        engine = self.engine
        engine.keep_common(tokens)
        if for_choice and len(engine.evaluated) == len(tokens):
            engine.redo_last()
        start = account.reused = len(engine.evaluated)
        total = len(tokens) - start
        while len(engine.evaluated) < len(tokens):
            if cancelled():
                return "cancelled"
            place = len(engine.evaluated)
            part = tokens[place : place + engine.batch_size]
            try:
                engine.extend(part)
            except OutOfCells:
                return "window"
            account.decoded += len(part)
            account.evaluated += len(part) - (self._unread == (place, part[0]))
            self._send(Reading(request, len(engine.evaluated) - start, total))
        return "done"

    def _answer(
        self,
        request: Generate,
        chooser: Chooser,
        splitter: ThinkingSplitter,
        account: _Account,
        cancelled: Callable[[], bool],
    ) -> str:
        engine = self.engine
        text = codecs.getincrementaldecoder("utf-8")("replace")
        room = engine.window - len(request.tokens)
        why = ""
        while not why:
            if cancelled():
                why = "cancelled"
                break
            token = chooser.choose(engine.context, splitter.thinking)
            account.add_token(token)
            if engine.ends(token):
                account.ended, why = True, "stop"
                break
            if new := text.decode(self._letters.pieces[token]):
                splitter.feed(new)
                self._send(Piece(request.id, new))
            if len(account.tokens) >= request.sampler.max_tokens:
                why = "length"
            elif len(account.tokens) >= room:
                why = "window"
            else:
                try:
                    engine.extend([token])
                except OutOfCells:
                    why = "window"
                else:
                    account.decoded += 1
        if account.tokens and len(engine.evaluated) < len(request.tokens) + len(account.tokens):
            self._unread = len(engine.evaluated), account.tokens[-1]
        if rest := text.decode(b"", True):
            self._send(Piece(request.id, rest))
        return why


class _Account:
    """Tokens and seconds of one request."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.first = 0.0
        self.evaluated = self.reused = self.decoded = 0
        self.tokens: list[int] = []
        self.ended = False

    def add_token(self, token: int) -> None:
        if not self.tokens:
            self.first = time.monotonic() - self.started
        self.tokens.append(token)

    def finished(self, request: int, why: str, valid: int, text: str = "") -> Finished:
        return Finished(
            id=request,
            why=why,
            tokens=self.tokens,
            text=text,
            ended=self.ended,
            evaluated=self.evaluated,
            reused=self.reused,
            decoded=self.decoded,
            valid=valid,
            first=self.first,
            seconds=time.monotonic() - self.started,
        )


def _too_long(request: int, tokens: int, window: int) -> Failed:
    return Failed(
        request,
        message("llm.window.full"),
        message("llm.worker.too_long", count=tokens, window=window),
        message("llm.worker.too_long.fix"),
        "window",
    )
