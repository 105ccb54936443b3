"""Finds the written forms of many texts in one."""

from __future__ import annotations

import re
from base64 import b32encode, b64encode
from bisect import bisect_left
from json import dumps
from urllib.parse import quote, quote_plus

from .secret_strength import SHORTEST, is_strong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, List, Set, Tuple

_MAX_CHARACTERS = 3_000_000  # of the written forms beside the secrets themselves
_ANCHORED = 16  # characters at either end of a form in which its anchor lies
_CROWD = 8
MAX_DERIVED = 200  # secrets of which it is known what else can be made of them
MAX_DERIVED_SIZE = 512
_SPELLED = 40  # and of which it is known how they look letter by letter
_SPELLED_LONGEST = 64
_PARTS = 400_000  # characters of secrets whose parts are known
_PART = 8
"""Characters of a part of a secret that is masked inside other texts."""
_SHORT_PART = 6
"""Characters of a part that is masked where it is the whole of a value."""
_FARTHEST = 256
_MAX_HITS = 20_000
_RAREST = (
    "\x7f\x00~^`|@#$%&?!*+<>;{}[]\\QXZJKqVYWzjUHGFxkBNDPMLO9876354RCTSIAE210"
    "/:\"'=-()w_,.yvbgfhpmucdlsnirtoae \n"
)
_RANK = {character: rank for rank, character in enumerate(_RAREST)}
_SIMPLE = re.compile(r"[A-Za-z0-9_.\-]+\Z")
_ESCAPE = re.compile("%[0-9A-F]{2}")
_SAFE = ("", "/", "!*'()", ";,/?:@&=+$!*'()#", " +", "!#$%&'()*+,/:;=?@[]~")
"""What libraries leave as it is in addresses."""

_OMITTED = re.compile(r"…|\.\.\.")
_CLOSERS_TRIED = 8
_BORDERS_TRIED = 3
_CLOSERS = "'\"`)]}>,; \r\n\t"
_OPENERS = re.compile(r"(?:[\w.]{0,40}[(\[{<]){0,4}[bBrRuU]{0,2}[\"'`]?")


_SHORTEST_CUT = 150  # characters: every limit of the writer's is above it


class Index:
    """Finds the written forms of many texts in one.

    Each form has anchors, four characters at one place in it, chosen for being rare; a text is
    searched for anchors alone, and only around one is it compared. What stands at the end of a
    text before an anchor is found by its last four characters, and likewise at the start. A part of a
    secret (a slice that was logged) is found where it is a word: by its first characters.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._anchors: Dict[str, List[Tuple[str, int]]] = {}
        self._tails: Dict[str, Set[str]] = {}
        self._heads: Dict[str, Set[str]] = {}
        self._encoded: Set[str] = set()
        room = _MAX_CHARACTERS
        known = list(secrets)
        for secret in known:
            self._add(secret)
            for form in _forms(secret) if room > 0 else ():
                if form != secret:
                    room -= len(form)
                    self._add(form)
        short = [secret for secret in known if len(secret) <= MAX_DERIVED_SIZE][:MAX_DERIVED]
        for number, secret in enumerate(short):
            for form in _derived(secret, number < _SPELLED):
                self._add(form, whole=True)
            for form in _base64(secret):
                self._encoded.add(form)
                self._add(form, whole=True)
        self._blob, self._beginnings = _parts(known)
        self._search = re.compile(_expression(self._anchors)).search if self._anchors else None

    def _add(self, form: str, whole: bool = False) -> None:
        """:param whole: what is left of it where a text was cut is not looked for."""
        if len(form) < SHORTEST:
            return
        last = len(form) - SHORTEST
        first = self._anchor(form, 0, min(last, _ANCHORED), 1)
        second = self._anchor(form, last, max(last - _ANCHORED, first), -1) if last > 2 * _ANCHORED else first
        if whole:
            return
        for size in range(SHORTEST, min(first + SHORTEST, len(form))):
            self._tails.setdefault(form[size - SHORTEST : size], set()).add(form[:size])
        for at in range(second + 1, last + 1):
            self._heads.setdefault(form[at : at + SHORTEST], set()).add(form[at:])

    def _anchor(self, form: str, begin: int, end: int, step: int) -> int:
        """The place of a rare anchor; beyond ``end`` where many other forms have those before."""
        best, least = begin, (1 << 30, 0)
        for at in range(begin, len(form) - SHORTEST + 1 if step > 0 else -1, step):
            if (at - end) * step > 0 and (least[0] < _CROWD or abs(at - begin) > _FARTHEST):
                break
            known = self._anchors.get(form[at : at + SHORTEST])
            cost = (len(known) // _CROWD if known else 0, _RANK.get(form[at], 0))
            if cost < least:
                best, least = at, cost
        self._anchors.setdefault(form[best : best + SHORTEST], []).append((form, best))
        return best

    def spans(self, text: str) -> List[Tuple[int, int]]:
        """Start and end of each form in the text, overlapping ones too, and of what is left of one
        at a border. In a text with a great many, overlapping ones count as one."""
        if self._search is None or len(text) < SHORTEST:
            return []
        found: List[Tuple[int, int]] = []
        starts, ends = _borders(text)
        search, anchors = self._search, self._anchors
        last_start = starts[-1] if starts else 0
        first_end = ends[0] if ends else len(text)
        hits = 0
        match = search(text)
        while match is not None:
            at = following = match.start()
            for form, offset in anchors[text[at : at + SHORTEST]]:
                start = at - offset
                if start >= 0 and text.startswith(form, start):
                    found.append(_around(text, start, start + len(form), form in self._encoded))
                    following = max(following, start + len(form) - 1)
                elif start < last_start or start + len(form) > first_end:
                    found += _cut_out(text, form, start, at, starts, ends)
            hits += 1
            match = search(text, (at if hits < _MAX_HITS else following) + 1)
        for end in ends:
            for form in self._tails.get(text[max(end - SHORTEST, 0) : end], ()):
                if text.endswith(form, 0, end):
                    found.append((end - len(form), end))
        for start in starts:
            for form in self._heads.get(text[start : start + SHORTEST], ()):
                if text.startswith(form, start):
                    found.append((start, start + len(form)))
        if len(text) > _PART and self._beginnings:
            beginnings = self._beginnings
            for match in _WORDS.finditer(text):
                word = match.group()
                if word[:_SHORT_PART] in beginnings and word in self._blob and is_strong(word):
                    found.append(match.span())
        return found

    def is_part(self, text: str) -> bool:
        """Whether the text is a part of a secret and strong by itself."""
        if len(text) < _SHORT_PART or len(text) > _FARTHEST or text[:_SHORT_PART] not in self._beginnings:
            return False
        return text in self._blob and is_strong(text)


_WORDS = re.compile(r"[A-Za-z0-9_\-]{%d,%d}" % (_PART, _FARTHEST))
_ENCODED = re.compile(r"[A-Za-z0-9+/=_\-]*")
_ENCODED_BACK = re.compile(r"[A-Za-z0-9+/=_\-]*\Z")


def _around(text: str, start: int, end: int, encoded: bool) -> Tuple[int, int]:
    """Of what was found in base64 the whole word: its neighbours hold the secret's own ends."""
    if not encoded:
        return (start, end)
    before = _ENCODED_BACK.search(text, max(start - _FARTHEST, 0), start)
    after = _ENCODED.match(text, end, end + _FARTHEST)
    return (before.start() if before else start, after.end() if after else end)


