"""Masks secrets before anything of a crash is written.

Guarantee: runs no code of the program. A value is recognised by its builtin type and read through that
type's own methods.
"""

from __future__ import annotations

import re
import types
from collections import deque
from itertools import islice
from urllib.parse import unquote

from .secret_forms import address_parses, find, parts
from .secret_index import Index
from .secret_names import ADDRESS, NONE, PIN, STRONG, judge
from .secret_strength import MIN_SECRET_LENGTH, ORDINARY, is_strong
from .secret_walk import named_elements
from .secret_words import is_pin, looks_random, looks_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

MASK = "<masked>"

_MAX_SECRETS = 5_000
_MAX_SECRETS_SIZE = 4_000_000  # characters of all secrets together
PIECE_SIZE = 4_096  # characters: a longer secret is registered in pieces
MAX_PIECES = 16
MAX_DEPTH = 6  # containers within containers
MAX_LEAVES = 2_000  # texts and numbers of one value
MAX_INT_BITS = 4_096
_CONTAINERS = (dict, list, tuple, set, frozenset, deque)
_NEVER_SECRET_TYPES = (
    types.ModuleType,
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.CodeType,
    types.FrameType,
    types.TracebackType,
    property,
    staticmethod,
    classmethod,
)
"""Types of values that are no secrets, even if they are called ``password``."""


_COMMON_NAMES = re.compile(r"(?:^|[\W_])(?:key|token)$", re.IGNORECASE)
"""Names that mostly mean something else: a mapping's key, a parser's token."""


