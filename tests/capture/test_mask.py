"""What is masked in a crash before it is written, and what stays readable."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import iqdebug
from iqdebug.capture import mask as mask_module
from iqdebug.capture import secret_index, values
from iqdebug.capture.mask import MASK, Masker
from iqdebug.capture.secret_strength import is_strong
from tests.dap.targets import on_pythons

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "hostile_secrets.py"
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nxyz0123456789+/ab==\n-----END RSA PRIVATE KEY-----"
)


def knowing(*secrets: object) -> Masker:
    masker = Masker()
    for secret in secrets:
        masker.learn(secret)
    return masker


@on_pythons()
def test_hostile_values_are_masked_without_running_them(python: str) -> None:
    folder = str(Path(iqdebug.__file__).parent)
    done = subprocess.run(
        [python, "-B", "-W", "error", str(PROGRAM), folder],
        capture_output=True,
        text=True,
        timeout=50,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


# Names


STRONG_NAMES = """
password PASSWORD db_password dbPassword DbPassword password1 PASSWORD_2 dbpassword user-passwd
passphrase pwd secret SECRET_KEY app.secret.key clientSecret client-secret api_key apikey apiKey
APIKey X-Api-Key access_key AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY private_key Authorization
HTTP_AUTHORIZATION Proxy-Authorization credential credentials Cookie cookies Set-Cookie session_id
sessionid JSESSIONID csrf_token csrfmiddlewaretoken X-CSRFToken xsrf-token access_token auth_token
GITHUB_TOKEN refreshToken x-auth-token authtoken self._access_token ssn cvv card_number cardNumber
pin_code otp DB_PASS api_keys access_tokens secrets passwords passwords_by_user password_hash
secret_value new_password password_confirm password_for_user
"""


@pytest.mark.parametrize("name", STRONG_NAMES.split())
def test_a_strong_name_masks_whatever_it_holds(name: str) -> None:
    for value in ("x", "two words", b"x", 1234, 1.5, ["a"], {"a": {"b": "c"}}, ("a",), object(), "while"):
        assert Masker().is_secret(name, value), value
    for value in (None, "", b"", True, False, [], {}, (), set()):
        assert not Masker().is_secret(name, value), value
    for value in (str, len, json, knowing, Masker().scrub):
        assert not Masker().is_secret(name, value), "a class, function or module is no secret"


FALSE_FRIENDS = """
tokenizer tokenize max_tokens num_tokens n_tokens prompt_tokens token_count token_ids tokens keys
sessions token_type token_index token_len secretary password_field_name password_field password_re
PASSWORD_PATTERN password_reset_url token_url num_passwords password_count monkey keyboard keyword
author authority authors compass passenger bypass design designation sessions_count cookie_name
CSRF_COOKIE_NAME secret_name password_min_length PASSWORD_VALIDATORS cache_key primary_key sort_key
eos_token pad_token max_token authorization_url certified saltine hotpot pinned ping spinning user
name x self args value 漢字 _
"""


@pytest.mark.parametrize("name", FALSE_FRIENDS.split())
def test_a_name_that_only_sounds_like_one_masks_nothing(name: str) -> None:
    for value in ("hunter2x", "a-long-text-of-words", 1234, ["hunter2x"], {"a": 1}):
        assert not Masker().is_secret(name, value), value


WEAK_NAMES = "auth signature session salt nonce jwt bearer cert"
EVERYDAY_NAMES = "token key Token x.key next_token"


@pytest.mark.parametrize("name", EVERYDAY_NAMES.split())
def test_a_key_or_token_is_masked_when_it_looks_random(name: str) -> None:
    value: object
    for value in ("tok-12345", b"a1b2c3d4", "abcdefghijklmnop"):
        assert Masker().is_secret(name, value), value
    for value in ("while", "filename*1", "hunter2", "name", "content-type", 12345678, ["tok-12345"]):
        assert not Masker().is_secret(name, value), value


@pytest.mark.parametrize("name", WEAK_NAMES.split())
def test_a_weak_name_masks_what_looks_like_a_secret(name: str) -> None:
    value: object
    for value in ("hunter2", b"hunter2", "abcdefghijkl", bytearray(b"a1b2c3")):
        assert Masker().is_secret(name, value), value
    class_of_parser = type("Token", (), {})
    for value in (
        "while",
        "None",
        "print",
        "abc1",
        "letter",
        "two words 12",
        "isinstance",
        123456,
        ["hunter2"],
    ):
        assert not Masker().is_secret(name, value), value
    for value in (
        class_of_parser,
        class_of_parser(),
        None,
        "",
        "/etc/ssl/cert1.pem",
        "${TOKEN_12}",
        "1.3.6.1.5",
    ):
        assert not Masker().is_secret(name, value), value


def test_a_pair_of_user_and_password_is_secret_as_requests_writes_it() -> None:
    assert Masker().is_secret("auth", ("bob", "letmein"))
    assert not Masker().is_secret("auth", (1, 2, 3))
    assert not Masker().is_secret("oauth_scopes", ("a", "b"))


def test_the_working_directory_is_not_a_password() -> None:
    assert not Masker().is_secret("PWD", "/home/bob")
    assert not Masker().is_secret("OLD_PWD", "C:\\work")
    assert Masker().is_secret("pwd", "hunter2")


ADDRESSES = "dsn DATABASE_URL connection_string SQLALCHEMY_DATABASE_URI redis_url"


@pytest.mark.parametrize("name", ADDRESSES.split())
def test_of_an_address_only_the_password_is_secret(name: str) -> None:
    for address in (
        "postgres://bob:hunter2@db/shop",
        "host=db password=hunter2 user=bob",
        "redis://:hunter2@r",
    ):
        masker = Masker()
        assert not masker.is_secret(name, address)
        assert masker.scrub(repr(address)) == repr(address.replace("hunter2", MASK))
        assert masker.scrub("and hunter2 elsewhere") == f"and {MASK} elsewhere"
    assert not Masker().is_secret(name, "sqlite:///shop.db")
    assert Masker().is_secret(name, "postgres://bob:hun/ter2@db/shop"), "where it ends cannot be told"
    assert Masker().is_secret(name, "hunter2")


# Registered secrets


def test_every_leaf_of_a_secret_is_registered() -> None:
    masker = knowing(
        {"a": ["leaf-0ne", (b"leaf-tw0", {4815162342108})], "b": {"c": 2.718281828459, "d": True}}
    )
    assert masker.count == 4
    text = "leaf-0ne leaf-tw0 4815162342108 2.718281828459 True a b c"
    assert masker.scrub(text) == f"{MASK} {MASK} {MASK} {MASK} True a b c"


def test_the_walk_is_bounded() -> None:
    deep: object = "deep-secret"
    for _ in range(7):
        deep = [deep]
    assert knowing(deep).count == 0
    assert knowing([deep[0]]).count == 0  # type: ignore[index]
    assert knowing(deep[0]).count == 1  # type: ignore[index]
    wide = knowing([f"hidd3n-{i}" for i in range(5000)])
    assert wide.count == 2000
    cyclic: list[object] = ["in-a-cycle"]
    cyclic.append(cyclic)
    assert knowing(cyclic).count == 1
    many = Masker()
    for i in range(6000):
        many.learn(f"hidd3n-{i}")
    assert many.count == 5000
    assert many.scrub("hidd3n-17") == MASK


def test_names_in_a_secret_dict_stay_and_random_keys_do_not() -> None:
    masker = knowing({"username": "first-value", "tk_9f8a7d6c5b4e": "second-value"})
    assert masker.scrub("username tk_9f8a7d6c5b4e") == f"username {MASK}"


@pytest.mark.parametrize(
    "value", ["abc", "", "None", "True", "true", "null", "while", "print", "    ", "********"]
)
def test_short_or_ordinary_texts_are_not_masked_everywhere(value: str) -> None:
    masker = knowing(value)
    assert masker.count == 0
    assert masker.scrub(f"x{value}y") == f"x{value}y"


def test_a_strong_secret_is_masked_in_another_case_too() -> None:
    assert knowing("Hunter2x").scrub("hunter2x HUNTER2X hUNTER2X") == f"{MASK} {MASK} {MASK}"


def test_overlapping_secrets_are_covered_together() -> None:
    assert knowing("ab1def", "d2ef3hi", "def4").scrub("1ab1def2") == f"1{MASK}2"
    assert knowing("abcd5f", "d5fg7i").scrub("1abcd5fg7i2") == f"1{MASK}2"
    assert knowing("abcd5f", "cd5f!!").scrub("abcd5f cd5f!!") == f"{MASK} {MASK}"
    assert knowing("a1a1a1").scrub("b" + "a1" * 10 + "b") == f"b{MASK}b"
    assert knowing("ab2defgh", "cd3fgh").scrub("1ab2defgh2") == f"1{MASK}2"


def test_a_secret_is_found_inside_headers_paths_and_addresses() -> None:
    masker = knowing("s3cr/t+x")
    for text in (
        "Authorization: Basic s3cr/t+x",
        "/srv/s3cr/t+x/file",
        "https://h/?q=s3cr%2Ft%2Bx&a=1",
        "https://h/?q=s3cr%2ft%2bx&a=1",
        "https://h/s3cr/t%2Bx",
        '{"k": "s3cr\\/t+x"}',
        repr(b"s3cr/t+x"),
        "prefixs3cr/t+xsuffix",
    ):
        scrubbed = masker.scrub(text)
        assert MASK in scrubbed
        assert "s3cr" not in scrubbed


def test_parts_of_a_secret_are_secret_too() -> None:
    assert knowing("hunter2\n").scrub("hunter2") == MASK
    assert knowing("Bearer abcdef123").scrub("abcdef123") == MASK
    assert knowing("sid=a1b2c3d4; theme=dark").scrub("a1b2c3d4 dark") == f"{MASK} dark"
    assert knowing(PEM).scrub("xyz0123456789+/ab== BEGIN") == f"{MASK} BEGIN"
    long = "".join(chr(97 + i * i % 26) + str(i) for i in range(20_000))
    assert knowing(long).scrub(long[:60_000]) == MASK


# Cut texts


@pytest.mark.parametrize(
    "text",
    [
        "x " * 80 + "hunter2-w",
        "x hunter2-w…",
        "'x hunter2-w… (1,234 long)",
        "['x hunter2-w… (300 long), 'y']",
        "'" + "x " * 80 + "hunter2-w'",
        "b'" + "x " * 80 + "hunter2-w')}]",
        "'x hunter2-w...nd more'",
        "x hunt...",
    ],
)
def test_the_beginning_of_a_secret_is_masked_where_a_text_was_cut(text: str) -> None:
    scrubbed = knowing("hunter2-with-more").scrub(text)
    assert "hunt" not in scrubbed
    assert scrubbed == re.sub("hunt(er2-w)?", MASK, text)


@pytest.mark.parametrize(
    "text",
    ["th-more x…", "'th-more x" + " y" * 80 + "'", "b'th-more…", "'a...th-more'", "…th-more", "…more"],
)
def test_the_end_of_a_secret_is_masked_where_a_text_was_cut(text: str) -> None:
    assert knowing("hunter2-with-more").scrub(text) == re.sub("(th-)?more", MASK, text)


def test_a_secret_cut_at_both_ends_and_a_long_one_cut_anywhere() -> None:
    secret = "Q" + "".join(f"{i:03d}." for i in range(200))
    masker = knowing(secret)
    for size in range(4, len(secret), 7):
        assert masker.scrub("x " + secret[:size] + "…") == f"x {MASK}…"
        assert masker.scrub("…" + secret[-size:] + " x") == f"…{MASK} x"
    assert knowing("0123Q56789").scrub("…23Q567…") == f"…{MASK}…"


def test_a_short_text_that_was_not_cut_is_not_masked() -> None:
    masker = knowing("filename-and-more")
    for text in ("file", "'file'", "more", "a file name"):
        assert masker.scrub(text) == text


def test_less_than_four_shared_characters_are_not_masked() -> None:
    masker = knowing("hunter2-with-more")
    for text in ("the hun", "ore", "a hunter went", "x hunters x"):
        assert masker.scrub(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=400), st.data())
@settings(max_examples=150, deadline=None, database=None)
def test_texts_cut_by_the_capture_show_no_beginning(secret: str, data: st.DataObject) -> None:
    assume(len(set(secret)) > 3 and is_strong(secret.strip()) and secret not in MASK)
    lead = data.draw(st.sampled_from(["", "lead ", "0" * 100]))
    shown = values.text(lead + secret + "z" * 300)
    body = repr('"' + secret)[2:-1]
    scrubbed = knowing(secret).scrub(shown)
    for size in range(len(body), 3, -1):
        if shown.partition("…")[0].endswith(body[:size]):
            assert not scrubbed.partition("…")[0].endswith(body[:size])


# As a whole


def test_masking_can_be_turned_off() -> None:
    masker = Masker(enabled=False)
    masker.learn("hunter2")
    masker.learn_from_text("password=hunter2")
    assert not masker.is_secret("password", "hunter2")
    assert masker.scrub("password=hunter2 hunter2") == "password=hunter2 hunter2"
    assert masker.count == 0


def test_a_text_that_cannot_be_searched_is_masked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(mask_module, "find", fails)
    assert Masker().scrub("anything") == MASK
    Masker().learn_from_text("password=hunter2")
    monkeypatch.setattr(mask_module, "judge", fails)
    assert Masker().is_secret("anything", "x") is True
    assert Masker().scrub(None) is None  # type: ignore[arg-type]


def test_the_index_is_made_once_for_many_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[secret_index.Index] = []

    def counted(secrets: Any) -> secret_index.Index:
        made.append(secret_index.Index(secrets))
        return made[-1]

    monkeypatch.setattr(mask_module, "Index", counted)
    masker = knowing("hunter2", "letmein9")
    assert not made, "made when it is needed"
    for _ in range(10):
        masker.scrub("hunter2")
        masker.learn("hunter2")
    assert len(made) == 1
    masker.learn("another1")
    assert masker.scrub("another1") == MASK
    assert len(made) == 2


def test_a_text_is_searched_by_few_first_characters() -> None:
    masker = knowing(*(f"{i * 7919:x}QRSTuvwxyz{i * i}" for i in range(200)))
    masker.scrub("")
    assert masker._index is not None
    assert len({anchor[0] for anchor in masker._index._anchors}) < 40
    assert max(map(len, masker._index._anchors.values())) < 64, "few forms to compare at an anchor"


HOSTILE = {
    "one letter": "a",
    "token starts": "eyJ",
    "token parts": "eyJaaaaa.",
    "schemes": "://",
    "schemes with users": "://a:",
    "names": "pass",
    "pairs": "password=",
    "opened quotes": 'password="',
    "two quotes": "key=\"key='",
    "escaped quotes": 'key=\\"',
    "mixed escapes": 'key=\\\\\\"key=\\"',
    "triple quotes": 'key="""',
    "blanks": "token" + " " * 16,
    "key headers": "-----BEGIN PRIVATE KEY-----",
    "ids": "AKIA" + "B" * 16 + " ",
    "near ids": "AKIA" + "B" * 16 + " " + "aB1" * 13 + "a ",
    "options": "--a ",
    "backslashes": "\\",
    "omissions": "…",
    "dots": ".",
    "white": " ",
    "quotes": "'",
    "brackets": "([{<",
    "cookies": "cookie: ",
    "cookies and blanks": "cookie:" + " " * 30 + "\n",
    "bearers": "bearer ",
    "lines": "\npassword=a",
    "queries": "&password=a",
    "longer in lower case": "İ",
    "surrogates": "\udc80",
    "zeros": "\0",
    "rows": '{"name": "password", ',
    "sections": "[passwords]\na=b\n",
    "sentences": "the password for a ",
    "hooks": "://hook/aaaaaaaa1B/",
    "users of hosts": "a:b@",
    "at": "aa@",
    "bots": ":" + "a" * 35,
    "values and names": 'value="a", name="',
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_megabyte_takes_linear_time(unit: str) -> None:
    """The test's time limit is the assertion: anything not linear takes minutes."""
    masker = knowing(
        "a" * 40, "a" * 30 + "b", "eyJeyJeyJ", "password", "'\\'\\'\\'", "…………", "0" * 8, "\0\0\0\0!"
    )
    text = unit * (1_000_000 // len(unit))
    masker.learn_from_text(text)
    assert isinstance(masker.scrub(text), str)
    for opening in ('password="', "cookie: ", "token", "-----BEGIN PRIVATE KEY-----", "://u:", "key='{{"):
        assert isinstance(Masker().scrub(opening + text[:100_000]), str)


def test_secrets_with_the_same_beginning_are_distinguished() -> None:
    masker = knowing(*(f"sk_live_{i:030d}" for i in range(1500)))
    text = " ".join(f"sk_live_{i:030d}" for i in range(0, 1500, 3)) + " " + "0" * 1000
    scrubbed = masker.scrub(text)
    assert "live" not in scrubbed
