"""Finds secrets by their place in a text: in URLs, PEM blocks, webhooks, rows of a name and a value, XML,
sections of INI files, command lines of other tools.

Every expression takes time proportional to the length of the text, whatever the text is.
"""

from __future__ import annotations

import re

from .lazy import lazy
from .secret_names import ADDRESS, NONE, STRONG, judge
from .secret_strength import ORDINARY, is_strong, words
from .secret_tools import near_names, tool_secrets, values_of_name
from .secret_words import is_placeholder, looks_random, looks_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Match, Tuple

    Span = Tuple[int, int, bool]

_URL = lazy(r"://([^\s/?#:@\"'<>\\]{0,256})(?::([^\s/?\"'<>\\]{1,1024}))?@")
_ESCAPED_URL = lazy(r":\\/\\/([^\s/?#:@\"'<>\\]{0,256})(?::([^\s/?\"'<>\\]{1,1024}))?@")
_PASSWORD_SCHEME = lazy(
    r"(?:postgres(?:ql)?|mysql|mariadb|rediss?|mongodb|amqps?|https?|s?ftps?|ssh|smtps?|imaps?|ldaps?|mssql|oracle|mqtts?"
    r"|nats|kafka|clickhouse|git|svn|socks5h?|jdbc|snowflake|elasticsearch|couchbase|cockroachdb|influxdb|bolt|neo4j)"
    r"(?:\+[a-z0-9]{1,20})?\Z"
)
_CUT_URL = lazy(r"[^\s/?#:@\"'<>\\\[\]{}()]{0,64}:([^\s/?#:@\"'<>\\,;)\]}]{3,256})(?=[\s\"'<>,;)\]}]|\Z)")
"""A URL that was cut before its ``@``: the text after the colon is no port."""
_HOST_USER = lazy(
    r"(?<![\w./:@\-])([A-Za-z_][\w.+\-]{0,63}):([^\s:@/\"'<>\\,;()\[\]{}]{3,256})@"
    r"(?:\[[0-9a-fA-F:]{2,40}\]|(?:tcp|unix)\(|[A-Za-z0-9][A-Za-z0-9.\-]{0,200})(:[0-9]{2,5}(?![\w.])|/[\w]|)"
)
_MAIL_LABELS = words(
    """mailto email mail e-mail to from cc bcc contact author authors user users username login sip sips xmpp
    acct reply-to owner by sender recipient maintainer maintainers committer id name git ssh addr address"""
)
"""Words that stand before a colon and a mail address."""
_SCHEME_END = lazy(r":\\?/\\?/")
_REST_OF_URL = lazy(r"[^\s\"'<>]{0,1200}")
_WEBHOOK = lazy(r"hook|//(?:chat\.googleapis|maker\.ifttt|[\w.\-]*logic\.azure)", re.IGNORECASE)
_SEGMENT = lazy(r"[^/\\@]{8,}")
_SIGNATURE = lazy(r"sig(?:nature)?=(?<![a-z]sig=)([a-z0-9%+/=_\-]{20,512})")
_PEM = lazy(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
MAX_PEM_LENGTH = 20_000
_PEM_BODY = lazy(r"(?:[A-Za-z0-9+/=:,\- ]|\s|\\[rn])*")
_ELEMENT = lazy(r"<([A-Za-z][\w:.\-]{1,60})(?:\s[^<>\r\n]{0,200})?>([^<>\r\n]{1,1024})</")
_KEYED_ELEMENT = lazy(
    r"\b(?:key|name|id)=[\"']([\w.:\-]{2,64})[\"'][^<>\r\n]{0,80}?(?:\bvalue=[\"']([^\"'<>\r\n]{1,1024})[\"']|>([^<>\r\n]{1,1024})</)"
)
_QUOTE = r"\\{0,3}[\"']"
_ROW_NAME = (
    r"(?:name|key|id|field|option|header|variable|var|param|parameter|property|attribute|label|k|_name_)"
)
_ROW_VALUE = r"(?:value|val|v|content|data|default|_value_)"
_ROW = lazy(
    r"(?<![\w])"
    + _ROW_NAME
    + r"(?:"
    + _QUOTE
    + r")?[ \t]{0,4}[:=][ \t]{0,4}[bru]{0,2}(?:"
    + _QUOTE
    + r")?([\w.\-]{2,64})(?:"
    + _QUOTE
    + r")?"
    r"(?:[ \t]{0,4},|(?:\\r)?\\n|\r?\n)\s{0,40}(?:[\"']?\w{1,20}[\"']?[ \t]{0,4}[:=][ \t]{0,4}"
    r"[\"']?[\w.\-]{1,40}[\"']?\s{0,4},?\s{0,40}){0,3}?"
    r"(?:-[ \t])?(?:" + _QUOTE + r")?(?<![\w])" + _ROW_VALUE + r"(?:" + _QUOTE + r")?[ \t]{0,8}[:=][ \t]{0,8}"
    r"(?:[bru]{0,2}(?:" + _QUOTE + r")([^\"'\\\r\n]{1,1024})|([^\s\"'\\,;)}\]]{1,1024}))",
)
"""``{"name": "DB_PASSWORD", "value": …}``, ``Header(name='Authorization', value=…)`` and the same in YAML."""
_REVERSED_ROW = lazy(
    r"(?<![\w])"
    + _ROW_VALUE
    + r"(?:"
    + _QUOTE
    + r")?[ \t]{0,4}[:=][ \t]{0,4}[bru]{0,2}"
    + _QUOTE
    + r"([^\"'\\\r\n]{1,1024})"
    + _QUOTE
    + r"[ \t]{0,4},\s{0,40}(?:"
    + _QUOTE
    + r")?"
    + _ROW_NAME
    + r"(?:"
    + _QUOTE
    + r")?[ \t]{0,4}[:=][ \t]{0,4}[bru]{0,2}"
    + _QUOTE
    + r"([\w.\-]{2,64})"
    + _QUOTE
)
_VALUE_KEY = lazy(r"val|content|data|default|[\"']v[\"']")
_MEMBER = lazy(
    r"<[A-Za-z_][\w.]{0,80}\.([A-Za-z_]\w{1,64}): "
    r"[bru]{0,2}(?:\"([^\"\r\n]{1,1024})\"|'([^'\r\n]{1,1024})'|([0-9]{1,40})(?=>))"
)
"""A member of an enum as ``repr`` writes it."""
_AUTH_PAIR = lazy(
    r"auth[\"']?[ \t]{0,4}[:=][ \t]{0,4}\([bru]{0,2}[\"'][^\"'\r\n]{0,256}[\"'], ?"
    r"[bru]{0,2}([\"'])([^\"'\\\r\n]{1,512})[\"']\)"
)
"""``auth=("user", "password")`` of requests."""
_MORSEL = lazy(
    r"<(?:Cookie|Morsel:?|SimpleCookie:?) ([\w.\-]{2,64})=(?:'([^'\r\n]{1,1024})'|([^\s;'\"<>]{1,1024}))"
)
_SECTION = lazy(r"\[([\w .:\-]{2,64})\][ \t]{0,8}(?=[\r\n]|\\[rn]|\Z)")
_LINE_START = lazy(r"(?:\A|[\r\n]|\\n|[\"'])[ \t]{0,8}\Z")
_ENTRY = lazy(
    r"(?:[\r\n]|\\n)[ \t]{0,8}[\w.\-]{1,64}[ \t]{0,8}[=:][ \t]{0,8}"
    r"((?:[^\s\"'\\…]|[ \t](?=[^\s]))[^\r\n\"'\\…]{0,1024})"
)
_SCHEME_ALONE = lazy(r"(?:bearer|basic)[ \t]+([a-z0-9._~+/=\-]{8,8192})")
_DIGIT = lazy("[0-9]")


def has_userinfo(text: str) -> bool:
    """Whether there is a URL with a user in the text."""
    return _URL.search(text) is not None


_CHARACTERS_BEFORE, _CHARACTERS_AFTER = 400, 700  # of a word that occurs in names of secrets


def in_places(text: str, lower: str, hints: List[int]) -> Iterator[Span]:
    """Start and end of each secret, and whether to register the text between them.

    :param hints: positions of words that occur in names of secrets.
    """
    yield from _addresses(text)
    if "sig" in lower:
        for match in _SIGNATURE.finditer(lower):
            if _DIGIT.search(match.group(1)):
                yield (match.start(1), match.end(1), True)
    if "-----BEGIN " in text:
        yield from _pem(text)
    if "bearer" in lower or "basic" in lower:
        for match in _SCHEME_ALONE.finditer(lower):
            value = text[match.start(1) : match.end(1)]
            if _DIGIT.search(value) and (value.lower() != value or lower.startswith("bearer", match.start())):
                yield (match.start(1), match.end(1), True)
    for first, last in _windows(hints, len(text)):
        yield from _near_a_name(text, lower, first, last)
    yield from tool_secrets(text, lower)


def _windows(hints: List[int], size: int) -> List[Tuple[int, int]]:
    """The ranges that may hold a name with its value, merged where they overlap."""
    windows: List[Tuple[int, int]] = []
    for at in hints:
        first, last = max(at - _CHARACTERS_BEFORE, 0), min(at + _CHARACTERS_AFTER, size)
        if windows and first <= windows[-1][1]:
            windows[-1] = (windows[-1][0], last)
        else:
            windows.append((first, last))
    return windows


def _near_a_name(text: str, lower: str, first: int, last: int) -> Iterator[Span]:
    yield from near_names(text, lower, first, last)
    if lower.find("auth", first, last) >= 0:
        for match in _AUTH_PAIR.finditer(lower, first, last):
            if match.group(1) in ("'", '"'):
                yield (match.start(2), match.end(2), True)
    if text.find("<", first, last) >= 0:
        yield from _marked_up(text, first, last)
    if _VALUE_KEY.search(lower, first, last):
        for match in _ROW.finditer(lower, first, last):
            yield from values_of_name(match, text[match.start(1) : match.end(1)], (2, 3), text)
        for match in _REVERSED_ROW.finditer(lower, first, last):
            yield from values_of_name(match, text[match.start(2) : match.end(2)], (1,), text)
    if text.find("]", first, last) >= 0 and ("\n" in text or "\\n" in text):
        yield from _sections(text, first, last)


def _addresses(text: str) -> Iterator[Span]:
    """Passwords before an ``@``, and the secret parts of webhook URLs."""
    hooked = -1 if _SCHEME_END.search(text) and _WEBHOOK.search(text) else len(text)
    for colon in _SCHEME_END.finditer(text):
        match = (_URL if colon.end() - colon.start() == 3 else _ESCAPED_URL).match(text, colon.start())
        if match is not None:
            yield from _userinfo(match)
        else:
            cut = _CUT_URL.match(text, colon.end())
            if cut is not None and _PASSWORD_SCHEME.search(text, max(colon.start() - 32, 0), colon.start()):
                value = cut.group(1)
                host = "." in text[colon.end() : cut.start(1)] and not is_strong(value)
                if not (value.isdigit() or host or is_placeholder(value) or value[0] == "$"):
                    yield (cut.start(1), cut.end(1), True)
        if colon.start() > hooked:
            whole = _REST_OF_URL.match(text, colon.end())
            hooked = whole.end() if whole is not None else colon.end()
            if _WEBHOOK.search(text, colon.start(), hooked):
                yield from _webhook(text, colon.end(), hooked)
    at = text.find("@", 4)
    while at >= 0:
        if not text[at - 1].isspace():
            for match in _HOST_USER.finditer(text, max(at - 330, 0), at + 220):
                if match.end(2) == at:
                    yield from _userinfo_of_host(match)
                if match.end(2) >= at:
                    break
        at = text.find("@", at + 1)


def _marked_up(text: str, first: int, last: int) -> Iterator[Span]:
    if "</" in text:
        for match in _ELEMENT.finditer(text, first, last):
            yield from values_of_name(match, match.group(1).rsplit(":", 1)[-1], (2,))
    if "=" in text:
        for match in _KEYED_ELEMENT.finditer(text, first, last):
            yield from values_of_name(match, match.group(1), (2, 3))
    if ": " in text:
        for match in _MEMBER.finditer(text, first, last):
            yield from values_of_name(match, match.group(1), (2, 3, 4))
    if "ookie" in text or "Morsel" in text:
        for match in _MORSEL.finditer(text, first, last):
            yield from values_of_name(match, match.group(1), (2, 3))


def _userinfo(match: Match[str]) -> Iterator[Span]:
    user, password = match.span(1), match.span(2)
    if password[0] >= 0:
        if not is_placeholder(match.group(2)):
            yield (password[0], password[1], True)
    elif user[1] - user[0] >= 16 and looks_secret(match.group(1)) and _DIGIT.search(match.group(1)):
        yield (user[0], user[1], True)


def _userinfo_of_host(match: Match[str]) -> Iterator[Span]:
    """``user:password@host`` without a scheme, if the host has a port or a path or is the local one, or the
    password is strong. Not if the user is a label before a mail address."""
    password, behind = match.group(2), match.group(3)
    if is_placeholder(password) or match.group(1).lower() in _MAIL_LABELS:
        return
    host = match.string[match.end(2) + 1 : match.start(3)].lower()
    sure = (
        behind[:1] == ":"
        or host == "localhost"
        or host.startswith("127.")
        or host[:1] == "["
        or host[-1:] == "("
    )
    if sure or (is_strong(password) and ("." in host or behind)):
        yield (match.start(2), match.end(2), True)


def _webhook(text: str, start: int, end: int) -> Iterator[Span]:
    """The parts of a webhook URL's path that look random: whoever has them may post."""
    path = text.find("/", start, end)
    if path < 0:
        return
    for part in _SEGMENT.finditer(text, path, end):
        value = part.group()
        if _DIGIT.search(value) and _looks_generated(value):
            yield (part.start(), part.end(), True)


def _looks_generated(value: str) -> bool:
    letters = sum(character.isalpha() for character in value)
    return letters >= 2 and (len(value) >= 16 or value.upper() == value or value.lower() != value)


def _pem(text: str) -> Iterator[Span]:
    at = 0
    while True:
        begin = _PEM.search(text, at)
        if begin is None:
            return
        start = begin.end()
        end = text.find("-----", start, start + MAX_PEM_LENGTH)
        if end < 0 or not text.startswith("-----END", end):
            body = _PEM_BODY.match(text, start, min(start + MAX_PEM_LENGTH, end if end >= 0 else len(text)))
            end = body.end() if body is not None else start
        at = max(end, start)
        if len(text[start:end].strip()) >= 16:
            yield (start, end, True)


def _sections(text: str, first: int, last: int) -> Iterator[Span]:
    """The values in a section of an INI or TOML file with a secret's name, such as ``[passwords]``."""
    for header in _SECTION.finditer(text, first, last):
        strong = judge(header.group(1)) == STRONG
        if not (strong or header.group(1).lower() in ("tokens", "keys")) or not _LINE_START.search(
            text, max(header.start() - 12, 0), header.start()
        ):
            continue
        following = _SECTION.search(text, header.end())
        end = following.start() if following is not None else len(text)
        for entry in _ENTRY.finditer(text, header.end(), min(end, header.end() + MAX_PEM_LENGTH)):
            value = entry.group(1).strip()
            if value in ORDINARY or is_placeholder(value) or judge(value) not in (NONE, ADDRESS):
                continue
            if strong or looks_random(value):
                yield (entry.start(1), entry.start(1) + len(entry.group(1).rstrip()), len(value) >= 6)
