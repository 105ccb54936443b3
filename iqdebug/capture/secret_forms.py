"""Secrets that can be told by their form, inside any text: passwords in addresses, keys of known
shapes, what stands behind ``password=``.

Every expression here needs time in proportion to the text's length, whatever the text is.
"""

from __future__ import annotations

import re

from .secret_names import ADDRESS, NONE, PIN, STRONG, WEAK, judge
from .secret_places import PEM_LONGEST, has_userinfo, in_places
from .secret_strength import ORDINARY, is_digest
from .secret_tokens import SHORTEST_TOKEN, tokens
from .secret_words import is_pin, is_placeholder, is_wordy, looks_random, looks_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Match, Optional, Tuple

    Found = Tuple[int, int, bool]

_TRIGGERS = (
    *("pass", "pwd", "secret", "token", "key", "credential", "cookie", "auth", "sess"),
    *("signature", "salt", "nonce", "jwt", "bearer", "cert", "csrf", "xsrf"),
    *("ssn", "cvv", "cvc", "card", "pin", "otp", "sid", "cred", "pw", "kennwort", "senha", "contrasena"),
    *("seed", "recovery", "backup", "mfa", "psk"),
)
MAX_NAME = 64
_PAIR = re.compile(
    r"(?:%s)[\w.\-]{0,64}(?![\w.\-])" % "|".join(_TRIGGERS)
    + r"(?:\\{0,3}[\"'])?\]?[ \t]{0,16}"
    + r"(?P<sep>=>|:=|={1,3}|!=|:(?!//)|,(?=[ \t]{0,4}[bru]{0,2}\\{0,3}[\"']))[ \t]{0,16}"
    + r"(?:![a-z/]{1,20}[ \t]{1,4})?"
    + r"(?:[bru]{1,2}(?=[\"'])|f(?=[\"']))?(?P<quote>\"{3}|'{3}|\\{0,3}[\"'])?"
)
"""A name that could be a secret's, up to where its value begins. For texts in lower case."""

