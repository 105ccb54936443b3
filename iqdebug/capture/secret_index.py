"""Finds many secrets, in each of their written forms, in one text."""

from __future__ import annotations

import re
from base64 import b32encode, b64encode
from bisect import bisect_left
from json import dumps
from urllib.parse import quote, quote_plus

from .secret_strength import MIN_SECRET_LENGTH, is_strong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, List, Set, Tuple

_MAX_FORMS_SIZE = 3_000_000  # characters of all written forms, without the secrets themselves
_ANCHOR_DISTANCE = 16  # characters from either end of a form within which its anchor is chosen
_MAX_FORMS_PER_ANCHOR = 8
MAX_DERIVED_SECRETS = 200  # secrets whose derived forms are searched
MAX_DERIVED_LENGTH = 512
_MAX_SPELLED_SECRETS = 40  # secrets that are also searched letter by letter
_MAX_SPELLED_LENGTH = 64
_MAX_PARTS_SIZE = 400_000  # characters of all secrets whose parts are searched
_MIN_PART_LENGTH = 8
"""A part of a secret is masked inside other texts if it has so many characters."""
_MIN_WHOLE_PART_LENGTH = 6
"""A part of a secret is masked as a whole value if it has so many characters."""
_MAX_WORD_LENGTH = 256
_MAX_HITS = 20_000
_CHARACTERS_BY_RARITY = (
    "\x7f\x00~^`|@#$%&?!*+<>;{}[]\\QXZJKqVYWzjUHGFxkBNDPMLO9876354RCTSIAE210"
    "/:\"'=-()w_,.yvbgfhpmucdlsnirtoae \n"
)
_RANK = {character: rank for rank, character in enumerate(_CHARACTERS_BY_RARITY)}
_SIMPLE = re.compile(r"[A-Za-z0-9_.\-]+\Z")
_ESCAPE = re.compile("%[0-9A-F]{2}")
_SAFE_CHARACTERS = ("", "/", "!*'()", ";,/?:@&=+$!*'()#", " +", "!#$%&'()*+,/:;=?@[]~")
"""The sets of characters that libraries leave unquoted in addresses."""

_OMITTED = re.compile(r"…|\.\.\.")
_MAX_CLOSERS = 8
_MAX_BORDERS = 3
_CLOSERS = "'\"`)]}>,; \r\n\t"
_OPENERS = re.compile(r"(?:[\w.]{0,40}[(\[{<]){0,4}[bBrRuU]{0,2}[\"'`]?")


_MIN_CUT_LENGTH = 150  # characters: no limit of the crash file's writer cuts a text shorter


