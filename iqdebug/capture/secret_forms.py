"""Secrets that can be told by their form, inside any text: passwords in addresses, keys of known
shapes, what stands behind ``password=``.

Every expression here needs time in proportion to the text's length, whatever the text is.
"""

from __future__ import annotations

import builtins
import keyword
import re

from .secret_names import ADDRESS, NONE, STRONG, WEAK, judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Match, Optional, Tuple

    Found = Tuple[int, int, bool]

ORDINARY = frozenset(
    (
        *keyword.kwlist,
        *getattr(keyword, "softkwlist", ()),
        *vars(builtins),
        *("true", "false", "none", "null", "nil", "undefined", "nan", "inf", "yes", "no", "on", "off"),
        *("TRUE", "FALSE", "NONE", "NULL", "Null"),
    )
)
"""Words that are never masked everywhere."""

_TRIGGERS = (
    *("pass", "pwd", "secret", "token", "key", "credential", "cookie", "auth", "sess"),
    *("signature", "salt", "nonce", "jwt", "bearer", "cert", "csrf", "xsrf"),
    *("ssn", "cvv", "cvc", "card", "pin", "otp", "sid"),
)
_NAME_LONGEST = 64
_PAIR = re.compile(
    r"(?:%s)[\w.\-]{0,64}(?![\w.\-])" % "|".join(_TRIGGERS)
    + r"(?:\\{0,3}[\"'])?\]?[ \t]{0,16}"
    + r"(?P<sep>=>|:=|={1,3}|!=|:(?!//)|,(?=[ \t]{0,4}\\{0,3}[\"']))[ \t]{0,16}"
    + r"(?:[bru]{1,2}(?=[\"'])|f(?=[\"']))?(?P<quote>\"{3}|'{3}|\\{0,3}[\"'])?"
)
"""A name that could be a secret's, up to where its value begins. For texts in lower case."""

_SCHEME = re.compile(r"(?:bearer|basic|token|digest|negotiate|apikey)[ \t]+", re.IGNORECASE)
_BODIES = {
    '"': re.compile(r'[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*'),
    "'": re.compile(r"[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*"),
}
_TO_QUOTE = {'"': re.compile(r'[^"\r\n]*'), "'": re.compile(r"[^'\r\n]*")}
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
_DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+)+\Z")
_CODE = re.compile(r"[A-Za-z_][\w.]*[(\[]|[A-Za-z_]+(?:\.[A-Za-z_]+)+\Z|[(\[{]|lambda\b")
_AFTER = re.compile(r"[ \t]*(?:[\r\n,;&}#\\]|\Z)")
_NEXT_PAIR = re.compile(r";[ \t]?[A-Za-z][\w ]{0,30}=")
_NEXT_WORD = re.compile(r" [a-z_]{1,30}=[^\s=]")
_PAIR_BEFORE = re.compile(r"[\"']?[a-z_]{1,30}=[^\s,;()]*\Z")
_KEYWORDS = re.compile(r"\s*[\w .\-]{1,40}=")
_WORD = re.compile(r"[A-Za-z_]+\Z")
_LETTERS = re.compile(r"[A-Za-z._ \-]+\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_PLACEHOLDER = re.compile(
    r"\$(?:\{\w*\}|[A-Z_][A-Z0-9_]*)\Z|\{[^{}]*\}\Z|\{\{[^{}]*\}\}\Z|%(?:\(\w*\))?[sdr]\Z|<[^<>]*>\Z"
    r"|[*•.…]+\Z|[xX]{3,}\Z|\[[\w ]*\]\Z"
)
_URL = re.compile(r"://([^\s/?#:@\"'<>\\]{0,256})(?::([^\s/?\"'<>\\]{1,1024}))?@")
_BEARER = re.compile(r"(?:bearer|basic)[ \t]+([a-z0-9._~+/=\-]{8,8192})")
_OPTION = re.compile(r"--(?<![\w\-]--)([A-Za-z][\w\-]{1,40})[ \t]+(?!-)([^\s\"'\\…]{1,1024})")
_ELEMENT = re.compile(r"<([A-Za-z][\w:.\-]{1,60})(?:\s[^<>\r\n]{0,200})?>([^<>\r\n]{1,1024})</")
_ROW = re.compile(
    r"\\?[\"'](?:name|key|id|field|Name|Key)\\?[\"']\s{0,8}:\s{0,8}\\?[\"']([\w.\-]{2,64})\\?[\"']\s{0,8},\s{0,40}"
    r"\\?[\"'](?:value|val|Value)\\?[\"']\s{0,8}:\s{0,8}\\?[\"']([^\"'\\\r\n]{1,1024})"
)
_CURL = re.compile(r"(?<![\w\-])(?:-u|--user)[ \t=]{0,8}[\"']?([^\s:\"'\\]{1,256}):([^\s\"'\\…]{1,1024})")
_MYSQL = re.compile(r"(?<![\w\-])-p([^\s\"'\\…\-][^\s\"'\\…]{2,256})")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_LONGEST = 20_000
_PEM_BODY = re.compile(r"(?:[A-Za-z0-9+/=:,\- ]|\s|\\[rn])*")


