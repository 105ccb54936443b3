"""Choosing the next token: sampler chains, and grammars that hold from a trigger on."""

from __future__ import annotations

import codecs
import ctypes
import random
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from llama_cpp import llama_cpp as native

from iqdebug.core.messages import Message, message
from iqdebug.llm.tool_formats.grammar import CallGrammar
from iqdebug.llm.worker_protocol import Sampler

__all__ = ["Chooser", "GrammarError", "Letters"]

PENALTY_WINDOW = 64
"""Tokens that the repeat penalty looks back on."""

_TAIL_BYTES = 600
"""Of an answer, in which the beginning of a call is looked for: longer than any beginning is."""
_NO_GRAMMAR = CallGrammar()
_OPENS = re.compile(rb"\s*[{\[<`]")
"""Tokens that begin JSON, a tag or a fence."""

_Logits: TypeAlias = npt.NDArray[np.float32]
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)


class GrammarError(ValueError):
    """llama.cpp rejects the grammar, or the grammar allows no next token; ``why`` says which."""

    def __init__(self, why: Message) -> None:
        super().__init__(why)
        self.why = why


class Chooser:
    """The choice of one answer's tokens.

    Control tokens other than those that end an answer are never chosen, so that an answer cannot open
    another turn. With a grammar, the unconstrained choice is tried first and only a token that breaks
    the grammar is chosen anew among those that keep it.

    :param grammar: its rule ``root`` holds from the first token on, or, where there are triggers, the rule
        of the first trigger that matches from the beginning of that match on.
    :param tokenize: the tokens of a text, in which the names of special tokens mean those.
    :param calls: False: a token with which a trigger matches is not chosen, nor at the beginning one that
        opens what calls are written in.
    """

    def __init__(
        self,
        vocab: object,
        sampler: Sampler,
        banned: list[int],
        letters: Letters,
        grammar: CallGrammar = _NO_GRAMMAR,
        tokenize: Callable[[str], list[int]] = lambda text: [],
        calls: bool = True,
    ) -> None:
        self._vocab = vocab
        self._size = native.llama_vocab_n_tokens(vocab)
        self._letters = letters
        self._partial = b""  # bytes of a letter that is not whole yet
        self._text = grammar.text
        self._triggers = [(re.compile(trigger.pattern), trigger.rule) for trigger in grammar.triggers]
        self._tokenize = tokenize
        self._calls = calls
        self._tail = b""  # the answer's last bytes, where a call may have begun
        self._candidates = np.zeros(self._size, dtype=_CANDIDATE)
        self._grammar: object = None
        # A grammar that llama.cpp does not take should fail now rather than in the middle of an answer.
        made = _grammar(vocab, self._text, "root") if self._text else None
        if self._triggers and made is not None:
            native.llama_sampler_free(made)
        else:
            self._grammar = made
        self._chain = _chain(self._size, sampler, banned)

    def choose(self, context: object, thinking: bool) -> int:
        """The next token after the context's last logits. Within a thought, nothing is constrained and
        the trigger means nothing.

        :raises GrammarError: nothing goes on from here.
        """
        if not self._text or thinking:
            self._tail = b""
            return int(native.llama_sampler_sample(self._chain, context, -1))  # which accepts it too
        if self._grammar is None:
            return self._watch(context)
        logits = self._logits(context)
        token = self._pick(logits)
        whole = self._letters.allowed(self._partial)
        if not (whole[token] and self._allows(token)):
            token = self._pick(np.where(whole, logits, -np.inf), by_grammar=True)
        native.llama_sampler_accept(self._chain, token)
        native.llama_sampler_accept(self._grammar, token)
        self._partial = self._letters.rest(self._partial + self._letters.pieces[token])
        return token

    def _watch(self, context: object) -> int:
        """Choose freely, and begin to constrain where a call is certain. A token that makes it certain and
        goes on in a way that the grammar does not let through is not taken."""
        refused: list[int] = []
        if not self._calls and not self._tail.strip():
            refused += [t for t, piece in enumerate(self._letters.pieces) if _OPENS.match(piece)]
        while True:
            token = self._pick(self._logits(context), refused=refused)
            tail = self._tail + self._letters.pieces[token]
            text = tail.decode("utf-8", "replace")
            certain = self._certain_call(text)
            if certain is None:
                # What is cut off is stood for by a letter: a line does not begin there.
                self._tail = tail if len(tail) <= _TAIL_BYTES else b"." + tail[1 - _TAIL_BYTES :]
                break
            begin, rule = certain
            if self._calls and self._begin(rule, text[begin:]):
                break
            refused.append(token)
        native.llama_sampler_accept(self._chain, token)
        return token

    def _certain_call(self, text: str) -> tuple[int, str] | None:
        """Where the first call begins that is certain, and its rule."""
        matches = [(match, rule) for pattern, rule in self._triggers if (match := pattern.search(text))]
        places = [(m.start(1) if m.re.groups else m.start(), rule) for m, rule in matches]
        return min(places, key=lambda place: place[0], default=None)

    def _begin(self, rule: str, text: str) -> bool:
        """Hold the answer to a rule, of which this text was written already; False where the rule does not
        let it through."""
        self._grammar = _grammar(self._vocab, self._text, rule)
        for token in self._tokenize(text):
            if not self._allows(token):
                native.llama_sampler_free(self._grammar)
                self._grammar = None
                return False
            native.llama_sampler_accept(self._grammar, token)
        return True

    def close(self) -> None:
        native.llama_sampler_free(self._chain)
        if self._grammar is not None:
            native.llama_sampler_free(self._grammar)
            self._grammar = None

    def _logits(self, context: object) -> _Logits:
        return np.ctypeslib.as_array(native.llama_get_logits_ith(context, -1), shape=(self._size,))

    def _pick(self, logits: _Logits, by_grammar: bool = False, refused: Sequence[int] = ()) -> int:
        array = self._array(logits)
        self._candidates["logit"][list(refused)] = -np.inf
        if by_grammar:
            native.llama_sampler_apply(self._grammar, ctypes.byref(array))
            if not np.isfinite(self._candidates["logit"]).any():
                raise GrammarError(message("llm.worker.no_token"))
        native.llama_sampler_apply(self._chain, ctypes.byref(array))
        if array.selected < 0:
            raise GrammarError(message("llm.worker.none_selected"))
        return int(array.data[array.selected].id)

    def _array(self, logits: _Logits) -> Any:
        self._candidates["id"] = np.arange(self._size, dtype=np.int32)
        self._candidates["logit"] = logits
        self._candidates["p"] = 0.0
        return native.llama_token_data_array(
            data=self._candidates.ctypes.data_as(native.llama_token_data_p),
            size=self._size,
            selected=-1,
            sorted=False,
        )

    def _allows(self, token: int) -> bool:
        one = native.llama_token_data(id=token, logit=1.0, p=0.0)
        array = native.llama_token_data_array(data=ctypes.pointer(one), size=1, selected=-1, sorted=False)
        native.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return bool(one.logit == 1.0)


