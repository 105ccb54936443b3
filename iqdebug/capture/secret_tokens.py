"""Finds the keys and tokens that services issue by their prefix, alphabet and length.

The minimum lengths are those that the services issue or a little less, but long enough that an ordinary
name with the same prefix is no match.
"""

from __future__ import annotations

import re

from .lazy import lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Tuple

MIN_TOKEN_LENGTH = 16
"""Characters of the shortest token."""

_WORD = "[A-Za-z0-9]"
_URLSAFE = r"[A-Za-z0-9_\-]"
_HEX = "[0-9a-fA-F]"

_SHAPES = (
    # source code, packages
    ("ghp_ gho_ ghu_ ghs_ ghr_", _WORD + "{16,}"),
    ("github_pat_", "[A-Za-z0-9_]{16,}"),
    ("glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glimt- glagent- GR1348941", _URLSAFE + "{20,}"),
    ("npm_", _WORD + "{30,}"),
    ("pypi-", _URLSAFE + "{16,}", "digit"),
    ("rubygems_", _HEX + "{40,}"),
    ("cio", _WORD + "{32}(?![A-Za-z0-9])", "mixed"),
    ("dckr_pat_ dckr_oat_", _URLSAFE + "{20,}"),
    ("ATATT3x ATBB ATCTT3x", r"[A-Za-z0-9_\-=]{24,}", "digit"),
    # talk
    ("xoxa- xoxb- xoxc- xoxd- xoxe- xoxo- xoxp- xoxr- xoxs-", r"[A-Za-z0-9\-%]{10,}", "digit"),
    ("xoxe.xoxb- xoxe.xoxp-", r"[A-Za-z0-9\-]{10,}", "digit"),
    ("xapp-", r"[0-9]-[A-Za-z0-9]{6,}-[0-9]{6,}-[A-Za-z0-9]{16,}"),
    ("SG.", _URLSAFE + r"{16,32}\." + _URLSAFE + "{32,64}"),
    # payment
    ("sk_live_ sk_test_ rk_live_ rk_test_", _WORD + "{8,}", "digit"),
    ("whsec_", "[A-Za-z0-9+/=]{24,}"),
    ("sq0atp- sq0csp- sq0idp-", _URLSAFE + "{20,}"),
    ("shpat_ shpss_ shpca_ shppa_", _HEX + "{32}"),
    ("shippo_live_ shippo_test_", _HEX + "{32,}"),
    # clouds
    ("AKIA ASIA ABIA ACCA", "[A-Z0-9]{16}(?![A-Z0-9])"),
    ("ABSK", "[A-Za-z0-9+/=]{60,}"),
    ("AIza", _URLSAFE + "{30,}"),
    ("ya29.", r"[A-Za-z0-9_\-.]{20,}"),
    ("1//0", _URLSAFE + "{30,}"),
    ("GOCSPX-", _URLSAFE + "{20,}"),
    ("dop_v1_ doo_v1_ dor_v1_", _HEX + "{64}"),
    ("dapi dkea dose", _HEX + "{32}(?:-[0-9])?(?![0-9a-zA-Z])"),
    ("hvs. hvb. hvr.", _URLSAFE + "{20,}"),
    ("tskey-", _URLSAFE + "{16,}", "digit"),
    ("pscale_tkn_ pscale_pw_ pscale_oauth_", r"[A-Za-z0-9_\-.]{20,}"),
    ("sbp_ sb_secret_", "[A-Za-z0-9_]{20,}", "digit"),
    ("dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"[A-Za-z0-9_\-.]{30,}"),
    ("rnd_", _WORD + "{28,}"),
    ("fo1_", _URLSAFE + "{32,}"),
    ("fm1_ fm2_ fm1r_", "[A-Za-z0-9+/=]{60,}"),
    ("nfp_", _WORD + "{30,}"),
    ("ops_eyJ", _URLSAFE + "{40,}"),
    ("AGE-SECRET-KEY-1", "[A-Z0-9]{50,}"),
    # watching
    ("glsa_ glc_", "[A-Za-z0-9_=]{30,}"),
    ("NRAK- NRAA- NRJS- NRII-", _URLSAFE + "{16,}"),
    ("sntrys_ sntryu_", "[A-Za-z0-9_=+/]{40,}"),
    ("phx_ phs_", _WORD + "{32,}"),
    ("PMAK-", "[0-9a-f]{24}-[0-9a-f]{34}"),
    # models
    ("sk-", _URLSAFE + "{20,}", "digit"),
    ("hf_ api_org_", "[A-Za-z]{30,}|" + _WORD + "{30,}"),
    ("gsk_", _WORD + "{40,}"),
    ("r8_", _WORD + "{30,}"),
    ("pplx- xai- nvapi- csk- fw_ tgp_v1_ jina_", _URLSAFE + "{32,}"),
    ("lsv2_pt_ lsv2_sk_", "[0-9a-f]{32}_[0-9a-f]{8,}"),
    # what people work with
    ("lin_api_ lin_oauth_", _WORD + "{32,}"),
    ("ntn_ secret_", _WORD + "{40,}"),
    ("figd_ figo_", _URLSAFE + "{32,}"),
    ("pat-na1- pat-eu1-", _HEX + "{8}(?:-" + _HEX + "{4}){3}-" + _HEX + "{12}"),
    ("sl.", _URLSAFE + "{60,}"),
    ("key-", "[0-9a-f]{32}(?![0-9a-zA-Z])"),
    ("SK", "[0-9a-f]{32}(?![0-9a-zA-Z])"),
    ("EAAA EAAC EAAB EAAG", _WORD + "{40,}"),
    ("CFPAT-", _URLSAFE + "{40,}"),
    ("bkua_", _HEX + "{40}"),
    ("CCIPAT_", "[A-Za-z0-9_]{40,}"),
    ("LTAI", _WORD + "{16,24}(?![A-Za-z0-9])", "digit"),
    ("dt0c01. dt0s01. dt0s16.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("pul-", "[0-9a-f]{40}"),
    ("xkeysib- xsmtpsib-", "[0-9a-f]{64}-" + _WORD + "{16}"),
    ("y0_ t1.", r"[A-Za-z0-9_\-.=]{40,}", "digit"),
    ("FLWSECK_TEST- FLWSECK-", "[0-9A-Za-z]{12,}(?:-X)?"),
    ("EZAK EZTK", _WORD + "{54}"),
    ("sk.eyJ", _URLSAFE + r"{20,}\." + _URLSAFE + "{10,}"),
    ("pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("eyJ", _URLSAFE + r"{5,}\." + _URLSAFE + r"{4,}(?:\." + _URLSAFE + "*){1,3}"),
)
"""Prefixes, what follows them, and whether that must have a digit, or mixed case too, to be a token."""

_SHAPE_OF: Dict[str, Tuple[re.Pattern[str], str]] = {}
for _starts, _rest, *_needs in _SHAPES:
    for _start in _starts.split():
        _SHAPE_OF[_start] = (lazy("(?:%s)" % _rest), _needs[0] if _needs else "")

# The longest first, so that of two matching prefixes the longer one is found.
_PREFIX = lazy("|".join(map(re.escape, sorted(_SHAPE_OF, key=len, reverse=True))))
# No letter may precede a token, except the last one of an escape.
_TOKEN_BORDER = lazy(r"(?:\A|[^A-Za-z0-9_\-]|\\[nrt]|%[0-9A-Fa-f]{2})\Z")
_TOKEN_CHARACTERS = lazy(r"[A-Za-z0-9_\-./%+=]{16,}")
_DIGIT = lazy("[0-9]")

_AWS_SECRET = lazy(r"(?<![A-Za-z0-9/+=_\-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_\-])")
_AWS_IDS = frozenset(("AKIA", "ASIA", "ABIA", "ACCA"))
_MAX_AWS_DISTANCE = 512

_TELEGRAM = lazy(r":[A-Za-z0-9_\-]{35}(?![A-Za-z0-9_\-])")
_TELEGRAM_BOT = lazy(r"(?:\A|[^A-Za-z0-9_\-]|bot)([0-9]{8,10})\Z")
_DISCORD_MIDDLE = lazy(r"\.[A-Za-z0-9_\-]{6}\.(?=[A-Za-z0-9_\-]{27})")
_DISCORD = lazy(
    r"(?<![A-Za-z0-9_\-.])[MNO][A-Za-z0-9_\-]{23,27}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,45}(?![A-Za-z0-9_\-.])"
)


_AZURE = lazy(r"(?<![A-Za-z0-9_\-.~])[A-Za-z0-9_\-.~]{3}[78]Q~[A-Za-z0-9_\-.~]{31,34}(?![A-Za-z0-9_\-.~])")
_TERRAFORM = lazy(r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-]{60,70}")


def tokens(text: str) -> Iterator[Tuple[int, int]]:
    """Start and end of each token in the text."""
    if len(text) < MIN_TOKEN_LENGTH:
        return
    for run in _TOKEN_CHARACTERS.finditer(text):
        yield from _prefixed_tokens(text, run.start(), run.end())
    yield from _tokens_without_prefix(text)


def _prefixed_tokens(text: str, first: int, last: int) -> Iterator[Tuple[int, int]]:
    near = end = 0
    for prefix in _PREFIX.finditer(text, first, last):
        at = prefix.start()
        start = prefix.group()
        if at < end or not _TOKEN_BORDER.search(text, max(at - 3, 0), at):
            continue
        shape, needs = _SHAPE_OF[start]
        match = shape.match(text, prefix.end())
        if match is None or (needs and not _DIGIT.search(match.group())):
            continue
        if needs == "mixed" and match.group().lower() == match.group():
            continue
        end = match.end()
        yield (at, end)
        if start in _AWS_IDS:
            # The secret key has no prefix, only a length: it is searched near its id.
            for other in _AWS_SECRET.finditer(text, max(end, near), end + _MAX_AWS_DISTANCE):
                key = other.group()
                if _DIGIT.search(key) and key.lower() != key and key.upper() != key:
                    yield other.span()
            near = end + _MAX_AWS_DISTANCE


def _tokens_without_prefix(text: str) -> List[Tuple[int, int]]:
    """Tokens without a prefix: Azure, Terraform, Telegram bots (a number, a colon, 35 characters) and Discord
    (three parts of known lengths)."""
    spans: List[Tuple[int, int]] = []
    for match in _TELEGRAM.finditer(text):
        bot = _TELEGRAM_BOT.search(text, max(match.start() - 14, 0), match.start())
        if bot is not None and _has_mixed_case(match.group()):
            spans.append((bot.start(1), match.end()))
    if "Q~" in text:
        spans += [match.span() for match in _AZURE.finditer(text)]
    if ".atlasv1." in text:
        spans += [match.span() for match in _TERRAFORM.finditer(text)]
    for middle in _DISCORD_MIDDLE.finditer(text):
        whole = _DISCORD.search(text, max(middle.start() - 29, 0), middle.end() + 60)
        if whole is not None and _has_mixed_case(whole.group()[-27:]):
            spans.append(whole.span())
    return spans


def _has_mixed_case(token: str) -> bool:
    return token.lower() != token and token.upper() != token