class Masker:
    """Knows the secrets of one crash, or of one conversation, and masks them in texts.

    A strong secret (:func:`~.secret_strength.is_strong`) is masked wherever it appears, in each of its
    written forms and in what can be made of it without a key: parts of 8 characters or more, upper and lower
    case, reversed, base64, hex. A weak one of at least :data:`~.secret_strength.MIN_SECRET_LENGTH` characters
    is masked where it is a whole value (:meth:`scrub_value`). A shorter one, blanks, asterisks, a keyword or
    the name of a builtin is not registered: the caller of :meth:`is_secret` masks that value, and
    :meth:`scrub` what is a secret by its form. Of a secret longer than 64 KiB only the beginning is
    registered; at most 5,000 secrets are.
    """

    def __init__(self, enabled: bool = True) -> None:
        self.enabled = enabled
        self.count = 0
        """Number of distinct secrets registered."""
        self._secrets: Dict[str, None] = {}  # in the order of registration
        self._weak: Dict[str, None] = {}
        self._weak_values: Optional[re.Pattern[str]] = None
        self._size_left = _MAX_SECRETS_SIZE
        self._index: Optional[Index] = None
        self._known: Set[str] = set()

    def is_secret(self, name: str, value: Any) -> bool:
        """Whether a value must not be written, judged by its name. Of a service's address only the password
        is secret: it is registered here, and the rest may be shown."""
        if not self.enabled or type(name) is not str:
            return False
        try:
            return self._is_secret(name, value)
        except Exception:
            return True

    def _is_secret(self, name: str, value: Any) -> bool:
        strength = judge(name)
        cls = type(value)
        if strength == NONE or value is None or cls is bool or issubclass(cls, _NEVER_SECRET_TYPES):
            return False
        text = _text_of(value)
        if strength == PIN:
            shown = text or _leaf(value) or ""
            return is_pin(shown) if text or issubclass(cls, int) else False
        if strength == ADDRESS:
            if not text:
                return False
            self.learn_from_text(text)
            return not address_parses(text)
        if text is not None:
            if name.lower().endswith("pwd") and re.match(r"/|[A-Za-z]:\\|~", text):
                return False  # $PWD, a folder
            if strength == STRONG:
                return bool(text)
            return looks_random(text) if _COMMON_NAMES.search(name) else looks_secret(text)
        if strength == STRONG:
            base = next((each for each in _CONTAINERS if issubclass(cls, each)), None)
            if base is None and name.lower().endswith("pw"):
                return issubclass(cls, (int, float))  # pw = sync_playwright()
            return base is None or base.__len__(value) > 0
        # requests' auth=(user, password)
        return cls is tuple and name.lower().endswith("auth") and _pair_of_texts(value)

    def learn(self, value: Any) -> None:
        """Register a secret: every text and number in it, through builtin containers (6 levels, 2,000
        values). The keys of a dict are names, not secrets, unless they look random."""
        if not self.enabled:
            return
        level: List[Any] = [value]
        seen: Dict[int, Any] = {}
        left = MAX_LEAVES
        for _ in range(MAX_DEPTH + 1):
            below: List[Any] = []
            for each in level:
                if left <= 0:
                    return
                try:
                    if issubclass(type(each), _CONTAINERS):
                        if id(each) not in seen:
                            seen[id(each)] = each
                            below += islice(_elements(each), MAX_LEAVES)
                        continue
                    left -= 1
                    leaf = _leaf(each)
                    if leaf:
                        self._register(leaf)
                except Exception:
                    continue
            level = below

    def learn_named(self, value: Any) -> None:
        """Register everything with a secret's name within a value of builtin containers: in dicts, in pairs
        such as headers, in rows such as ``{"name": "DB_PASSWORD", "value": …}``, after ``--password``; and
        what is a secret by its form in the texts. Bounded like :meth:`learn`."""
        if not self.enabled:
            return
        level: List[Any] = [value]
        seen: Dict[int, Any] = {}
        left = MAX_LEAVES
        for _ in range(MAX_DEPTH + 1):
            below: List[Any] = []
            for each in level:
                left -= 1
                if left <= 0:
                    return
                text = _text_of(each)
                if text is not None:
                    self.learn_from_text(text)
                elif issubclass(type(each), _CONTAINERS) and id(each) not in seen:
                    seen[id(each)] = each
                    for name, held in named_elements(each):
                        if name and self.is_secret(name, held):
                            self.learn(held)
                        else:
                            below.append(held)
            level = below

    def learn_environment(self, variables: Iterable[Tuple[str, str]]) -> None:
        """Register the secrets in environment variables."""
        for name, value in variables:
            if self.is_secret(name, value):
                self.learn(value)
            else:
                self.learn_from_text(value)

    def learn_from_text(self, text: str) -> None:
        """Register what is a secret by its form: passwords in addresses, after ``password=`` and in headers,
        private keys, keys of services known by their shape."""
        if not self.enabled or type(text) is not str:
            return
        try:
            for start, end, everywhere in find(text):
                if everywhere:
                    self._register(text[start:end])
                    if "\\" in text[start:end]:
                        self._register(_unescaped(text[start:end]))
                    if "%" in text[start:end]:
                        self._register(unquote(text[start:end]))
        except Exception:
            return

    def learn_from_words(self, words: List[str]) -> None:
        """Register the secrets on a command line: ``--password=x`` by its form, and the word after
        ``--password``."""
        if not self.enabled:
            return
        for number, word in enumerate(words):
            self.learn_from_text(word)
            name = word.lstrip("-")
            follows = words[number + 1] if number + 1 < len(words) else ""
            option = word.startswith("--") and "=" not in word
            if word in ("-p", "-a") and number and words[number - 1].endswith(("sshpass", "redis-cli")):
                self.learn(follows)
            if option and follows and not follows.startswith("-") and self.is_secret(name, follows):
                self.learn(follows)

    def scrub(self, text: str) -> str:
        """The text with :data:`MASK` in place of every registered secret, of the rest of one where the text
        was cut, and of what is a secret by its form. If the search fails, the whole text is masked."""
        if not self.enabled or type(text) is not str:
            return text
        try:
            if self._index is None:
                self._index = Index(self._secrets)
            spans = self._index.spans(text)
            spans += [(start, end) for start, end, _ in find(text)]
            return _masked(text, spans) if spans else text
        except Exception:
            return MASK

    def scrub_value(self, text: str) -> str:
        """:meth:`scrub` for a text that is a value or its ``repr``: also masks a weak secret or a part of a
        strong one that is the whole value or a whole element of it."""
        if not self.enabled or type(text) is not str:
            return text
        try:
            if self._index is None:
                self._index = Index(self._secrets)
            opened = _OPENING_QUOTE.match(text)
            start = opened.end() if opened is not None else 0
            end = len(text) - (1 if start and text[-1:] == text[start - 1] else 0)
            inner = text[start:end]
            if inner in self._weak or self._index.is_part(inner):
                return text[:start] + MASK + text[end:]
            if self._weak and text[:1] in _CONTAINER_STARTS:
                text = self._weak_pattern().sub(lambda match: match.group(1) + MASK, text)
            return self.scrub(text)
        except Exception:
            return MASK

    def _weak_pattern(self) -> re.Pattern[str]:
        """Matches a weak secret that is a whole element, in quotes or not, but not a key of a dict."""
        if self._weak_values is None:
            words = "|".join(re.escape(word) for word in sorted(self._weak, key=len, reverse=True)[:500])
            self._weak_values = re.compile(
                r"((?<=[\[({ ,=])[bru]{0,2}[\"']|(?<=[\[({ ,=])(?=[0-9]))(?:%s)(?=[\"']?[,)\]}>])" % words
            )
        return self._weak_values

    def _register(self, secret: str) -> None:
        if secret in self._known or not _worth_masking(secret):
            return
        pieces = [
            secret[at : at + PIECE_SIZE]
            for at in range(0, min(len(secret), PIECE_SIZE * MAX_PIECES), PIECE_SIZE)
        ]
        if len(pieces) > 1:
            pieces[-1] = secret[: PIECE_SIZE * MAX_PIECES][-PIECE_SIZE:]
        for piece in [*pieces, *parts(secret)]:
            if len(self._secrets) + len(self._weak) >= _MAX_SECRETS or self._size_left < len(piece):
                return
            if piece in self._secrets or piece in self._weak or not _worth_masking(piece):
                continue
            self._size_left -= len(piece)
            if is_strong(piece):
                self._secrets[piece] = None
                self._index = None
            else:
                self._weak[piece] = None
                self._weak_values = None
        self._known.add(secret)
        self.count = len(self._known)