class Letters:
    """Which tokens keep a text valid UTF-8. llama.cpp's grammars count bytes that are no letter as one,
    so that a string of them could grow longer than its schema allows.

    :param pieces: the bytes of each token.
    """

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self._at_start = np.fromiter((_valid(piece) for piece in pieces), dtype=bool, count=len(pieces))
        self._going_on = [token for token, piece in enumerate(pieces) if piece and 0x80 <= piece[0] < 0xC0]

    def allowed(self, partial: bytes) -> npt.NDArray[np.bool_]:
        """For each token, whether it can follow these bytes of a letter."""
        if not partial:
            return self._at_start
        allowed = np.zeros(len(self.pieces), dtype=bool)
        for token in self._going_on:
            allowed[token] = _valid(partial + self.pieces[token])
        return allowed

    def rest(self, data: bytes) -> bytes:
        """The bytes at the end that are not a complete character yet."""
        return data[codecs.utf_8_decode(data, "replace", False)[1] :]


def _valid(data: bytes) -> bool:
    """Whether a valid text can begin with these bytes."""
    try:
        rest = data[codecs.utf_8_decode(data, "strict", False)[1] :]
    except UnicodeDecodeError:
        return False
    if not rest:
        return True
    # Python takes some beginnings, such as those of surrogates, that no byte can complete.
    missing = (2 if rest[0] < 0xE0 else 3 if rest[0] < 0xF0 else 4) - len(rest)
    return any(_decodes(rest + last * missing) for last in (b"\x80", b"\xbf"))


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _grammar(vocab: object, grammar: str, root: str) -> object:
    made = native.llama_sampler_init_grammar(vocab, grammar.encode(), root.encode())
    if not made:
        raise GrammarError(message("llm.worker.grammar_refused"))
    return made


def _chain(size: int, sampler: Sampler, banned: list[int]) -> object:
    parameters = native.llama_sampler_chain_default_params()
    parameters.no_perf = True
    chain = native.llama_sampler_chain_init(parameters)

    def add(link: object) -> None:
        native.llama_sampler_chain_add(chain, link)

    if banned:
        biases = (native.llama_logit_bias * len(banned))(
            *(native.llama_logit_bias(token=token, bias=float("-inf")) for token in banned)
        )
        add(native.llama_sampler_init_logit_bias(size, len(banned), biases))
    if sampler.repeat_penalty != 1.0:
        penalties = (PENALTY_WINDOW, sampler.repeat_penalty, 0.0, 0.0)
        add(native.llama_sampler_init_penalties(size, *penalties))
    if sampler.temperature <= 0:
        add(native.llama_sampler_init_greedy())
        return chain
    if sampler.top_k > 0:
        add(native.llama_sampler_init_top_k(sampler.top_k))
    if sampler.top_p < 1:
        add(native.llama_sampler_init_top_p(sampler.top_p, 1))
    if sampler.min_p > 0:
        add(native.llama_sampler_init_min_p(sampler.min_p, 1))
    add(native.llama_sampler_init_temp(sampler.temperature))
    seed = random.randrange(2**32 - 1) if sampler.seed is None else sampler.seed % (2**32 - 1)
    add(native.llama_sampler_init_dist(seed))
    return chain