def _alone(start: str) -> str:
    """The start of a token that no letter stands before, but the last of an escape may. It looks
    back from behind the letters: a search for letters is the faster one."""
    start = re.escape(start)
    return start + r"(?:(?<![A-Za-z0-9_\-]%s)|(?<=\\[nrt]%s)|(?<=%%[0-9A-Fa-f]{2}%s))" % ((start,) * 3)


_SHAPES = (
    (("AKIA", "ASIA"), re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"), False),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), re.compile(r"gh[pousr]_[A-Za-z0-9]{16,}"), False),
    (("github_pat_",), re.compile(r"github_pat_[A-Za-z0-9_]{16,}"), False),
    (("xox",), re.compile(r"xox[a-z]-[A-Za-z0-9\-]{10,}"), True),
    (("k_live_", "k_test_"), re.compile(r"[sr]k_(?:live|test)_[A-Za-z0-9]{8,}"), False),
    (("AIza",), re.compile(r"AIza[A-Za-z0-9_\-]{30,}"), False),
    (("sk-",), re.compile(_alone("sk-") + r"[A-Za-z0-9_\-]{20,}"), True),
    (("eyJ",), re.compile(_alone("eyJ") + r"[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]{4,}\.[A-Za-z0-9_\-]*"), False),
    (("npm_",), re.compile(r"npm_[A-Za-z0-9]{30,}"), False),
    (("pypi-",), re.compile(r"pypi-[A-Za-z0-9_\-]{16,}"), True),
)
"""What must occur in the text, the shape, whether it needs a digit to be one."""

_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_\-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_\-])")
_AWS_NEAR = 512
_DIGIT = re.compile(r"[0-9]")
_PATH = re.compile(
    r"(?:~|\.{1,2})?/(?:[^/]*/)*[^/]*\.[a-z]{1,5}\Z|/(?:etc|home|usr|var|tmp|opt|root|run|srv|mnt|Users)/"
)


def looks_secret(text: str) -> bool:
    """One word that could be a password or a token: no keyword, no path, at least 6 characters
    with a digit or at least 12."""
    if (
        len(text) < 6
        or text in ORDINARY
        or len(text.split(None, 1)) != 1
        or text[0].isspace()
        or text[-1].isspace()
    ):
        return False
    if len(text) < 12 and not _DIGIT.search(text):
        return False
    if _PLACEHOLDER.match(text) or _DOTTED.match(text):
        return False
    return not _PATH.match(text[:1024])


def looks_random(text: str) -> bool:
    """As :func:`looks_secret`, and at least 16 characters, or at least 8 with three digits. A
    parser's ``token`` and a mapping's ``key`` are shorter, or words."""
    if not looks_secret(text):
        return False
    return len(text) >= 16 or (len(text) >= 8 and len(_DIGIT.findall(text)) >= 3)


def _wordy(text: str) -> bool:
    """Words of letters, as names are made: "content-type", "refreshToken"."""
    if not _LETTERS.match(text):
        return False
    return len(text) < 20 or text.lower() == text or text.upper() == text or not text.isalpha()


def address_parses(text: str) -> bool:
    """Whether what is secret in a service's address can be told from the rest."""
    if "://" in text:
        return "@" not in text or _URL.search(text) is not None
    return _KEYWORDS.match(text) is not None


def find(text: str) -> List[Found]:
    """Start, end, and whether the text between them should be masked wherever it appears."""
    found: List[Found] = []
    if "://" in text and "@" in text:
        for match in _URL.finditer(text):
            found += _userinfo(match)
    if "-----BEGIN " in text:
        found += _pem(text)
    for needles, shape, digit in _SHAPES:
        for needle in needles:
            if needle in text:
                found += _shaped(text, shape, digit)
                break
    lower = text.lower()
    if len(lower) != len(text):
        lower = text.replace("\u0130", "i").lower()
    for trigger in _TRIGGERS:
        if trigger in lower:
            found += _pairs(text, lower)
            break
    if "bearer" in lower or "basic" in lower:
        for match in _BEARER.finditer(lower):
            value = text[match.start(1) : match.end(1)]
            if _DIGIT.search(value) and (value.lower() != value or lower.startswith("bearer", match.start())):
                found.append((match.start(1), match.end(1), True))
    if "--" in text:
        for match in _OPTION.finditer(text):
            strength = judge(match.group(1))
            value = match.group(2)
            if (strength == STRONG or (strength == WEAK and looks_secret(value))) and not _plain(value):
                found.append((match.start(2), match.end(2), looks_secret(value)))
    found += _of_other_tools(text, lower)
    return found