_OPENING_QUOTE = re.compile(r"[bru]{0,2}[\"']")
_CONTAINER_STARTS = frozenset("[({<dODCn")
"""First characters of a container's ``repr``: also of deques, OrderedDicts, Counters and namespaces."""


def _worth_masking(secret: str) -> bool:
    """Whether the text may be masked in other places than under its own name."""
    if len(secret) < MIN_SECRET_LENGTH or secret.isspace() or secret in ORDINARY:
        return False
    return secret not in MASK and not all(character in "*•" for character in secret)


def _text_of(value: Any) -> Optional[str]:
    """The beginning of a text or bytes as an exact ``str``; None for anything else."""
    cls = type(value)
    most = slice(0, PIECE_SIZE * MAX_PIECES)
    if issubclass(cls, str):
        return str.__str__(str.__getitem__(value, most))
    if issubclass(cls, bytes):
        return bytes.__getitem__(value, most).decode("utf-8", "surrogateescape")
    if issubclass(cls, bytearray):
        return bytes(bytearray.__getitem__(value, most)).decode("utf-8", "surrogateescape")
    return None


def _leaf(value: Any) -> Optional[str]:
    cls = type(value)
    if cls is bool:
        return None
    if issubclass(cls, int):
        return int.__repr__(value).lstrip("-") if int.bit_length(value) <= MAX_INT_BITS else None
    if issubclass(cls, float):
        return float.__repr__(value).lstrip("-")
    return _text_of(value)


def _elements(value: Any) -> List[Any]:
    cls = type(value)
    if issubclass(cls, dict):
        elements = []
        for key, held in list(dict.items(value)):
            elements.append(held)
            if issubclass(type(key), (str, bytes)) and _is_random_key(_text_of(key) or ""):
                elements.append(key)
        return elements
    base: Any = next(each for each in _CONTAINERS if issubclass(cls, each))
    return list(islice(base.__iter__(value), MAX_LEAVES))


def _is_random_key(key: str) -> bool:
    return len(key) >= 12 and looks_secret(key) and sum(character.isdigit() for character in key) >= 2


def _pair_of_texts(value: Tuple[Any, ...]) -> bool:
    return len(value) == 2 and all(issubclass(type(each), (str, bytes)) for each in value)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r", "t": "\t"}.get(m.group(1), m.group(1)), text)


def _masked(text: str, spans: List[Tuple[int, int]]) -> str:
    spans.sort()
    kept: List[str] = []
    at, end = 0, -1
    for start, stop in spans:
        if start > end:
            kept += [text[at:start], MASK]
        if stop > end:
            at = end = stop
    kept.append(text[at:])
    return "".join(kept)
