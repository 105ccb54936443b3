"""Decides by a name whether its value is a secret.

A name is split into words, whatever its style (``db_password``, ``dbPassword``, ``X-Api-Key``,
``app.secret.key``), and judged by the last ones: ``access_token`` holds a token, ``token_count``
a number.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

NONE, WEAK, STRONG, ADDRESS, PIN = range(5)
"""NONE: no secret. WEAK: a secret if the value looks like one. STRONG: a secret, whatever the value is.
ADDRESS: the address of a service, whose password is secret. PIN: a secret if the value has 4 to 12 digits
(a `pin` may also be one of a board)."""

_WORDS = re.compile("[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_MAX_NAME_LENGTH = 256
_MAX_CACHED_NAMES = 10_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STRONG = _words(
    """password passwords passwd passwds passphrase passphrases passcode passcodes pwd pwds pw psw pswd pword
    secret secrets creds cred passwort kennwort wachtwoord senha contrasena parola motdepasse
    apikey apikeys accesskey accesskeys accesskeyid privatekey privatekeys secretkey secretkeys secretid
    secretkeybase signingkey signingkeys encryptionkey encryptionkeys masterkey sshkey authkey sharedkey
    accountkey sharedaccesskey sharedaccesssignature recoverycode recoverycodes backupcodes seedphrase
    psk presharedkey licensekey productkey
    unlockcode accesscode verificationcode activationcode requirepass masterauth storepass keypass
    totp totpsecret mfacode otpcode pincodes securitycode hmackey aeskey fernetkey
    clientsecret clientsecrets authorization authorizationcode
    credential credentials cookie cookies setcookie sessionid sessid phpsessid jsessionid
    ssn socialsecuritynumber cvv cvc cardnumber cardnumbers creditcard creditcardnumber pincode otp
    dbpass userpass mysqlpass pgpass postgrespass smtppass mailpass emailpass redispass adminpass rootpass
    ftppass sshpass loginpass httppass proxypass mongopass rabbitmqpass ldappass"""
)
"""The last one to three words of a name, joined."""

_STRONG_ENDS = (
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
    "sessionid",
)
"""Ends of one word: ``dbpassword``."""

_WEAK = _words("token key auth signature sig sas session salt nonce jwt bearer cert csrf xsrf pass")

_PINS = _words("pin pins cardpin userpin loginpin adminpin simpin doorpin devicepin bankpin apppin")

_HARMLESS = _words(
    """count counts counter len length size name names type types kind index idx ids id number field fields
    re regex regexp pattern patterns url urls uri endpoint path dir folder file filename
    expiry expires expiration ttl timeout age at time date lifetime seconds limit min max
    policy required enabled disabled valid validator validators form label prompt help hint title
    error errors message messages class cls manager backend provider factory handler service
    middleware view model schema format prefix suffix generator checker store storage
    context reader writer version algorithm alg domain httponly secure samesite params options position pos"""
)
"""Last words of names for something about a secret: ``password_field``, ``token_count``."""

_NEUTRAL = _words(
    """value val str string text plain plaintext raw bytes data old new again repeat confirm
    confirmation encoded decoded encrypted hash hashed digest hex hdr header default copy tmp
    dict map list set json dev prod staging"""
)
"""Last words that are ignored: ``secret_value``, ``password_confirm``."""

_PREPOSITIONS = _words("by for of from in to per")
"""``passwords_by_user`` holds passwords."""

_PARSER_WORDS = _words(
    """next prev previous last current cur curr first start end begin peek lookahead left right
    open close opening closing string name number op operator keyword identifier expected unexpected
    actual found parent child sub stop input output other"""
)
"""``next_token``: names in parsers. Weak."""

_LANGUAGE_MODEL_WORDS = _words(
    "eos bos pad unk mask sep cls special eof eol image vocab word max min num total"
)
"""``eos_token``: names in language models. No secrets."""

_QUANTITIES = _words("num number n count max min total len")
"""``num_passwords``."""

_TOKEN_KINDS = _words(
    """access auth authentication refresh api bearer session id oauth csrf xsrf jwt device github gitlab slack
    secret personal bot user login reset security service npm pypi"""
)
"""``access_tokens`` are secrets, ``prompt_tokens`` a number."""

_PLAIN_KEYS = _words(
    """primary foreign cache sort partition dict map index row lookup group hash object translation state
    config env registry json field column composite natural unique routing shard bucket public item
    sorting grouping dedup message event topic s section header search"""
)
"""``cache_key``: keys that open nothing."""

_ADDRESSES = _words("dsn connectionstring connstring connstr connectionuri connectionurl")
_SERVICES = _words(
    """database db redis broker mongo mongodb postgres postgresql pg mysql mariadb amqp rabbitmq celery jdbc
    cache sqlalchemy proxy"""
)

_judged_names: Dict[str, int] = {}


def judge(name: str) -> int:
    """NONE, WEAK, STRONG, ADDRESS or PIN. ``name`` is an exact ``str``."""
    known = _judged_names.get(name)
    if known is None:
        known = _judge([word.lower() for word in _WORDS.findall(name[-_MAX_NAME_LENGTH:])])
        if len(_judged_names) < _MAX_CACHED_NAMES:
            _judged_names[name] = known
    return known


def _judge(words: List[str]) -> int:
    for at, word in enumerate(words[:-1]):
        if at and word in _PREPOSITIONS:
            held = _judge(words[:at])
            if held:
                return held
    while len(words) > 1 and words[-1] in _NEUTRAL and not _is_address(words):
        words = words[:-1]
    if not words:
        return NONE
    if _is_address(words):
        return ADDRESS
    if len(words) > 1 and words[0] in _QUANTITIES and words[-1].endswith("s"):
        return NONE
    if any("".join(words[-many:]) in _STRONG for many in (1, 2, 3)):
        return STRONG
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _PINS:
        return PIN
    if last in _HARMLESS:
        return NONE
    if last.endswith(_STRONG_ENDS) or (last.endswith("pw") and len(last) > 3):
        return STRONG
    if last == "token":
        return _token(before)
    if last.endswith("token"):
        return NONE if last in ("tiktoken", "subtoken", "pretoken", "nontoken", "detoken") else STRONG
    if last == "tokens":
        return STRONG if before in _TOKEN_KINDS else NONE
    if last == "key":
        return NONE if before in _PLAIN_KEYS else WEAK
    if last in _WEAK:
        return WEAK
    # A strong word followed by something else: password_zone.
    return WEAK if any(word in _STRONG for word in words) else NONE


def _token(before: str) -> int:
    if not before or before in _PARSER_WORDS:
        return WEAK
    return NONE if before in _LANGUAGE_MODEL_WORDS else STRONG


def _is_address(words: List[str]) -> bool:
    if any("".join(words[-many:]) in _ADDRESSES for many in (1, 2)):
        return True
    return len(words) > 1 and words[-1] in ("url", "uri") and words[-2] in _SERVICES