def _parts(secrets: List[str]) -> Tuple[str, Set[str]]:
    """The secrets one after the other, and how each part of them begins."""
    room, kept = _PARTS, []
    for secret in secrets:
        if len(secret) > _SHORT_PART and len(secret) <= room:
            room -= len(secret)
            kept.append(secret)
    beginnings = {s[at : at + _SHORT_PART] for s in kept for at in range(len(s) - _SHORT_PART + 1)}
    return "\0".join(kept), beginnings


def _base64(secret: str) -> Iterator[str]:
    """What every base64 text has that the secret went into, wherever in the bytes it began."""
    raw = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        written = b64encode(b"\0" * before + raw).decode("ascii")
        first = (before * 8 + 5) // 6
        last = (before + len(raw)) * 8 // 6
        core = written[first:last]
        if len(core) >= _PART:
            yield core
            if "+" in core or "/" in core:
                yield core.replace("+", "-").replace("/", "_")


def _derived(secret: str, spelled: bool) -> Set[str]:
    """What can be made of a secret without a key: another case, backwards, hex, escapes of HTML and of
    addresses for each byte; and letter by letter.

    :param spelled: whether it is wanted letter by letter.
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
    if spelled and len(secret) <= _SPELLED_LONGEST:
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
    """Where what was cut may begin and end: at the text's own borders, within its quotes and
    brackets, and around marks of omission. A short text without such a mark was not cut: there a
    word that happens to begin a secret stays."""
    starts: List[int] = [0]
    ends: List[int] = []
    if len(text) < _SHORTEST_CUT and "…" not in text and "..." not in text:
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
    if bare < size - _CLOSERS_TRIED:
        ends.append(bare)
    ends += range(max(bare, size - _CLOSERS_TRIED), size + 1)
    return sorted(starts), sorted(ends)


def _cut_out(
    text: str, form: str, start: int, anchor: int, starts: List[int], ends: List[int]
) -> List[Tuple[int, int]]:
    """Where the form stands around its anchor, cut at one of the borders or at two."""
    stop = start + len(form)
    after = bisect_left(starts, anchor + 1)
    begins = [at for at in starts[max(after - _BORDERS_TRIED, 0) : after] if at > start]
    after = bisect_left(ends, anchor + SHORTEST)
    stops = [at for at in ends[after : after + _BORDERS_TRIED] if at < stop]
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


def _expression(anchors: Dict[str, Any]) -> str:
    """Any of the anchors; their first characters alone stand in front, so that the search runs
    over a text by a set of few characters."""
    tree: Dict[str, Dict[str, List[str]]] = {}
    for anchor in sorted(anchors):
        tree.setdefault(anchor[0], {}).setdefault(anchor[1], []).append(re.escape(anchor[2:]))
    branches = []
    for first, seconds in tree.items():
        rest = [re.escape(second) + "(?:%s)" % "|".join(ends) for second, ends in seconds.items()]
        branches.append(re.escape(first) + "(?=%s)" % "|".join(rest))
    return "|".join(branches)


def _forms(secret: str) -> Set[str]:
    """How the text may be written: as it is, in the source of a program, in JSON, in an address,
    and as bytes."""
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
    written = {quote(raw, safe) for safe in _SAFE}
    written |= {
        quote_plus(raw),
        quote_plus(raw, "/"),
        re.sub("[:@/]", lambda m: quote(m.group(), ""), secret),
    }
    forms |= written
    forms.update(_ESCAPE.sub(lambda m: m.group().lower(), form) for form in written)
    return {form for form in forms if len(form) >= SHORTEST}


def _quoted(body: str) -> Iterator[str]:
    """With each of the quotes escaped or not; in ``body`` the single ones are."""
    bare = body.replace("\\'", "'")
    for text in (body, bare):
        yield text
        yield text.replace('"', '\\"')
