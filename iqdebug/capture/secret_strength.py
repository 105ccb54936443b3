"""How strong a secret is, which decides where it is masked; and which texts only look like secrets.

A text may be masked inside other texts only if nothing else is written like it. ``root``, ``test``,
``postgres`` and ``1234`` are passwords on many development machines, but also parts of paths, modules and
sentences: masking them there makes the file unreadable and hides nothing, because anybody would guess them.
So they are masked only as whole values.
"""

from __future__ import annotations

import builtins
import keyword
import re

MIN_SECRET_LENGTH = 4
"""Characters: a shorter secret is masked only under its own name."""

ORDINARY = frozenset(
    (
        *keyword.kwlist,
        *getattr(keyword, "softkwlist", ()),
        *vars(builtins),
        *("true", "false", "none", "null", "nil", "undefined", "nan", "inf", "yes", "no", "on", "off"),
        *("TRUE", "FALSE", "NONE", "NULL", "Null"),
    )
)
"""Words that are masked only under their own name."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON_WORDS = words(
    """access account accounts admin administrator airflow alpine amd apache api app application apps arm
    asyncio auth backend base beta broker build bucket cache celery change changeme client cloud cluster
    code common company config connect console container content core customer data database db debug
    default demo deploy dev develop developer development django docker docs document domain eclipse
    elastic email engine example fastapi file flask forum frontend gitlab grafana guest hello helper home
    host http https image index info internal java jenkins job jobs key kibana kube kubernetes letme lib
    library linux local localhost log login logs mail main manage manager mariadb master md media memory
    minio mobile model models module mongo mongodb mysql network node none null opensearch operator oracle
    order orders package pass passwd password password payment payments pgsql php pod port portal postgres
    postgresql prod production profile project public py pypy pytest python qwerty rabbit rabbitmq redis
    release remote report request root router runner sa sample sandbox scott script search secret secrets
    server service services session settings sha shop site source sql staging static store sudo super
    superuser support sys system task tasks temp template test tester testing tests tiger tmp token tomcat
    tool tools toor ubuntu unit update upload user username users utf utils var vagrant value vault
    version view web welcome welt windows wordpress worker workers world zabbix"""
)
"""Words that are both common passwords and common names."""

_PLAIN = re.compile(r"[A-Za-z0-9_.\-]+\Z")
_NUMBERS = re.compile(r"[0-9][0-9 .,:/\-]*\Z")
_CAMEL_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_UNPRONOUNCEABLE = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|[aeiou]{4}")
_DIGITS_AT_END = re.compile(r"[0-9_.\-]*\Z")
_MIN_STRONG_LENGTH = 6
_MIN_STRONG_DIGITS = 12  # of a number: shorter ones may be ports, times, sizes and ids
_MIN_STRONG_LETTERS = 12  # of several joined words
_MIN_STRONG_WORD_LENGTH = 18  # of a single word: few words are longer
_ALWAYS_STRONG_LENGTH = 64


def is_strong(secret: str) -> bool:
    """Whether texts stay readable if the secret is masked wherever it occurs in them.

    A strong secret has at least 6 characters and is none of these: a number of fewer than 12 digits; a
    pronounceable word of fewer than 18 letters; a common word, with or without digits after it; words and
    numbers of up to three digits joined by ``-``, ``_`` or ``.`` with fewer than 12 letters; a path. A text
    with letters and digits in one word, or with any other character, is strong.
    """
    size = len(secret)
    if size < _MIN_STRONG_LENGTH or secret in ORDINARY or secret.isspace():
        return False
    if size > _ALWAYS_STRONG_LENGTH:
        return True
    if _NUMBERS.match(secret):
        return sum(character.isdigit() for character in secret) >= _MIN_STRONG_DIGITS
    if is_path(secret):
        return False
    if not _PLAIN.match(secret):
        return len(set(secret)) > 2
    lower = secret.lower()
    if lower[: _digits_start(lower)] in COMMON_WORDS:
        return False
    segments = [each for each in re.split(r"[_.\-]+", secret) if each]
    if not all(each.isalpha() or (each.isdigit() and len(each) <= 3) for each in segments):
        return True
    camel_words = [word for each in segments if each.isalpha() for word in _CAMEL_WORDS.findall(each)]
    letters = sum(map(len, camel_words))
    if not all(is_pronounceable(word) for word in camel_words) or (
        len(camel_words) > 2 and letters < 3 * len(camel_words)
    ):
        return letters >= 8
    if len(segments) == 1 and len(camel_words) == 1:
        return size >= _MIN_STRONG_WORD_LENGTH
    return letters >= _MIN_STRONG_LETTERS and not all(word.lower() in COMMON_WORDS for word in camel_words)


def _digits_start(text: str) -> int:
    match = _DIGITS_AT_END.search(text)
    return match.start() if match is not None else len(text)


def is_pronounceable(letters: str) -> bool:
    """Whether the letters may be a word: they have a vowel, and neither five consonants nor four vowels in
    a row."""
    lower = letters.lower()
    if len(lower) < 4:
        return True
    return any(vowel in lower for vowel in "aeiouy") and _UNPRONOUNCEABLE.search(lower) is None


_PATH = re.compile(
    r"(?:~|\.{1,2})?/(?:[^/\s]{1,80}/)*[^/\s]*\.[a-z]{1,5}\Z"
    r"|/(?:etc|home|usr|var|tmp|opt|root|run|srv|mnt|app|data|proc|dev|Users)(?:/[^\s:@]*)?\Z"
    r"|[A-Za-z]:\\|~/"
)


def is_path(text: str) -> bool:
    """Whether it is the path of a file, or one below a folder that every system has."""
    return _PATH.match(text[:1024]) is not None


_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?\Z")
_SHA = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,]{4,20}(?:Z|[+\-][0-9:]{2,6})?)?\Z")
_PART = "(?:(?:[a-z]{1,16}|[A-Z]{1,16}|[A-Z][a-z]{1,15})[0-9]{0,3}|[0-9]{1,10})"
_ID = re.compile(_PART + r"(?:[\-_.:/#]" + _PART + r")+\Z")
_KEY_PREFIX = re.compile(r"(?:tok|token|key|sk|pk|rk|secret|pass|pwd|pat|api)(?![A-Za-z])", re.IGNORECASE)


def is_id(text: str) -> bool:
    """Whether it is an ordinary id, as of orders or records: a date, or words and numbers joined by ``-``,
    ``_``, ``:``, ``.`` or ``/`` (``SKU-99812-XL``). Not if it begins with ``tok``, ``key`` or the like."""
    if len(text) > 120 or _KEY_PREFIX.match(text):
        return False
    return _ID.match(text) is not None or _DATE.match(text) is not None


def is_digest(text: str) -> bool:
    """Whether it is a UUID or a full hash as git writes them."""
    return _UUID.match(text) is not None or (_SHA.match(text) is not None and not text.isalpha())
