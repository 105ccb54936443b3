"""Secrets that are recognised by their form, and texts that only look like them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from iqdebug.capture import secret_forms
from iqdebug.capture.mask import MASK, Masker
from iqdebug.capture.secret_strength import is_strong

AWS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nxyz0123456789+/ab==\n-----END RSA PRIVATE KEY-----"
)


FORMS = [
    ("postgres://bob:«hunter2»@db/x", "hunter2"),
    ("https://:«p%40ss-wd»@h", "p@ss-wd"),
    ("amqp://u:«p@ss:w#d»@h:1/v", "p@ss:w#d"),
    ("https://«0123456789abcdef0123»@github.com/x", "0123456789abcdef0123"),
    ("Authorization: Bearer «abc.d3f-123»", "abc.d3f-123"),
    ("Authorization: Basic «dXNlcjpwYXNz»\r\nHost: x", "dXNlcjpwYXNz"),
    ("{'Authorization': 'Bearer «xyz123abc»'}", "xyz123abc"),
    ("curl -H 'X: bearer «abcdefgh12345»'", "abcdefgh12345"),
    ("Cookie: «sessionid=abc; theme=dark»\r\nHost: x", None),
    ("host=db password=«letmein» user=x", "letmein"),
    ("password=«letmein» dbname=x", "letmein"),
    ("Server=x;Password=«let(me)in»;Database=y", "let(me)in"),
    ("/login?a=1&password=«letmein»&x=2", "letmein"),
    ("/login?token=«a1b2c3d4»", "a1b2c3d4"),
    ('{"password": "«letmein»", "user": "bob"}', "letmein"),
    ("{'api_key': '«letmein»'}", "letmein"),
    ('{"a": {\\"password\\": \\"«letmein»\\"}}', "letmein"),
    ('{"password": "«a\\"b\\\\cd»"}', 'a"b\\cd'),
    ("[db]\npassword = «a;b,c(d»\nuser = x", "a;b,c(d"),
    ("db:\n\tpassword: «letmein9»\n", "letmein9"),
    ('PASSWORD = "«two words»"', "two words"),
    ("PASSWORD = b'«letmein»'  # why", "letmein"),
    ('SECRET = """«one\ntwo three»"""', "two three"),
    ('os.environ.get("SECRET_KEY", "«django-insecure-1»")', "django-insecure-1"),
    ('config["password"] = "«letmein»"', "letmein"),
    ("if password == '«letmein»':", "letmein"),
    ("run --password «letmein» --user bob", None),
    ("<user>bob</user><password>«letmein»</password>", None),
    ('<db:Password kind="plain">«letmein9»</db:Password>', "letmein9"),
    ("<apiKey>«abc123def456»</apiKey>", "abc123def456"),
    ('{"name": "password", "value": "«letmein»"}', None),
    ("[{'key': 'DB_PASSWORD', 'value': '«letmein9»'}]", "letmein9"),
    ("curl -s -u bob:«hunter22» https://x", "hunter22"),
    ("curl --user 'bob:«hunter22»' https://x", "hunter22"),
    ("mysqldump -u root -p«hunter22» shop", "hunter22"),
    ("run --api-key=«abc123def»", "abc123def"),
    ("log: token: «abc123def456»", "abc123def456"),
    ('x = "«AKIAIOSFODNN7EXAMPLE»"', "AKIAIOSFODNN7EXAMPLE"),
    (f"«ASIAIOSFODNN7EXAMPLE»,«{AWS_KEY}»", AWS_KEY),
    ("\\n«ghp_abcdefghijklmnopqrst0123456789abcdef»\\n", None),
    ("«github_pat_11ABCDEFG_abcdefghijklmnop»", None),
    ("x «xoxb-123456789012-abcdefgh»", None),
    ("['«sk_live_abcdefgh12345678»']", None),
    ("key=«AIzaSyA1234567890abcdefghijklmnopqrstuv»", None),
    ("\\t«sk-proj-abcdEFGH1234567890abcd»", None),
    ("%3D«eyJhbGciOiJIUzI1.eyJzdWIiOiIx.SflKxwRJSM-_»", None),
    ("//r/:_x=«npm_abcdefghijklmnopqrstuvwxyz0123456789»", None),
    ("«pypi-AgEIcHlwaS5vcmcCJDAw»", None),
]


@pytest.mark.parametrize(("marked", "secret"), FORMS)
def test_a_secret_is_known_by_its_form(marked: str, secret: str | None) -> None:
    masked = re.sub("«.*?»", MASK, marked, flags=re.DOTALL)
    text = marked.replace("«", "").replace("»", "")
    assert Masker().scrub(text) == masked
    assert Masker().scrub(masked) == masked, "masking twice changes nothing"
    if secret is not None:
        masker = Masker()
        masker.learn_from_text(text)
        assert masker.count >= 1
        if is_strong(secret):
            assert secret not in masker.scrub(f"({secret})")
        else:
            assert masker.scrub_value(repr(secret)) == repr(MASK)
            assert masker.scrub(f"/srv/{secret}/app.py") == f"/srv/{secret}/app.py"


def test_private_keys_are_masked_whole_in_pieces_and_escaped() -> None:
    for text in (PEM, repr(PEM), json.dumps({"k": PEM}), PEM[:60], "x = '''" + PEM + "'''"):
        scrubbed = Masker().scrub(text)
        assert "MIIE" not in scrubbed
        assert "xyz0" not in scrubbed
        assert "BEGIN RSA PRIVATE KEY" in scrubbed
    masker = Masker()
    masker.learn_from_text(PEM)
    assert masker.scrub("xyz0123456789+/ab==") == MASK


READABLE = [
    'token = "while"',
    "token = Token(1, 'if')",
    "for token in tokens: token = next(stream)",
    "<password>${DB_PASSWORD}</password>",
    "<token>identifier</token>",
    '{"name": "colour", "value": "dark-green-42"}',
    "curl -o out -u $USER https://x",
    "mysql -u root --port 3306 shop",
    "python -u app.py -pretty",
    "password: str = Field(min_length=8)",
    "token: Optional[str] = None",
    "def f(password=password, token=None, key=lambda x: x[0]):",
    "connect(password=user.password, key=operator.itemgetter(1))",
    'password = os.environ["DB"] + getenv("X")',
    "    password = value",
    "self.user, self.password = user, password",
    "getpass(prompt='Password: ', stream=None)",
    "api_key=${API_KEY} password=%(password)s secret={{ secret }} token=<token>",
    "password: must be at least 8 characters",
    "key0 = 305419896",
    'PASSWORD = \'None\'; {"secret": "null"}',
    "if key == 'content-type':",
    '["password", "username", "refresh_token"]',
    "https://registry.npmjs.org:443/@scope/pkg http://host:80/a@b",
    "mailto:bob@example.com https://example.com:8080/",
    'if "-----BEGIN PRIVATE KEY-----" in text:',
    "max_tokens=4096, token_count: 17, tokenizer='cl100k_base1'",
    "mask-rcnn risk-adjusted-returns-of-2024 task-0123456789abcdefghijklmn",
    "monkey: banana12, author=guido1991",
    "eyJ. sk- ghp_ npm_config_registry AKIA",
]


@pytest.mark.parametrize("text", READABLE)
def test_source_and_prose_stay_readable(text: str) -> None:
    masker = Masker()
    masker.learn_from_text(text)
    assert (masker.scrub(text), masker.count) == (text, 0)


def test_the_sources_of_the_standard_library_stay_readable() -> None:
    masked = total = 0
    for file in sorted(Path(ast.__file__).parent.glob("[a-m]*.py")):
        text = file.read_text("utf-8", "replace")
        total += text.count("\n")
        masked += len(secret_forms.find(text))
    assert total > 10_000
    assert masked <= total / 10_000


def test_a_plain_word_is_masked_in_its_place_only() -> None:
    masker = Masker()
    masker.learn_from_text("connect(password=cached, user=1)")
    assert masker.scrub("connect(password=cached, user=1)") == f"connect(password={MASK}, user=1)"
    assert masker.scrub("cached") == "cached"