class Index:
    """Finds the written forms of many texts in one.

    Each form has anchors: four rare characters at one place in it. A text is searched for anchors only, and
    compared with the form only around one. If the text was cut before the anchor, the form's beginning is
    recognised by the last four characters at the text's end; likewise at its start. A part of a secret (a
    slice that was logged) is found if it is a word, by its first characters.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._anchors: Dict[str, List[Tuple[str, int]]] = {}
        self._tails: Dict[str, Set[str]] = {}
        self._heads: Dict[str, Set[str]] = {}
        self._encoded: Set[str] = set()
        room = _MAX_FORMS_SIZE
        known = list(secrets)
        for secret in known:
            self._add(secret)
            for form in _forms(secret) if room > 0 else ():
                if form != secret:
                    room -= len(form)
                    self._add(form)
        short = [secret for secret in known if len(secret) <= MAX_DERIVED_LENGTH][:MAX_DERIVED_SECRETS]
        for number, secret in enumerate(short):
            for form in _derived(secret, number < _MAX_SPELLED_SECRETS):
                self._add(form, whole=True)
            for form in _base64(secret):
                self._encoded.add(form)
                self._add(form, whole=True)
        self._blob, self._beginnings = _parts(known)
        self._search = re.compile(_anchor_pattern(self._anchors)).search if self._anchors else None

    def _add(self, form: str, whole: bool = False) -> None:
        """:param whole: do not search for the rest of the form where a text was cut."""
        if len(form) < MIN_SECRET_LENGTH:
            return
        last = len(form) - MIN_SECRET_LENGTH
        first = self._anchor(form, 0, min(last, _ANCHOR_DISTANCE), 1)
        second = (
            self._anchor(form, last, max(last - _ANCHOR_DISTANCE, first), -1)
            if last > 2 * _ANCHOR_DISTANCE
            else first
        )
        if whole:
            return
        for size in range(MIN_SECRET_LENGTH, min(first + MIN_SECRET_LENGTH, len(form))):
            self._tails.setdefault(form[size - MIN_SECRET_LENGTH : size], set()).add(form[:size])
        for at in range(second + 1, last + 1):
            self._heads.setdefault(form[at : at + MIN_SECRET_LENGTH], set()).add(form[at:])

    def _anchor(self, form: str, begin: int, end: int, step: int) -> int:
        """The position of a rare anchor; beyond ``end`` if many other forms share those before it."""
        best, least = begin, (1 << 30, 0)
        for at in range(begin, len(form) - MIN_SECRET_LENGTH + 1 if step > 0 else -1, step):
            if (at - end) * step > 0 and (
                least[0] < _MAX_FORMS_PER_ANCHOR or abs(at - begin) > _MAX_WORD_LENGTH
            ):
                break
            known = self._anchors.get(form[at : at + MIN_SECRET_LENGTH])
            cost = (len(known) // _MAX_FORMS_PER_ANCHOR if known else 0, _RANK.get(form[at], 0))
            if cost < least:
                best, least = at, cost
        self._anchors.setdefault(form[best : best + MIN_SECRET_LENGTH], []).append((form, best))
        return best

    def spans(self, text: str) -> List[Tuple[int, int]]:
        """Start and end of each form in the text, overlapping ones too, and of the rest of one at a border
        where the text was cut. In a text with very many, overlapping ones count as one."""
        if self._search is None or len(text) < MIN_SECRET_LENGTH:
            return []
        spans: List[Tuple[int, int]] = []
        starts, ends = _borders(text)
        search, anchors = self._search, self._anchors
        last_start = starts[-1] if starts else 0
        first_end = ends[0] if ends else len(text)
        hits = 0
        match = search(text)
        while match is not None:
            at = following = match.start()
            for form, offset in anchors[text[at : at + MIN_SECRET_LENGTH]]:
                start = at - offset
                if start >= 0 and text.startswith(form, start):
                    spans.append(_whole_word(text, start, start + len(form), form in self._encoded))
                    following = max(following, start + len(form) - 1)
                elif start < last_start or start + len(form) > first_end:
                    spans += _cut_forms(text, form, start, at, starts, ends)
            hits += 1
            match = search(text, (at if hits < _MAX_HITS else following) + 1)
        for end in ends:
            for form in self._tails.get(text[max(end - MIN_SECRET_LENGTH, 0) : end], ()):
                if text.endswith(form, 0, end):
                    spans.append((end - len(form), end))
        for start in starts:
            for form in self._heads.get(text[start : start + MIN_SECRET_LENGTH], ()):
                if text.startswith(form, start):
                    spans.append((start, start + len(form)))
        if len(text) > _MIN_PART_LENGTH and self._beginnings:
            beginnings = self._beginnings
            for match in _WORDS.finditer(text):
                word = match.group()
                if word[:_MIN_WHOLE_PART_LENGTH] in beginnings and word in self._blob and is_strong(word):
                    spans.append(match.span())
        return spans

    def is_part(self, text: str) -> bool:
        """Whether the text is part of a secret and strong by itself."""
        if (
            len(text) < _MIN_WHOLE_PART_LENGTH
            or len(text) > _MAX_WORD_LENGTH
            or text[:_MIN_WHOLE_PART_LENGTH] not in self._beginnings
        ):
            return False
        return text in self._blob and is_strong(text)


_WORDS = re.compile(r"[A-Za-z0-9_\-]{%d,%d}" % (_MIN_PART_LENGTH, _MAX_WORD_LENGTH))
_ENCODED = re.compile(r"[A-Za-z0-9+/=_\-]*")
_ENCODED_BACK = re.compile(r"[A-Za-z0-9+/=_\-]*\Z")


def _whole_word(text: str, start: int, end: int, encoded: bool) -> Tuple[int, int]:
    """The span of the whole word around a base64 form: its neighbours encode the ends of the secret."""
    if not encoded:
        return (start, end)
    before = _ENCODED_BACK.search(text, max(start - _MAX_WORD_LENGTH, 0), start)
    after = _ENCODED.match(text, end, end + _MAX_WORD_LENGTH)
    return (before.start() if before else start, after.end() if after else end)


def _parts(secrets: List[str]) -> Tuple[str, Set[str]]:
    """The joined secrets, and the first characters of each of their parts."""
    room, kept = _MAX_PARTS_SIZE, []
    for secret in secrets:
        if len(secret) > _MIN_WHOLE_PART_LENGTH and len(secret) <= room:
            room -= len(secret)
            kept.append(secret)
    beginnings = {
        s[at : at + _MIN_WHOLE_PART_LENGTH] for s in kept for at in range(len(s) - _MIN_WHOLE_PART_LENGTH + 1)
    }
    return "\0".join(kept), beginnings


def _base64(secret: str) -> Iterator[str]:
    """What every base64 text of data with the secret in it contains, for each alignment of the bytes."""
    raw = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        written = b64encode(b"\0" * before + raw).decode("ascii")
        first = (before * 8 + 5) // 6
        last = (before + len(raw)) * 8 // 6
        core = written[first:last]
        if len(core) >= _MIN_PART_LENGTH:
            yield core
            if "+" in core or "/" in core:
                yield core.replace("+", "-").replace("/", "_")


def _derived(secret: str, spelled: bool) -> Set[str]:
    """Forms that can be made of a secret without a key: other case, reversed, hex, HTML and URL escapes of
    each byte.

    :param spelled: also letter by letter.
    """
    raw = secret.encode("utf-8", "surrogatepass")
    code = raw.hex()
    forms = {
        secret.upper(),
        secret.lower(),
        secret[::-1],
        secret.swapcase(),
        secret.capitalize(),
        code,
        code.upper(),
    }
    escaped = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    forms |= {
        escaped,
        escaped.replace('"', "&quot;").replace("'", "&#x27;"),
        escaped.replace('"', "&#34;").replace("'", "&#39;"),
    }
    pairs = [code[at : at + 2] for at in range(0, len(code), 2)]
    forms |= {
        "%" + "%".join(pairs),
        "%" + "%".join(pairs).upper(),
        ":".join(pairs),
        " ".join(pairs),
        "\\x" + "\\x".join(pairs),
    }
    if spelled and len(secret) <= _MAX_SPELLED_LENGTH:
        forms |= {between.join(secret) for between in (" ", "-", ",", ", ", ".", "_", "', '", '", "', "\n")}
        forms |= {", ".join(map(str, raw)), ",".join(map(str, raw)), " ".join(map(str, raw))}
        forms |= {
            ", ".join(map(hex, raw)),
            "".join("\\u%04x" % ord(c) for c in secret),
            "-".join(secret.upper()),
        }
    forms |= {secret.lower()[::-1], secret.upper()[::-1]}
    forms |= {
        b32encode(raw).decode("ascii").rstrip("="),
        b64encode(b64encode(raw)).decode("ascii").rstrip("="),
    }
    forms.discard(secret)
    return {form for form in forms if is_strong(form)}


def _borders(text: str) -> Tuple[List[int], List[int]]:
    """Where a cut secret may begin and end: at the borders of the text, inside its quotes and brackets, and
    around marks of omission. A short text without such a mark was not cut: a word in it that equals the
    beginning of a secret is not masked."""
    starts: List[int] = [0]
    ends: List[int] = []
    if len(text) < _MIN_CUT_LENGTH and "…" not in text and "..." not in text:
        return [], []
    opened = _OPENERS.match(text)
    if opened is not None and opened.end():
        starts.append(opened.end())
    if "…" in text or "..." in text:
        for match in _OMITTED.finditer(text):
            ends.append(match.start())
            starts.append(match.end())
    size = len(text)
    bare = len(text.rstrip(_CLOSERS))
    if bare < size - _MAX_CLOSERS:
        ends.append(bare)
    ends += range(max(bare, size - _MAX_CLOSERS), size + 1)
    return sorted(starts), sorted(ends)


def _cut_forms(
    text: str, form: str, start: int, anchor: int, starts: List[int], ends: List[int]
) -> List[Tuple[int, int]]:
    """The spans of a form around its anchor that is cut at one or two of the borders."""
    stop = start + len(form)
    after = bisect_left(starts, anchor + 1)
    begins = [at for at in starts[max(after - _MAX_BORDERS, 0) : after] if at > start]
    after = bisect_left(ends, anchor + MIN_SECRET_LENGTH)
    stops = [at for at in ends[after : after + _MAX_BORDERS] if at < stop]
    if start >= 0:
        begins.append(start)
    if stop <= len(text):
        stops.append(stop)
    return [
        (begin, end)
        for begin in begins
        for end in stops
        if text.startswith(form[begin - start : end - start], begin)
    ]


def _anchor_pattern(anchors: Dict[str, Any]) -> str:
    """An expression for any of the anchors. Their first characters come first, so that the search skips
    through the text by a small set of characters."""
    tree: Dict[str, Dict[str, List[str]]] = {}
    for anchor in sorted(anchors):
        tree.setdefault(anchor[0], {}).setdefault(anchor[1], []).append(re.escape(anchor[2:]))
    branches = []
    for first, seconds in tree.items():
        rest = [re.escape(second) + "(?:%s)" % "|".join(ends) for second, ends in seconds.items()]
        branches.append(re.escape(first) + "(?=%s)" % "|".join(rest))
    return "|".join(branches)


def _forms(secret: str) -> Set[str]:
    """How the text may be written: unchanged, in Python source, in JSON, in a URL, and as bytes."""
    if _SIMPLE.match(secret):
        return {secret}
    try:
        raw = secret.encode("utf-8", "surrogateescape")
    except UnicodeError:
        raw = secret.encode("utf-8", "surrogatepass")
    texts = {secret}
    if any("\udc80" <= character <= "\udcff" for character in secret):
        texts |= {
            raw.decode("latin-1"),
            raw.decode("utf-8", "backslashreplace"),
            raw.decode("utf-8", "replace"),
        }
    forms = set(_quoted(repr(b'"' + raw)[3:-1]))
    for text in texts:
        forms.add(text)
        forms.update(_quoted(repr('"' + text)[2:-1]))
        forms.update(_quoted(ascii('"' + text)[2:-1]))
        for body in (dumps(text)[1:-1], dumps(text, ensure_ascii=False)[1:-1]):
            forms |= {body, body.replace("/", "\\/")}
    for form in list(forms):  # a text in a text
        if "\\" in form or "'" in form or '"' in form:
            twice = form.replace("\\", "\\\\")
            forms |= {twice, twice.replace("'", "\\'"), twice.replace('"', '\\"')}
    written = {quote(raw, safe) for safe in _SAFE_CHARACTERS}
    written |= {
        quote_plus(raw),
        quote_plus(raw, "/"),
        re.sub("[:@/]", lambda m: quote(m.group(), ""), secret),
    }
    forms |= written
    forms.update(_ESCAPE.sub(lambda m: m.group().lower(), form) for form in written)
    return {form for form in forms if len(form) >= MIN_SECRET_LENGTH}


def _quoted(body: str) -> Iterator[str]:
    """The text with each kind of quotes escaped or not. In ``body`` the single quotes are escaped."""
    bare = body.replace("\\'", "'")
    for text in (body, bare):
        yield text
        yield text.replace('"', '\\"')
