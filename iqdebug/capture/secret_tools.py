"""Finds secrets on command lines of other tools, in the files that they read, and in sentences.

Every expression takes time proportional to the length of the text, whatever the text is.
"""

from __future__ import annotations

import re

from .lazy import lazy
from .secret_names import NONE, PIN, STRONG, WEAK, judge
from .secret_strength import ORDINARY, is_strong
from .secret_words import is_pin, is_placeholder, is_wordy, looks_random, looks_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Match, Tuple

    Span = Tuple[int, int, bool]

_OPTION = lazy(
    r"(?<![\w\-])--?([A-Za-z][\w\-]{2,40})[ \t]+(?!-)"
    r"(?:\"([^\"\r\n]{1,1024})\"|'([^'\r\n]{1,1024})'|([^\s\"'\\…]{1,1024}))"
)
_CURL = lazy(
    r"(?<![\w\-])(?:-u|--user|--proxy-user)[ \t=]{0,8}[\"']?([^\s:\"'\\]{1,256}):([^\s\"'\\…]{1,1024})"
)
_MYSQL = lazy(r"(?<![\w\-])-p([^\s\"'\\…\-][^\s\"'\\…]{2,256}|'[^'\r\n]{1,256}'|\"[^\"\r\n]{1,256}\")")
_SSHPASS = lazy(
    r"sshpass[ \t]+(?:-[vP\w]{1,20}[ \t]+)?-p[ \t]{0,4}"
    r"(?:'([^'\r\n]{1,256})'|\"([^\"\r\n]{1,256})\"|([^\s\"'\\…]{1,256}))"
)
_PASSWORD_OPTION = lazy(
    r"(?:redis-cli|docker login|podman login|mongo(?:sh|dump|restore)?|az login|sqlcmd|7z|unzip|zip"
    r"|ldap(?:search|add|modify|passwd|whoami)"
    r"|smbclient|rabbitmqadmin|influx|mosquitto_(?:pub|sub)|snmp(?:get|walk|set)|net use|https?"
    r"|mount\.cifs)\b"
    r"[^\r\n|;&]{0,200}?[ \t](?:-[apPwWAX][ \t]+|-U[ \t]+[\w.\-]+%|/user:[\w.\-\\]+[ \t]+)(?:[\w.\-]{1,64}:)?"
    r"(?:'([^'\r\n]{1,256})'|\"([^\"\r\n]{1,256})\"|([^\s\"'\\…\-][^\s\"'\\…]{2,256}))"
)
_NETRC = lazy(
    r"(?:\bmachine[ \t]+[\w.\-:]{1,200}|\bdefault)\s+login\s+"
    r"[^\s\"'\\]{1,200}(?:\s|\\n)+password(?:\s|\\n)+([^\s\"'\\]{1,512})"
)
_PGPASS = lazy(
    r"(?:\A|[\r\n\"']|\\n)((?:[\w.\-]{1,200}|\*):(?:[0-9]{2,5}|\*):(?:[\w\-]{1,100}|\*):[\w.\-]{1,100}):((?:[^\s:\"'\\…]|\\[:\\]){1,512})(?=[\r\n\"'\\]|\Z)"
)
_IDENTIFIED = lazy(r"identified (?:with \w{1,40} )?by \\?[\"']([^\"'\\\r\n]{1,256})", re.IGNORECASE)
_ROLE = lazy(r"\bpassword[ \t]+\\?'([^'\\\r\n]{1,256})", re.IGNORECASE)
_SHORT_OPTIONS = (" -p ", " -a ", " -P ", " -w ", " -W ", " -A ", " -X ", " -U ", "/user:")
_ECHO_TO_STDIN = lazy(r"echo[ \t]+(?:-n[ \t]+)?[\"']?([^\s\"'|]{4,256})[\"']?[ \t]*\|[^\r\n|]{0,100}-stdin")
_DIRECTIVE = lazy(
    r"(?:\A|[\r\n]|\\n|[ \t](?=[a-z.\-]{1,40}[_.\-]))[ \t]{0,8}"
    r"(?:(?:env|arg|set|export|setenv)[ \t]+)?"
    r"([a-z][\w.\-]{1,64})[ \t]+[\"']?([^\s\"'\\…=]{6,512})[\"']?"
    r"[ \t]*(?=[\r\n\\]|\Z)",
    re.IGNORECASE,
)
"""A line of a name and a value, as in ``redis.conf`` or a Dockerfile."""
_SENTENCE = lazy(
    r"\b(?:password|passwd|passphrase|passcode|secret|token|api[ _-]?key|access key)\b"
    r"(?:[ \t]+[\w.@\-]{1,30}){0,4}?[ \t]+(?:is|was|be|to|equals)"
    r"[ \t]*:?[ \t]+[\"'`]?([^\s\"'`,;]{6,256})"
)
"""``the password for bob is hunter2``."""
_REJECTION = lazy(
    r"\b(?:invalid|incorrect|bad|wrong|unknown|expired|rejected|revoked)(?: \w{1,12}){0,1} "
    r"(?:password|passphrase|passcode|secret|token|key|credential)s?"
    r"(?: (?:provided|given|supplied|used))?:?[ \t]+"
    r"[\"'`(]?([^\s\"'`,;)]{6,256})"
)
"""``Incorrect API key provided: …``."""
_REJECTION_WORDS = ("invalid", "incorrect", "bad ", "wrong", "unknown", "expired", "rejected", "revoked")
_FUNCTION_CALL = lazy(r"\b(?:password|passwd|auth)[ \t]{0,4}\([ \t]{0,4}\\?[\"']([^\"'\\\r\n]{1,256})")
_URL_ESCAPED = lazy(
    r"([\w.\-]{2,64})(?:%22|%27)?(?:%20)?(?:%3a|%3d)(?:%20)?(?:%22|%27)?([\w.\-~*!()]{4,512})"
)
_PROTOCOL_LOGIN = lazy(
    r"(?:\A|[\r\n>]|\\n)[ \t]{0,4}(?:AUTH(?: PLAIN| LOGIN)?|PASS)[ \t]+"
    r"([^\s\"'\\]{6,256})(?=[ \t]*(?:[\r\n\\]|\Z))"
)
"""Login commands of Redis, FTP and POP3."""