def _of_other_tools(text: str, lower: str) -> Iterator[Found]:
    """XML elements, rows of a name and a value, and the short options of curl and mysql."""
    if "</" in text:
        for match in _ELEMENT.finditer(text):
            yield from _named(match, match.group(1).rsplit(":", 1)[-1])
    if "value" in lower or "val'" in lower or 'val"' in lower:
        for match in _ROW.finditer(text):
            yield from _named(match, match.group(1))
    if "curl" in lower and "-u" in text:
        for match in _CURL.finditer(text):
            if not _plain(match.group(2)):
                yield (match.start(2), match.end(2), looks_secret(match.group(2)))
    if "mysql" in lower and "-p" in text:
        for match in _MYSQL.finditer(text):
            if not _plain(match.group(1)):
                yield (match.start(1), match.end(1), looks_secret(match.group(1)))


def _named(match: Match[str], name: str) -> Iterator[Found]:
    """The second group, found under a name."""
    value, strength = match.group(2), judge(name)
    if _plain(value) or value.strip() in ORDINARY or not value.strip():
        return
    if strength == STRONG or (strength == WEAK and looks_random(value) and not _wordy(value)):
        yield (match.start(2), match.end(2), looks_secret(value))


def _userinfo(match: Match[str]) -> Iterator[Found]:
    user, password = match.span(1), match.span(2)
    if password[0] >= 0:
        if not _plain(match.group(2)):
            yield (password[0], password[1], True)
    elif user[1] - user[0] >= 16 and looks_secret(match.group(1)) and _DIGIT.search(match.group(1)):
        yield (user[0], user[1], True)


def _pem(text: str) -> Iterator[Found]:
    at = 0
    while True:
        begin = _PEM.search(text, at)
        if begin is None:
            return
        start = begin.end()
        end = text.find("-----", start, start + _PEM_LONGEST)
        if end < 0 or not text.startswith("-----END", end):
            body = _PEM_BODY.match(text, start, min(start + _PEM_LONGEST, end if end >= 0 else len(text)))
            end = body.end() if body is not None else start
        at = max(end, start)
        if len(text[start:end].strip()) >= 16:
            yield (start, end, True)


def _shaped(text: str, shape: re.Pattern[str], digit: bool) -> Iterator[Found]:
    near = 0
    for match in shape.finditer(text):
        if digit and not _DIGIT.search(match.group()):
            continue
        yield (match.start(), match.end(), True)
        if match.group()[:4] in ("AKIA", "ASIA"):
            # The secret key has no shape of its own but its length, so only beside its id.
            for other in _AWS_SECRET.finditer(text, max(match.end(), near), match.end() + _AWS_NEAR):
                key = other.group()
                if _DIGIT.search(key) and key.lower() != key and key.upper() != key:
                    yield (other.start(), other.end(), True)
            near = match.end() + _AWS_NEAR


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
    floor = max(begin - _NAME_LONGEST, 0)
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
        return _quoted(text, start, quote, sep, strength, formatted)
    if sep in ("==", "===", "!=", ","):
        return None
    return _unquoted(text, begin, name_end, start, sep, strength)


def _quoted(text: str, start: int, quote: str, sep: str, strength: int, formatted: bool) -> Optional[Found]:
    if len(quote) == 3 and "\\" not in quote:
        end = text.find(quote, start, start + _PEM_LONGEST)
        end = end if end >= 0 else min(len(text), start + _PEM_LONGEST)
    else:
        end = text.find(quote, start, start + _PEM_LONGEST) if quote[0] == "\\" else -1
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
    if not value.strip() or value in ORDINARY or _plain(value) or _CLOSED.match(value):
        return None
    if (strength == WEAK or sep == ",") and (not looks_random(value) or _wordy(value)):
        return None  # key="content-type", ["password", "user_name"]
    return (start, end, not (formatted and "{" in value))


def _unquoted(text: str, begin: int, name_end: int, start: int, sep: str, strength: int) -> Optional[Found]:
    shape, sure = _shape(text, begin, name_end, start, sep)
    scheme = _SCHEME.match(text, start)
    if scheme is not None:
        start, shape, sure = scheme.end(), _REST if scheme.group()[:1] in "dD" else _BARE, True
    found = shape.match(text, start)
    if found is None:
        return None
    value, end = found.group(), found.end()
    first = value if shape is not _LINE else value.split(None, 1)[0]
    if first in ORDINARY or _plain(value):
        return None
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


def _plain(value: str) -> bool:
    return _PLACEHOLDER.match(value) is not None


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
