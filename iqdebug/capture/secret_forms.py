"""Finds secrets by their form in any text: passwords in addresses, keys of known shapes, values after
``password=``.

Every expression takes time proportional to the length of the text, whatever the text is.
"""

from __future__ import annotations

import re

from .secret_names import ADDRESS, NONE, PIN, STRONG, WEAK, judge
from .secret_places import MAX_PEM_LENGTH, has_userinfo, in_places
from .secret_strength import ORDINARY, is_digest
from .secret_tokens import MIN_TOKEN_LENGTH, tokens
from .secret_words import is_pin, is_placeholder, is_wordy, looks_random, looks_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Match, Optional, Tuple

    Span = Tuple[int, int, bool]

_TRIGGERS = (
    *("pass", "pwd", "secret", "token", "key", "credential", "cookie", "auth", "sess"),
    *("signature", "salt", "nonce", "jwt", "bearer", "cert", "csrf", "xsrf"),
    *("ssn", "cvv", "cvc", "card", "pin", "otp", "sid", "cred", "pw", "kennwort", "senha", "contrasena"),
    *("seed", "recovery", "backup", "mfa", "psk"),
)
MAX_NAME_LENGTH = 64
_PAIR = re.compile(
    r"(?:%s)[\w.\-]{0,64}(?![\w.\-])" % "|".join(_TRIGGERS)
    + r"(?:\\{0,3}[\"'])?\]?[ \t]{0,16}"
    + r"(?P<sep>=>|:=|={1,3}|!=|:(?!//)|,(?=[ \t]{0,4}[bru]{0,2}\\{0,3}[\"']))[ \t]{0,16}"
    + r"(?:![a-z/]{1,20}[ \t]{1,4})?"
    + r"(?:[bru]{1,2}(?=[\"'])|f(?=[\"']))?(?P<quote>\"{3}|'{3}|\\{0,3}[\"'])?"
)
"""A name that could be a secret's, up to the start of its value. For lower-case texts."""

