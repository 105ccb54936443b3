"""How strong a secret is, which decides where it is masked, and what only looks like one.

The rule, and its reason: masking a text inside other texts is safe only where nothing else is written
that way. ``root``, ``test``, ``postgres`` and ``1234`` are passwords of many a development machine and
parts of its paths, modules and sentences too: whoever masks them there ruins the file and hides nothing,
since anybody would guess them. So they are masked where they stand as a value and nowhere else.
"""

from __future__ import annotations

import builtins
import keyword
import re

SHORTEST = 4
"""Characters below which nothing is masked but under its own name."""

ORDINARY = frozenset(
    (
        *keyword.kwlist,
        *getattr(keyword, "softkwlist", ()),
        *vars(builtins),
        *("true", "false", "none", "null", "nil", "undefined", "nan", "inf", "yes", "no", "on", "off"),
        *("TRUE", "FALSE", "NONE", "NULL", "Null"),
    )
)
"""Words that are never masked but under their own name."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON = words(
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
"""Words that are passwords of many services and names of many things."""

_PLAIN = re.compile(r"[A-Za-z0-9_.\-]+\Z")
_NUMBERS = re.compile(r"[0-9][0-9 .,:/\-]*\Z")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|[aeiou]{4}")
_TAIL = re.compile(r"[0-9_.\-]*\Z")
_STRONG_LENGTH = 6
_STRONG_DIGITS = 12  # of a number: shorter ones are ports, times, sizes and ids as well
_STRONG_LETTERS = 12  # of words joined together
_STRONG_WORD = 18  # of one word: few words are longer
_LONG = 64


def is_strong(secret: str) -> bool:
    """Whether masking each appearance of the secret, inside other texts too, leaves them readable.

    A strong one has at least 6 characters and is none of these: a number of fewer than 12 digits; a word
    of fewer than 18 letters that can be spoken; a word that many things are called, whatever digits follow
    it; words and numbers of three digits joined by ``-``, ``_`` or ``.`` with fewer than 12 letters; a
    path. What mixes letters and digits within a word, or holds any other character, is strong.
    """
    size = len(secret)
    if size < _STRONG_LENGTH or secret in ORDINARY or secret.isspace():
        return False
    if size > _LONG:
        return True
    if _NUMBERS.match(secret):
        return sum(character.isdigit() for character in secret) >= _STRONG_DIGITS
    if is_path(secret):
        return False
    if not _PLAIN.match(secret):
        return len(set(secret)) > 2
    lower = secret.lower()
    if lower[: _tail_of(lower)] in COMMON:
        return False
    segments = [each for each in re.split(r"[_.\-]+", secret) if each]
    if not all(each.isalpha() or (each.isdigit() and len(each) <= 3) for each in segments):
        return True
    humps = [hump for each in segments if each.isalpha() for hump in _HUMPS.findall(each)]
    letters = sum(map(len, humps))
    if not all(speakable(word) for word in humps) or (len(humps) > 2 and letters < 3 * len(humps)):
        return letters >= 8
    if len(segments) == 1 and len(humps) == 1:
        return size >= _STRONG_WORD
    return letters >= _STRONG_LETTERS and not all(word.lower() in COMMON for word in humps)


def _tail_of(text: str) -> int:
    match = _TAIL.search(text)
    return match.start() if match is not None else len(text)


def speakable(letters: str) -> bool:
    """Whether the letters may be a word: it has vowels, no five consonants in a row, no four vowels."""
    lower = letters.lower()
    if len(lower) < 4:
        return True
    return any(vowel in lower for vowel in "aeiouy") and _CONSONANTS.search(lower) is None


_PATH = re.compile(
    r"(?:~|\.{1,2})?/(?:[^/\s]{1,80}/)*[^/\s]*\.[a-z]{1,5}\Z"
    r"|/(?:etc|home|usr|var|tmp|opt|root|run|srv|mnt|app|data|proc|dev|Users)(?:/[^\s:@]*)?\Z"
    r"|[A-Za-z]:\\|~/"
)


def is_path(text: str) -> bool:
    """A path of a file or below one of the folders that every system has."""
    return _PATH.match(text[:1024]) is not None


_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?\Z")
_SHA = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,]{4,20}(?:Z|[+\-][0-9:]{2,6})?)?\Z")
_PART = "(?:(?:[a-z]{1,16}|[A-Z]{1,16}|[A-Z][a-z]{1,15})[0-9]{0,3}|[0-9]{1,10})"
_ID = re.compile(_PART + r"(?:[\-_.:/#]" + _PART + r")+\Z")
_KEYED = re.compile(r"(?:tok|token|key|sk|pk|rk|secret|pass|pwd|pat|api)(?![A-Za-z])", re.IGNORECASE)


def is_id(text: str) -> bool:
    """An ordinary id, as orders, articles and records have them: words and numbers joined by ``-``, ``_``,
    ``:``, ``.`` or ``/`` (``SKU-99812-XL``), a date. What begins with ``tok``, ``key`` or ``sk`` is none."""
    if len(text) > 120 or _KEYED.match(text):
        return False
    return _ID.match(text) is not None or _DATE.match(text) is not None


def is_digest(text: str) -> bool:
    """A UUID or a full hash as git writes them."""
    return _UUID.match(text) is not None or (_SHA.match(text) is not None and not text.isalpha())
