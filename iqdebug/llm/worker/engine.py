"""One model with one context: what it has evaluated, and how to evaluate more or less.

Sequence 0 is the log, sequence 1 what is completed beside it. Both share the context's cells.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
from collections.abc import Callable, Sequence

import numpy as np
from llama_cpp import llama_cpp as native

from iqdebug.llm.tool_formats.choice import MARKS as TOOL_MARKS
from iqdebug.llm.worker.loading import CannotLoad, load_model, make_context
from iqdebug.llm.worker_protocol import LoadOptions

__all__ = ["LOG", "MARKS", "SIDE", "Engine", "OutOfCells"]

LOG, SIDE = 0, 1
MARKS = ("<think>", "</think>", *TOOL_MARKS)
"""Texts that are read from answers, whether or not the model has tokens of their own for them."""


class OutOfCells(Exception):
    """The cache has no room for a batch."""


class Engine:
    """:param on_progress: called with 0 to 1 while the file is read.

    :raises CannotLoad: llama.cpp refused.
    """

    def __init__(self, options: LoadOptions, on_progress: Callable[[float], None]) -> None:
        self._model = load_model(options, on_progress)
        self.vocab = native.llama_model_get_vocab(self._model)
        self.layers = int(native.llama_model_n_layer(self._model))
        self.context = make_context(self._model, options)
        if not self.context:
            native.llama_model_free(self._model)
            raise CannotLoad("context", self.layers)
        self._memory = native.llama_get_memory(self.context)
        self.window = int(native.llama_n_ctx(self.context))
        self._batch_size = int(native.llama_n_batch(self.context))
        self._batch = native.llama_batch_init(self._batch_size, 0, 1)
        self.vocabulary = int(native.llama_vocab_n_tokens(self.vocab))
        swa = int(native.llama_model_n_swa(self._model))
        self.n_swa = 0 if options.swa_full else swa
        self.cuts = not (
            native.llama_model_is_recurrent(self._model) or native.llama_model_is_hybrid(self._model)
        )
        self._tags: re.Pattern[str] | None = None
        self.marks = {tokens[0] for mark in MARKS if len(tokens := self.tokenize(mark, True)) == 1}
        self._tags = self._tag_names()
        # Tokens that an answer must not hold: they would begin another turn.
        self.banned = [
            token
            for token in range(self.vocabulary)
            if self.is_control(token) and not self.ends(token) and token not in self.marks
        ]
        self.evaluated: list[int] = []  # the tokens of the log that the cache holds
        self._fresh = False  # the context's last logits are those after the last of them

    # The model.

    def meta(self, key: str) -> str:
        """A value of the file's metadata as text, "" where it is absent."""
        size = 256
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = native.llama_model_meta_val_str(self._model, key.encode(), buffer, size)
            if length < size:
                return buffer.value.decode("utf-8", "replace") if length >= 0 else ""
            size = length + 1

    @property
    def trained(self) -> int:
        return int(native.llama_model_n_ctx_train(self._model))

    @property
    def parameters(self) -> int:
        return int(native.llama_model_n_params(self._model))

    @property
    def template(self) -> str:
        template = native.llama_model_chat_template(self._model, None)
        return template.decode("utf-8", "replace") if template else ""

    def identity(self) -> str:
        """Equal for files whose saved states and token ids are interchangeable."""
        parts = [self.meta("general.architecture"), self.meta("general.name")]
        parts += [str(self.parameters), str(native.llama_model_size(self._model))]
        digest = hashlib.sha256("\0".join(parts).encode())
        for token in range(self.vocabulary):
            digest.update(native.llama_vocab_get_text(self.vocab, token) or b"")
            digest.update(b"\0")
        return digest.hexdigest()

    # Tokens.

    def tokenize(self, text: str, special: bool) -> list[int]:
        """Nothing is put before or after. Without ``special`` no token stands for a tag or a turn's end:
        llama.cpp leaves only control tokens out by itself, so other tags are taken apart first."""
        if special or self._tags is None:
            return self._tokenize(text, special)
        tokens: list[int] = []
        place = 0
        for tag in self._tags.finditer(text):
            tokens += self._tokenize(text[place : tag.start() + 1], False)
            place = tag.start() + 1
        return tokens + self._tokenize(text[place:], False)

    def _tokenize(self, text: str, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            tokens = (native.llama_token * room)()
            count = native.llama_tokenize(self.vocab, data, len(data), tokens, room, False, special)
            if count >= 0:
                return list(tokens[:count])
            room = -count

    def _tag_names(self) -> re.Pattern[str] | None:
        names = (
            self.named(token)
            for token in range(self.vocabulary)
            if native.llama_vocab_get_attr(self.vocab, token) & native.LLAMA_TOKEN_ATTR_USER_DEFINED
        )
        tags = [re.escape(name) for name in names if len(name) > 2 and name[0] + name[-1] in ("<>", "[]")]
        return re.compile("|".join(sorted(tags, key=len, reverse=True))) if tags else None

    def piece(self, token: int) -> bytes:
        """A token's bytes; those of control tokens are none, except for the marks of thoughts and calls."""
        special = token in self.marks
        buffer = ctypes.create_string_buffer(128)
        count = native.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, special)
        if count < 0:
            buffer = ctypes.create_string_buffer(-count)
            count = native.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, special)
        return buffer.raw[: max(0, count)]

    def named(self, token: int) -> str:
        """The name of a special token, "" for none."""
        if token < 0:
            return ""
        return (native.llama_vocab_get_text(self.vocab, token) or b"").decode("utf-8", "replace")

    @property
    def first(self) -> int:
        """The begin-of-text token, negative where there is none."""
        return int(native.llama_vocab_bos(self.vocab))

    @property
    def last(self) -> int:
        """The end-of-text token, negative where there is none."""
        return int(native.llama_vocab_eos(self.vocab))

    def begin(self) -> int | None:
        """The token that a text must begin with."""
        return self.first if self.first >= 0 and native.llama_vocab_get_add_bos(self.vocab) else None

    def middle(self, prefix: str, suffix: str) -> list[int]:
        """The prompt for what comes between. Without tokens for that, the suffix is left out."""
        begin = self.begin()
        start = [] if begin is None else [begin]
        marks = [
            int(mark(self.vocab))
            for mark in (native.llama_vocab_fim_pre, native.llama_vocab_fim_suf, native.llama_vocab_fim_mid)
        ]
        before = self.tokenize(prefix, False)
        if suffix and min(marks) >= 0:
            pre, suf, mid = marks
            return [*start, pre, *before, suf, *self.tokenize(suffix, False), mid]
        return [*start, *before] or [max(0, self.first)]

    def ends(self, token: int) -> bool:
        return bool(native.llama_vocab_is_eog(self.vocab, token))

    def is_control(self, token: int) -> bool:
        return bool(native.llama_vocab_is_control(self.vocab, token))

    # The cache.

    def keep_common(self, tokens: Sequence[int]) -> int:
        """Cut the cache to the prefix that it shares with these tokens; returns its length.

        A cache that cannot be cut correctly is cleared: a recurrent memory cannot drop its end, and
        sliding-window layers lack the positions before the window, which llama.cpp does not check.
        """
        common = _common(self.evaluated, tokens)
        if common == len(self.evaluated):
            return common
        oldest = int(native.llama_memory_seq_pos_min(self._memory, LOG))
        lost = self.n_swa > 0 and oldest > max(0, common - self.n_swa)
        if lost or not native.llama_memory_seq_rm(self._memory, LOG, common, -1):
            self.clear()
            return 0
        del self.evaluated[common:]
        self._fresh = False
        return common

    def redo_last(self) -> None:
        """Make sure that the next token can be chosen: if the logits after the log are gone, its last
        token must be evaluated again, and is taken off here."""
        if self.evaluated and not self._fresh:
            self.keep_common(self.evaluated[:-1])

    def clear(self) -> None:
        """Empty the cache of the log."""
        native.llama_memory_seq_rm(self._memory, LOG, -1, -1)
        self.evaluated = []
        self._fresh = False

    def extend(self, tokens: Sequence[int]) -> None:
        """Evaluate up to a batch of tokens behind the log.

        :raises OutOfCells: the window is full; the cache is as before.
        """
        self._decode(tokens, len(self.evaluated), LOG)
        self.evaluated.extend(tokens)
        self._fresh = True

    def extend_side(self, tokens: Sequence[int], position: int) -> None:
        """The same for the sequence beside the log."""
        self._fresh = False
        self._decode(tokens, position, SIDE)

    def clear_side(self) -> None:
        native.llama_memory_seq_rm(self._memory, SIDE, -1, -1)

    @property
    def batch_size(self) -> int:
        return self._batch_size

    def _decode(self, tokens: Sequence[int], position: int, sequence: int) -> None:
        batch, count = self._batch, len(tokens)
        batch.n_tokens = count
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = index == count - 1
        outcome = native.llama_decode(self.context, batch)
        if outcome == 0:
            return
        native.llama_memory_seq_rm(self._memory, sequence, position, -1)
        self._fresh = False
        if outcome == 1:
            raise OutOfCells
        self.clear()
        raise RuntimeError(f"llama.cpp could not evaluate a batch (code {outcome})")

    # State on disk.

    def save(self, path: str) -> bool:
        """Whether it could be written."""
        count = len(self.evaluated)
        tokens = (native.llama_token * max(1, count))(*self.evaluated)
        return bool(native.llama_state_seq_save_file(self.context, os.fsencode(path), LOG, tokens, count))

    def restore(self, path: str, wanted: Sequence[int]) -> bool:
        """False when the file's state is of other tokens or not readable; the log is then empty."""
        self.clear()
        tokens = (native.llama_token * max(1, len(wanted)))()
        count = ctypes.c_size_t(0)
        read = native.llama_state_seq_load_file(
            self.context, os.fsencode(path), LOG, tokens, len(wanted), ctypes.byref(count)
        )
        restored = list(tokens[: count.value])
        if not read or restored != list(wanted[: count.value]):
            self.clear()
            return False
        self.evaluated = restored
        return True

    def close(self) -> None:
        native.llama_batch_free(self._batch)
        native.llama_free(self.context)
        native.llama_model_free(self._model)


def _common(held: list[int], wanted: Sequence[int]) -> int:
    """Length of the common prefix. The usual case, all of it, is one comparison."""
    length = min(len(held), len(wanted))
    if held[:length] == list(wanted[:length]):
        return length
    differs = np.not_equal(held[:length], wanted[:length])
    return int(np.argmax(differs))