_TRIGGER = re.compile("|".join(_TRIGGERS))
_SEPARATOR = re.compile(r"[:=@,<%][^0-9]| [a-zA-Z\-]|[=:@%][0-9]|-----")
"""A text without one of these can hold tokens, but no other form of a secret."""
_SCHEME = re.compile(r"(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+", re.IGNORECASE)
_QUOTED_BODY = {
    '"': re.compile(r'[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*'),
    "'": re.compile(r"[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*"),
}
_UNTIL_QUOTE = {'"': re.compile(r'[^"\r\n]*'), "'": re.compile(r"[^'\r\n]*")}
_OPENING_BRACKET = re.compile(r"[(\[][ \t]{0,2}[bru]{0,2}\\{0,3}[\"']\Z")
_CUT_MARK = re.compile(r"(?:…|\.\.\.) \([0-9,]+ long\)|(?:…|\.\.\.)\Z")
_BARE = re.compile(r"[^\s\"'<>&,;(){}\[\]\\`|…]+")
_QUERY_VALUE = re.compile(r"[^\s\"'<>&#\\…]+")
_ADO_VALUE = re.compile(r"[^\s\"';\\…]+")
_LIBPQ_VALUE = re.compile(r"[^\s\"'\\…]+")
_LINE = re.compile(r"[^\r\n\"'\\…]*[^\r\n\"'\\…\s]")
_LAST_WORD = re.compile(r"[^\s\"'\\…]+(?=[ \t]*(?:[\r\n\\]|\Z))")
_REST = re.compile(r"[^\r\n…]+")
_CLOSING_QUOTE = re.compile(r"[,;)\]}]+(?:\s|\Z)")  # it was the closing quote: prompt="Password: ", x=1
_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9]+)*)\Z")
_CODE = re.compile(r"[A-Za-z_][\w.]*[(\[]|[A-Za-z_]+(?:\.[A-Za-z_]+)+\Z|[(\[{]|lambda\b")
_VALUE_END = re.compile(r"[ \t]*(?:[\r\n,;&}#\\]|\Z)")
_NEXT_PAIR = re.compile(r";[ \t]?[A-Za-z][\w ]{0,30}=")
_NEXT_WORD = re.compile(r" [a-z_]{1,30}=[^\s=]")
_PAIR_BEFORE = re.compile(r"[\"']?[a-z_]{1,30}=[^\s,;()]*\Z")
_KEYWORDS = re.compile(r"\s*[\w .\-]{1,40}=")
_WORD = re.compile(r"[A-Za-z_]+\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_DIGIT = re.compile(r"[0-9]")


def address_parses(text: str) -> bool:
    """Whether the secret part of a service's address can be separated from the rest."""
    if "://" in text:
        return "@" not in text or has_userinfo(text)
    return _KEYWORDS.match(text) is not None


def find(text: str) -> List[Span]:
    """Start and end of each secret, and whether to register the text between them."""
    if len(text) < MIN_TOKEN_LENGTH and not _SEPARATOR.search(text):
        return []
    spans: List[Span] = [(start, end, True) for start, end in tokens(text)]
    lower = text.lower()
    if len(lower) != len(text):
        lower = text.replace("\u0130", "i").lower()
    hints = [match.start() for match in _TRIGGER.finditer(lower)]
    if hints:
        spans += _pairs(text, lower)
    spans += in_places(text, lower, hints)
    return spans


def _pairs(text: str, lower: str) -> Iterator[Span]:
    at = 0
    while True:
        match = _PAIR.search(lower, at)
        if match is None:
            return
        at = match.end()
        span = _pair(text, match)
        if span is not None:
            yield span
            at = max(at, span[1])


def _pair(text: str, match: Match[str]) -> Optional[Span]:
    begin, name_end = match.start(), match.start("sep")
    floor = max(begin - MAX_NAME_LENGTH, 0)
    while begin > floor and (text[begin - 1].isalnum() or text[begin - 1] in "_.-"):
        begin -= 1
    if begin and text[begin - 1] == "\\" and text[begin] in "nrt":
        begin += 1
    if text.startswith(("self.", "this."), begin):
        begin += 5
    while name_end > begin and text[name_end - 1] in "\"'] \t\\":
        name_end -= 1
    strength = judge(text[begin:name_end])
    if strength in (NONE, ADDRESS):
        return None
    start, quote, sep = match.end(), match.group("quote"), match.group("sep")
    if quote:
        formatted = text[match.start("quote") - 1] in "fF"
        paired = sep == "," and (text.startswith("--", begin) or _is_pair(text, begin, start, quote))
        return _quoted(text, start, quote, ":" if paired else sep, strength, formatted)
    if sep in ("==", "===", "!=", ","):
        return None
    return _unquoted(text, begin, name_end, start, sep, strength)


def _is_pair(text: str, begin: int, start: int, quote: str) -> bool:
    """Whether the quoted name and the next text are a pair: ``(b'authorization', b'Bearer …')``, or
    ``['password', 'hunter2']`` if the second is no word."""
    if _OPENING_BRACKET.search(text, max(begin - 8, 0), begin) is None:
        return False
    if text[max(begin - 8, 0) : begin].rstrip("\"'\\bru \t")[-1:] == "(":
        return True
    end = text.find(quote, start, start + 4_096)
    return end >= 0 and text[end + len(quote) : end + len(quote) + 1] == "]" and not is_wordy(text[start:end])


def _quoted(text: str, start: int, quote: str, sep: str, strength: int, formatted: bool) -> Optional[Span]:
    if len(quote) == 3 and "\\" not in quote:
        end = text.find(quote, start, start + MAX_PEM_LENGTH)
        end = end if end >= 0 else min(len(text), start + MAX_PEM_LENGTH)
    else:
        end = text.find(quote, start, start + MAX_PEM_LENGTH) if quote[0] == "\\" else -1
        if end < 0:
            body = (_QUOTED_BODY if len(quote) == 1 else _UNTIL_QUOTE)[quote[-1]].match(text, start)
            end = body.end() if body is not None else start
    cut = _CUT_MARK.search(text, start, end)
    if cut is not None:
        end = cut.start()
    scheme = _SCHEME.match(text, start, end)
    if scheme is not None:
        start = scheme.end()
    value = text[start:end]
    if not value.strip() or value in ORDINARY or is_placeholder(value) or _CLOSING_QUOTE.match(value):
        return None
    if strength == PIN:
        return (start, end, True) if is_pin(value) else None
    if (strength == WEAK or sep == ",") and (not looks_random(value) or is_wordy(value)):
        return None  # key="content-type", ["password", "user_name"]
    return (start, end, not (formatted and "{" in value))


def _unquoted(text: str, begin: int, name_end: int, start: int, sep: str, strength: int) -> Optional[Span]:
    shape, sure = _shape(text, begin, name_end, start, sep)
    scheme = _SCHEME.match(text, start)
    if scheme is not None:
        start, shape, sure = scheme.end(), _REST if scheme.group()[:1] in "dD" else _BARE, True
    match = shape.match(text, start)
    if match is None or text[start : start + 2] in ("${", "$("):
        return None
    value, end = match.group(), match.end()
    first = value if shape is not _LINE else value.split(None, 1)[0]
    if first in ORDINARY or is_placeholder(value):
        return None
    if strength == PIN:
        return (start, end, True) if is_pin(value) else None
    looks = looks_secret(value)
    if sure:
        return (start, end, True) if looks or strength == STRONG else None
    if _CODE.match(value[:512]) or (text[end : end + 1] in ("(", "[") and _IDENTIFIER.match(value)):
        return None
    if _WORD.match(value) and judge(value) != NONE:
        return None  # password=new_password, token: Token
    if strength == WEAK:
        # An identifier may be a secret or a variable: nothing shows which.
        variable = _IDENTIFIER.match(value) and ("_" in value or not _DIGIT.search(value))
        if is_digest(value) and text[name_end - 3 : name_end].lower() == "key":
            return None  # key: 9fceb02d0ae598e95dc970b74767f19372d61af8
        return (start, end, True) if looks and not variable and not _NUMBER.match(value) else None
    spaced = sep == "=" and text[start - 1] != "="
    if spaced and (text[end : end + 1] == "," or (shape is _BARE and _WORD.match(value))):
        return None  # user, password = a, b
    if sep == ":" and not looks and not _VALUE_END.match(text, end):
        return None  # prose: "password: must be long"
    certain = looks or (len(value) >= 6 and not _IDENTIFIER.match(value))
    return (start, end, certain and not _WORD.match(value))


def _shape(text: str, begin: int, name_end: int, start: int, sep: str) -> Tuple[re.Pattern[str], bool]:
    """The expression for a value without quotes, and whether its syntax has no quotes, so that a plain word
    is a value and not a variable."""
    lead = text[begin - 1 : begin] if begin else ""
    tight = sep == "=" and text[start - 1] == "="
    if tight and lead in ("?", "&") and lead:
        return _QUERY_VALUE, True
    if sep == "=" and (lead == ";" or text[max(begin - 2, 0) : begin] == "; "):
        return _ADO_VALUE, True
    if tight:
        value = _ADO_VALUE.match(text, start, start + 256)
        if value is not None and _NEXT_PAIR.match(text, value.end()):
            return _ADO_VALUE, True
        value = _LIBPQ_VALUE.match(text, start, start + 256)
        last = text[max(begin - 80, 0) : begin].rsplit(None, 1)[-1:] if lead == " " else []
        listed = (last and _PAIR_BEFORE.match(last[0])) or (value and _NEXT_WORD.match(text, value.end()))
        if value is not None and listed and not value.group().endswith((",", ")")):
            return _LIBPQ_VALUE, True
    if sep == ":" and text[name_end - 6 : name_end].lower() in ("cookie", "zation"):
        return _LINE, False
    if not lead or lead in "\r\n\t":
        solid = _LAST_WORD.match(text, start)
        if solid is not None and not _CODE.match(solid.group()[:512]) and solid.group()[-1] not in ",:":
            return _LAST_WORD, False
    return _BARE, False


def parts(value: str) -> List[str]:
    """The parts of a secret that are secrets themselves: a header's credential, a cookie's value, a key's
    lines, the text without surrounding blanks."""
    secrets: List[str] = []
    stripped = value.strip()
    if stripped != value:
        secrets.append(stripped)
    scheme = _SCHEME.match(stripped)
    if scheme is not None:
        secrets.append(stripped[scheme.end() :])
    if "\n" in stripped:
        lines = [line.strip() for line in stripped.splitlines()]
        secrets += [line for line in lines if len(line) >= 8 and not line.startswith("-----")]
    elif "=" in stripped and len(stripped) < 8192:
        for piece in re.split("[;&]", stripped)[:50]:
            known = piece.partition("=")[2].strip()
            if looks_secret(known):
                secrets.append(known)
    return secrets