def near_names(text: str, lower: str, first: int, last: int) -> Iterator[Span]:
    """Secrets near a word that occurs in names of secrets."""
    if text.find("-", first, last) >= 0:
        for match in _OPTION.finditer(text, first, last):
            yield from values_of_name(match, match.group(1), (2, 3, 4), sure=True)
    for match in _DIRECTIVE.finditer(text, first, last):
        if judge(match.group(1)) == STRONG and _looks_like_password(match.group(2)):
            yield from _group_spans(match, (2,))
    sentences = []
    if " is" in lower or " was" in lower or " be " in lower or " to " in lower or " equals" in lower:
        sentences.append(_SENTENCE)
    if any(word in lower for word in _REJECTION_WORDS):
        sentences.append(_REJECTION)
    for sentence in sentences:
        for match in sentence.finditer(lower, first, last):
            value = text[match.start(1) : match.end(1)].rstrip(".!?)")
            if _looks_like_password(value):
                yield (match.start(1), match.start(1) + len(value), True)
    if "auth(" in lower or "password(" in lower or "passwd(" in lower:
        for match in _FUNCTION_CALL.finditer(lower, first, last):
            value = text[match.start(1) : match.end(1)]
            if _looks_like_password(value) or match.group().startswith("password"):
                yield (match.start(1), match.end(1), True)
    if text.find("%3", first, last) >= 0:
        for match in _URL_ESCAPED.finditer(lower, first, last):
            name = match.group(1)
            yield from values_of_name(match, name[2:] if name[:2] in ("22", "27", "26") else name, (2,), text)


def _looks_like_password(value: str) -> bool:
    """Whether it is written like a password, not like a word, number, id or path."""
    if not is_strong(value) or not looks_secret(value) or judge(value) != NONE:
        return False
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def tool_secrets(text: str, lower: str) -> Iterator[Span]:
    """Secrets in short options of other tools and in the files that they read."""
    if "-" in text:
        if "-u" in text or "user" in lower:
            for match in _CURL.finditer(text):
                if "curl" in lower or "http" in lower:
                    yield from _group_spans(match, (2,))
        if "-p" in text and ("mysql" in lower or "mariadb" in lower):
            for match in _MYSQL.finditer(text):
                yield from _group_spans(match, (1,))
        if "sshpass" in lower:
            for match in _SSHPASS.finditer(text):
                yield from _group_spans(match, (1, 2, 3))
        if any(option in text for option in _SHORT_OPTIONS):
            for match in _PASSWORD_OPTION.finditer(text):
                yield from _group_spans(match, (1, 2, 3))
        if "stdin" in lower:
            for match in _ECHO_TO_STDIN.finditer(text):
                yield from _group_spans(match, (1,))
    if "AUTH " in text or "PASS " in text:
        for match in _PROTOCOL_LOGIN.finditer(text):
            if _looks_like_password(match.group(1)):
                yield from _group_spans(match, (1,))
    if "password" in lower:
        if "login" in lower:
            for match in _NETRC.finditer(text):
                yield from _group_spans(match, (1,))
        if "password '" in lower or "password \\'" in lower or "password  " in lower:
            for match in _ROLE.finditer(text):
                yield from _group_spans(match, (1,))
    if "identified" in lower:
        for match in _IDENTIFIED.finditer(text):
            yield from _group_spans(match, (1,))
    if text.count(":") >= 4:
        for match in _PGPASS.finditer(text):
            if is_strong(match.group(2)) or match.group(1).split(":")[1] in ("*", "5432", "5433", "6432"):
                yield from _group_spans(match, (2,))


def _group_spans(match: Match[str], groups: Tuple[int, ...]) -> Iterator[Span]:
    for group in groups:
        value = match.group(group)
        if value and not is_placeholder(value) and value[0] != "$":
            yield (match.start(group), match.end(group), True)


def values_of_name(
    match: Match[str], name: str, groups: Tuple[int, ...], text: str = "", sure: bool = False
) -> Iterator[Span]:
    """The groups that matched, if they are secrets under that name.

    :param text: the original text, if the match is one of the lower-case text.
    :param sure: with a weak name, a value that looks like a secret is enough; it need not look random.
    """
    strength = judge(name)
    if strength == NONE:
        return
    for group in groups:
        value = match.group(group)
        if value and text:
            value = text[match.start(group) : match.end(group)]
        if (
            not value
            or is_placeholder(value)
            or value.strip() in ORDINARY
            or not value.strip()
            or value[0] == "$"
        ):
            continue
        start = match.start(group)
        head = re.match(r"(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+", value, re.IGNORECASE)
        if head is not None:
            start, value = start + head.end(), value[head.end() :]
        if (
            strength == STRONG
            or (strength == PIN and is_pin(value))
            or (
                strength == WEAK
                and (looks_secret(value) if sure else looks_random(value) and not is_wordy(value))
            )
        ):
            yield (start, match.end(group), True)