_TRIGGER = re.compile("|".join(_TRIGGERS))
_SEPARATED = re.compile(r"[:=@,<%][^0-9]| [a-zA-Z\-]|[=:@%][0-9]|-----")
"""Without one of these a text has no form but that of a token."""
_SCHEME = re.compile(r"(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+", re.IGNORECASE)
_BODIES = {
    '"': re.compile(r'[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*'),
    "'": re.compile(r"[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*"),
}
_TO_QUOTE = {'"': re.compile(r'[^"\r\n]*'), "'": re.compile(r"[^'\r\n]*")}
_OPENED = re.compile(r"[(\[][ \t]{0,2}[bru]{0,2}\\{0,3}[\"']\Z")
_CUT = re.compile(r"(?:…|\.\.\.) \([0-9,]+ long\)|(?:…|\.\.\.)\Z")
_BARE = re.compile(r"[^\s\"'<>&,;(){}\[\]\\`|…]+")
_QUERY = re.compile(r"[^\s\"'<>&#\\…]+")
_ADO = re.compile(r"[^\s\"';\\…]+")
_LIBPQ = re.compile(r"[^\s\"'\\…]+")
_LINE = re.compile(r"[^\r\n\"'\\…]*[^\r\n\"'\\…\s]")
_SOLID = re.compile(r"[^\s\"'\\…]+(?=[ \t]*(?:[\r\n\\]|\Z))")
_REST = re.compile(r"[^\r\n…]+")
_CLOSED = re.compile(r"[,;)\]}]+(?:\s|\Z)")  # the quote was a closing one: prompt="Password: ", x=1
_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9]+)*)\Z")
_CODE = re.compile(r"[A-Za-z_][\w.]*[(\[]|[A-Za-z_]+(?:\.[A-Za-z_]+)+\Z|[(\[{]|lambda\b")
_AFTER = re.compile(r"[ \t]*(?:[\r\n,;&}#\\]|\Z)")
_NEXT_PAIR = re.compile(r";[ \t]?[A-Za-z][\w ]{0,30}=")
_NEXT_WORD = re.compile(r" [a-z_]{1,30}=[^\s=]")
_PAIR_BEFORE = re.compile(r"[\"']?[a-z_]{1,30}=[^\s,;()]*\Z")
_KEYWORDS = re.compile(r"\s*[\w .\-]{1,40}=")
_WORD = re.compile(r"[A-Za-z_]+\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_DIGIT = re.compile(r"[0-9]")


def address_parses(text: str) -> bool:
    """Whether what is secret in a service's address can be told from the rest."""
    if "://" in text:
        return "@" not in text or has_userinfo(text)
    return _KEYWORDS.match(text) is not None


def find(text: str) -> List[Found]:
    """Start, end, and whether the text between them should be learnt."""
    if len(text) < SHORTEST_TOKEN and not _SEPARATED.search(text):
        return []
    found: List[Found] = [(start, end, True) for start, end in tokens(text)]
    lower = text.lower()
    if len(lower) != len(text):
        lower = text.replace("\u0130", "i").lower()
    hints = [match.start() for match in _TRIGGER.finditer(lower)]
    if hints:
        found += _pairs(text, lower)
    found += in_places(text, lower, hints)
    return found


def _pairs(text: str, lower: str) -> Iterator[Found]:
    at = 0
    while True:
        match = _PAIR.search(lower, at)
        if match is None:
            return
        at = match.end()
        found = _pair(text, match)
        if found is not None:
            yield found
            at = max(at, found[1])


def _pair(text: str, match: Match[str]) -> Optional[Found]:
    begin, name_end = match.start(), match.start("sep")
    floor = max(begin - MAX_NAME, 0)
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
    """Whether the quoted name and what follows it are a pair: ``(b'authorization', b'Bearer …')``, or
    ``['password', 'hunter2']`` where the second is no word."""
    if _OPENED.search(text, max(begin - 8, 0), begin) is None:
        return False
    if text[max(begin - 8, 0) : begin].rstrip("\"'\\bru \t")[-1:] == "(":
        return True
    end = text.find(quote, start, start + 4_096)
    return end >= 0 and text[end + len(quote) : end + len(quote) + 1] == "]" and not is_wordy(text[start:end])


def _quoted(text: str, start: int, quote: str, sep: str, strength: int, formatted: bool) -> Optional[Found]:
    if len(quote) == 3 and "\\" not in quote:
        end = text.find(quote, start, start + PEM_LONGEST)
        end = end if end >= 0 else min(len(text), start + PEM_LONGEST)
    else:
        end = text.find(quote, start, start + PEM_LONGEST) if quote[0] == "\\" else -1
        if end < 0:
            body = (_BODIES if len(quote) == 1 else _TO_QUOTE)[quote[-1]].match(text, start)
            end = body.end() if body is not None else start
    cut = _CUT.search(text, start, end)
    if cut is not None:
        end = cut.start()
    scheme = _SCHEME.match(text, start, end)
    if scheme is not None:
        start = scheme.end()
    value = text[start:end]
    if not value.strip() or value in ORDINARY or is_placeholder(value) or _CLOSED.match(value):
        return None
    if strength == PIN:
        return (start, end, True) if is_pin(value) else None
    if (strength == WEAK or sep == ",") and (not looks_random(value) or is_wordy(value)):
        return None  # key="content-type", ["password", "user_name"]
    return (start, end, not (formatted and "{" in value))


def _unquoted(text: str, begin: int, name_end: int, start: int, sep: str, strength: int) -> Optional[Found]:
    shape, sure = _shape(text, begin, name_end, start, sep)
    scheme = _SCHEME.match(text, start)
    if scheme is not None:
        start, shape, sure = scheme.end(), _REST if scheme.group()[:1] in "dD" else _BARE, True
    found = shape.match(text, start)
    if found is None or text[start : start + 2] in ("${", "$("):
        return None
    value, end = found.group(), found.end()
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
        # Of an identifier nothing tells whether it is a secret or a variable.
        variable = _IDENTIFIER.match(value) and ("_" in value or not _DIGIT.search(value))
        if is_digest(value) and text[name_end - 3 : name_end].lower() == "key":
            return None  # key: 9fceb02d0ae598e95dc970b74767f19372d61af8
        return (start, end, True) if looks and not variable and not _NUMBER.match(value) else None
    spaced = sep == "=" and text[start - 1] != "="
    if spaced and (text[end : end + 1] == "," or (shape is _BARE and _WORD.match(value))):
        return None  # user, password = a, b
    if sep == ":" and not looks and not _AFTER.match(text, end):
        return None  # prose: "password: must be long"
    certain = looks or (len(value) >= 6 and not _IDENTIFIER.match(value))
    return (start, end, certain and not _WORD.match(value))


def _shape(text: str, begin: int, name_end: int, start: int, sep: str) -> Tuple[re.Pattern[str], bool]:
    """How far a value without quotes goes, and whether it is of a syntax that knows no quotes, so
    that a plain word is a value and not a variable."""
    lead = text[begin - 1 : begin] if begin else ""
    tight = sep == "=" and text[start - 1] == "="
    if tight and lead in ("?", "&") and lead:
        return _QUERY, True
    if sep == "=" and (lead == ";" or text[max(begin - 2, 0) : begin] == "; "):
        return _ADO, True
    if tight:
        value = _ADO.match(text, start, start + 256)
        if value is not None and _NEXT_PAIR.match(text, value.end()):
            return _ADO, True
        value = _LIBPQ.match(text, start, start + 256)
        last = text[max(begin - 80, 0) : begin].rsplit(None, 1)[-1:] if lead == " " else []
        listed = (last and _PAIR_BEFORE.match(last[0])) or (value and _NEXT_WORD.match(text, value.end()))
        if value is not None and listed and not value.group().endswith((",", ")")):
            return _LIBPQ, True
    if sep == ":" and text[name_end - 6 : name_end].lower() in ("cookie", "zation"):
        return _LINE, False
    if not lead or lead in "\r\n\t":
        solid = _SOLID.match(text, start)
        if solid is not None and not _CODE.match(solid.group()[:512]) and solid.group()[-1] not in ",:":
            return _SOLID, False
    return _BARE, False


def parts(value: str) -> List[str]:
    """What is secret by itself in a secret: a header's credential, a cookie's value, a key's
    lines, a text without the blanks around it."""
    found: List[str] = []
    stripped = value.strip()
    if stripped != value:
        found.append(stripped)
    scheme = _SCHEME.match(stripped)
    if scheme is not None:
        found.append(stripped[scheme.end() :])
    if "\n" in stripped:
        lines = [line.strip() for line in stripped.splitlines()]
        found += [line for line in lines if len(line) >= 8 and not line.startswith("-----")]
    elif "=" in stripped and len(stripped) < 8192:
        for piece in re.split("[;&]", stripped)[:50]:
            known = piece.partition("=")[2].strip()
            if looks_secret(known):
                found.append(known)
    return found
