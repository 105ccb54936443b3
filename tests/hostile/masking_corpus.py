"""Secrets planted in every known form and place, and innocent texts that look like secrets.

Each planted secret is generated from a seed, so that none occurs elsewhere.
"""

from __future__ import annotations

import base64
import enum
import json
import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

__all__ = ["INNOCENT", "WEAK", "Planted", "planted"]

LETTERS, DIGITS = string.ascii_letters, string.digits
WORD = LETTERS + DIGITS
URLSAFE = WORD + "_-"
HEX = "0123456789abcdef"


@dataclass(frozen=True)
class Planted:
    """:param form: the kind of secret.
    :param name: the variable's name.
    :param value: the value or text that holds the secret.
    :param secret: the text that must not be visible.
    """

    form: str
    name: str
    value: Any
    secret: str


class Chance(random.Random):
    def of(self, alphabet: str, size: int) -> str:
        """A random text of the alphabet, with a digit if the alphabet has digits."""
        made = "".join(self.choice(alphabet) for _ in range(size))
        if size >= 4 and "0" in alphabet and not any(c.isdigit() for c in made):
            made = made[: size // 2] + self.choice(DIGITS) + made[size // 2 + 1 :]
        if size >= 4 and "a" in alphabet and "A" in alphabet:
            made = "aZ" + made[2:]
        return made

    def password(self) -> str:
        return self.choice("bdfgk") + self.of(WORD, 9) + self.choice("-_.") + self.of(LETTERS, 3) + "7"


def issued(r: Chance) -> list[tuple[str, str]]:
    """Keys and tokens that services issue."""
    return [
        ("github classic", "ghp_" + r.of(WORD, 36)),
        ("github oauth", "gho_" + r.of(WORD, 36)),
        ("github app", "ghs_" + r.of(WORD, 36)),
        ("github fine", "github_pat_" + r.of(WORD, 22) + "_" + r.of(WORD, 59)),
        ("gitlab", "glpat-" + r.of(URLSAFE, 20)),
        ("gitlab runner", "glrt-" + r.of(URLSAFE, 20)),
        ("hugging face", "hf_" + r.of(LETTERS, 34)),
        ("slack bot", "xoxb-" + r.of(DIGITS, 12) + "-" + r.of(DIGITS, 13) + "-" + r.of(WORD, 24)),
        ("slack user", "xoxp-" + r.of(DIGITS, 12) + "-" + r.of(DIGITS, 12) + "-" + r.of(HEX, 32)),
        ("slack refresh", "xoxe-1-" + r.of(WORD, 140)),
        ("slack rotated", "xoxe.xoxp-1-" + r.of(WORD, 160)),
        (
            "slack app",
            f"xapp-1-A{r.of(string.ascii_uppercase + DIGITS, 10)}-{r.of(DIGITS, 13)}-{r.of(HEX, 64)}",
        ),
        ("sendgrid", "SG." + r.of(URLSAFE, 22) + "." + r.of(URLSAFE, 43)),
        ("stripe", "sk_live_" + r.of(WORD, 24)),
        ("stripe restricted", "rk_live_" + r.of(WORD, 24)),
        ("stripe hook", "whsec_" + r.of(WORD, 32)),
        ("shopify", "shpat_" + r.of(HEX, 32)),
        ("shopify shared", "shpss_" + r.of(HEX, 32)),
        ("vault", "hvs." + r.of(URLSAFE, 24)),
        ("vault batch", "hvb." + r.of(URLSAFE, 90)),
        ("google oauth", "ya29." + r.of(URLSAFE, 70)),
        ("google refresh", "1//0g" + r.of(URLSAFE, 60)),
        ("google client", "GOCSPX-" + r.of(URLSAFE, 28)),
        ("google api", "AIza" + r.of(URLSAFE, 35)),
        ("groq", "gsk_" + r.of(WORD, 52)),
        ("replicate", "r8_" + r.of(WORD, 37)),
        ("databricks", "dapi" + r.of(HEX, 32)),
        ("digital ocean", "dop_v1_" + r.of(HEX, 64)),
        ("telegram", r.of("123456789", 10) + ":AA" + r.of(URLSAFE, 33)),
        ("discord", "MT" + r.of(WORD, 24) + "." + r.of(WORD, 6) + "." + r.of(URLSAFE, 38)),
        ("npm", "npm_" + r.of(WORD, 36)),
        ("pypi", "pypi-AgEIcHlwaS5vcmc" + r.of(URLSAFE, 120)),
        ("openai", "sk-" + r.of(WORD, 48)),
        ("openai project", "sk-proj-" + r.of(URLSAFE, 100)),
        ("anthropic", "sk-ant-api03-" + r.of(URLSAFE, 93) + "AA"),
        ("aws id", "AKIA" + r.of(string.ascii_uppercase + "234567", 16)),
        ("aws session id", "ASIA" + r.of(string.ascii_uppercase + "234567", 16)),
        ("jwt", ".".join(("eyJ" + r.of(URLSAFE, 33), "eyJ" + r.of(URLSAFE, 80), r.of(URLSAFE, 43)))),
        ("docker hub", "dckr_pat_" + r.of(URLSAFE, 27)),
        ("grafana", "glsa_" + r.of(WORD, 32) + "_" + r.of(HEX, 8)),
        ("linear", "lin_api_" + r.of(WORD, 40)),
        ("notion", "ntn_" + r.of(WORD, 46)),
        ("postman", "PMAK-" + r.of(HEX, 24) + "-" + r.of(HEX, 34)),
        ("new relic", "NRAK-" + r.of(string.ascii_uppercase + DIGITS, 27)),
    ]


def by_name(r: Chance) -> list[tuple[str, str, Any, str]]:
    """Form, the variable's name, its value, the secret."""
    rows = []
    names = """
        password db_password DbPassword passwd passphrase pwd secret SECRET_KEY clientSecret api_key
        X-Api-Key access_key private_key authorization credentials creds pw passcode session_id
        csrf_token access_token refreshToken github_token otp db_pass auth_key encryption_key
        signing_key admin_password"""
    for name in names.split():
        secret = r.password()
        rows.append((f"named {name}", name.replace("-", "_"), secret, secret))
    for name in ("pin", "user_pin", "cardPin"):
        secret = "9" + r.of(DIGITS, 11)
        rows.append((f"named {name}", name, secret, secret))
    for name in ("token", "key", "session", "jwt", "signature"):
        secret = r.of(WORD, 22)
        rows.append((f"named {name}", name, secret, secret))
    return rows


class Stage(enum.Enum):
    PLAIN = "plain"


class Header(NamedTuple):
    name: str
    value: str


def nested(r: Chance) -> list[tuple[str, Any, str]]:
    """Values of containers that hold a secret under a name of their own."""
    rows: list[tuple[str, Any, str]] = []

    def put(form: str, make: Callable[[str], Any]) -> None:
        secret = r.password()
        rows.append((form, make(secret), secret))

    put("dict", lambda s: {"user": "bob", "password": s})
    put("dict of bytes", lambda s: {b"password": s.encode()})
    put("deep dict", lambda s: {"a": [{"b": {"api_key": s}}]})
    put("header tuple", lambda s: [("accept", "*/*"), ("authorization", f"Bearer {s}")])
    put("raw header tuple", lambda s: [(b"accept", b"*/*"), (b"authorization", b"Bearer " + s.encode())])
    put("raw cookie", lambda s: [(b"host", b"x"), (b"cookie", b"sid=" + s.encode())])
    put("raw key header", lambda s: [(b"x-api-key", s.encode())])
    put("header lists", lambda s: [["X-Auth-Token", s]])
    put("wsgi environ", lambda s: {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": f"Token {s}"})
    put("wsgi cookie", lambda s: {"HTTP_COOKIE": f"theme=dark; sessionid={s}"})
    put("set-cookie", lambda s: [("Set-Cookie", f"sessionid={s}; Path=/; HttpOnly")])
    put("name value", lambda s: {"name": "DB_PASSWORD", "value": s})
    put("key val", lambda s: {"key": "api_key", "val": s})
    put("Key Value", lambda s: {"Key": "ClientSecret", "Value": s})
    put("value name", lambda s: {"value": s, "name": "DB_PASSWORD"})
    put("kubernetes", lambda s: {"env": [{"name": "HOME", "value": "/"}, {"name": "PGPASSWORD", "value": s}]})
    put("row with more", lambda s: {"name": "SMTP_PASSWORD", "required": True, "value": s})
    put("named tuple", lambda s: Header("Authorization", f"Bearer {s}"))
    put("namespace", lambda s: SimpleNamespace(host="db", password=s))
    put("enum", lambda s: enum.Enum("Vault", {"HOST": "db", "DB_PASSWORD": s}).DB_PASSWORD)  # type: ignore[attr-defined]
    put("command line", lambda s: ["mysql", "--user", "bob", "--password", s])
    put("option", lambda s: ["mysql", f"--password={s}"])
    put("pair of auth", lambda s: {"auth": ("bob", s)})
    put("creds dict", lambda s: {"creds": {"user": "bob", "pw": s}})
    put("pairs", lambda s: [("user", "bob"), ("password", s)])
    put("aws keys", lambda s: {"aws_access_key_id": "x", "aws_secret_access_key": s})
    put("nested json", lambda s: {"body": json.dumps({"user": "bob", "client_secret": s})})
    return rows


TEXTS = """
postgres://bob:{}@db/shop
postgresql+asyncpg://bob:{}@db:5432/shop
redis://:{}@cache:6379/0
amqp://bob:{}@mq
mongodb+srv://bob:{}@c.example.net/x
postgres://bob:{}
https://bob:{}@example.com/path
bob:{}@db.example.com
bob:{}@localhost/shop
bob:{}@10.0.0.7:5432
Authorization: Bearer {}
Authorization: Basic {}
curl -H 'Authorization: Token {}' https://x
curl -u bob:{} https://x
curl --user bob:{} https://x
sshpass -p {} ssh bob@host
sshpass -p '{}' scp a b
mysql -u root -p{} shop
mysqldump --password={} shop
PGPASSWORD={} psql -h db
run --password {} --verbose
run --api-key={}
redis-cli -h cache -a {} ping
docker login -u bob -p {} registry
password={}
password = "{}"
"password": "{}"
'api_key': '{}'
pw={}
passcode={}
creds={}
password: {}
host=db user=bob password={} dbname=x
Server=db;Database=x;User Id=sa;Password={};
DefaultEndpointsProtocol=https;AccountName=x;AccountKey={}==;EndpointSuffix=core.windows.net
Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={}=
https://x.blob.core.windows.net/c?sv=2022-11-02&sig={}aaaaaaaaaaaaaaa%3D
https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/{}aaaaaaaa
https://discord.com/api/webhooks/123456789012345678/{}{}aaaa
https://x.webhook.office.com/webhookb2/{}-aaaa@x/IncomingWebhook/aaaa
/login?user=bob&password={}&next=/
/callback?access_token={}&state=1
[db]\\nuser = bob\\npassword = {}\\n
[passwords]\\nbob = {}\\n
[default]\\naws_secret_access_key = {}\\n
machine example.com login bob password {}
db.example.com:5432:shop:bob:{}
{{"name": "DB_PASSWORD", "value": "{}"}}
- name: DB_PASSWORD\\n  value: {}\\n
<password>{}</password>
<add key="DbPassword" value="{}" />
<property name="password">{}</property>
Set-Cookie: sessionid={}; Path=/
Cookie: sid={}; theme=dark
CREATE USER bob IDENTIFIED BY '{}'
ALTER ROLE bob WITH PASSWORD '{}'
export GITHUB_TOKEN={}
-e MYSQL_ROOT_PASSWORD={}
X-Api-Key: {}
api-key: {}
<Vault.DB_PASSWORD: '{}'>
Settings(host='db', password='{}')
[(b'authorization', b'Bearer {}')]
token: {}
os.environ["SECRET_KEY"] = "{}"
""".strip().split("\n")
"""``{}`` is a password, ``\\n`` a line end."""


def pem(r: Chance) -> tuple[str, str]:
    body = r.of(WORD, 64)
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n{r.of(WORD, 40)}==\n-----END PRIVATE KEY-----\n", body


def _shapes() -> dict[str, Callable[[str], str]]:
    return {
        "reversed": lambda s: s[::-1],
        "upper": str.upper,
        "lower": str.lower,
        "base64": lambda s: base64.b64encode(s.encode()).decode(),
        "base64 of more": lambda s: base64.b64encode(b"bob:" + s.encode()).decode(),
        "base64 url": lambda s: base64.urlsafe_b64encode(b"x" + s.encode() + b"yz").decode(),
        "hex": lambda s: s.encode().hex(),
        "hex upper": lambda s: s.encode().hex().upper(),
        "percent": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
        "joined": "-".join,
        "spelled": lambda s: str(list(s)),
        "codes": lambda s: str([ord(c) for c in s]),
        "start": lambda s: s[:10],
        "end": lambda s: s[-10:],
        "middle": lambda s: s[2:12],
        "quoted": lambda s: f"<{s}>",
        "in a path": lambda s: f"/srv/{s}/app.py",
        "doubled": lambda s: s * 2,
        "bytes": lambda s: repr(s.encode()),
    }


def planted(seed: int = 11) -> list[Planted]:
    """All planted secrets, each in its own place."""
    r = Chance(seed)
    planted_secrets = [Planted(f"issued: {form}", "value", secret, secret) for form, secret in issued(r)]
    planted_secrets += [
        Planted(f"issued, in a sentence: {form}", "line", f"using {secret}, ok", secret)
        for form, secret in issued(r)
    ]
    planted_secrets += [Planted(form, name, value, secret) for form, name, value, secret in by_name(r)]
    planted_secrets += [
        Planted(f"nested: {form}", "data", value, secret) for form, value, secret in nested(r)
    ]
    for template in TEXTS:
        secret = r.password().replace(".", "x").replace("-", "y").replace("_", "z")
        text = template.replace("\\n", "\n").replace("{{", "{").replace("}}", "}").replace("{}", secret)
        planted_secrets.append(Planted(f"text: {template}", "text", text, secret))
    text, body = pem(r)
    planted_secrets.append(Planted("pem", "text", text, body))
    return planted_secrets


def derived(secret: str) -> dict[str, str]:
    """Texts derived from a known secret, by the derivation's name."""
    return {form: make(secret) for form, make in _shapes().items()}


WEAK = {
    "MYSQL_ROOT_PASSWORD": "root",
    "POSTGRES_PASSWORD": "test",
    "PGPASSWORD": "postgres",
    "REDIS_PASSWORD": "redis",
    "ADMIN_PASSWORD": "admin",
    "SHOP_PASSWORD": "shop",
    "BROKER_PASSWORD": "guest",
    "APP_PIN": "1234",
    "KEY_PASSPHRASE": "orders",
    "DEMO_PASSWORD": "changeme",
    "SIGNING_SECRET": "app.main",
    "VAULT_SECRET": "price_of",
    "API_SECRET": "web-01",
    "OLD_PASSWORD": "swordfish",
}
"""Environment of a machine on which people develop."""

_uuid = str(uuid.UUID(int=0x5F1B3A9C2D4E4F6A8B7C9D0E1F2A3B4C))
_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2).decode()

INNOCENT = [
    *["/root/app.py", "/root/.venv/lib/python3.11/site-packages/redis/client.py", "tests/test_orders.py"],
    *["/srv/shop/orders/price.py", "/usr/lib/postgresql/16/bin/postgres", "/home/guest/admin/app.main"],
    *["postgres.connection", "shop.orders.price_of", "tests.unit", "redis.asyncio.client", "app.main:create"],
    "import test, redis, postgres",
    "from shop import orders, price_of",
    "def test_orders(shop, admin): return price_of(orders)",
    "the test failed for root and guest",
    "postgres is starting; redis is ready; 1234 orders of the shop were read",
    "order 1234 of 12345 took 0.1234 s at 12:34",
    "the swordfish was sold in the shop",
    "a changeme file in /etc/changeme.d",
    'psycopg.OperationalError: connection to server at "db", port 5432 failed',
    'relation "orders" does not exist',
    'File "/root/shop/app.py", line 1234, in price_of',
    "listening on http://127.0.0.1:8000 (root)",
    "http://localhost:5432/test?orders=1",
    "user=root host=web-01.example.com role=admin",
    "mode=test env=test user=admin db=postgres",
    "SELECT * FROM orders WHERE shop = 1234",
    "web-01.internal and web-012 are up",
    "SKU-99812-XL",
    "orders-001-000",
    "sku SKU-99812-XL of orders-001-000",
    "key=SKU-99812-XL",
    "key: orders-001-000",
    "{'key': 'SKU-99812-XL', 'n': 3}",
    "{'key': 'orders-001-000'}",
    "cache key user:12345:profile",
    "{'key': 'user:12345:profile'}",
    "token: INV-2024-000123",
    "{'token': 'IDENTIFIER'}",
    f"request {_uuid} done",
    f"{{'key': '{_uuid}'}}",
    f"key: {_uuid}",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "{'key': '9fceb02d0ae598e95dc970b74767f19372d61af8'}",
    "HEAD is now at 9fceb02 Fix the price",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "alpine:3.19@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "2024-01-02T03:04:05.678Z",
    "{'key': '2024-01-02T03:04:05Z'}",
    "session of 2024-01-02",
    f"data:image/png;base64,{_PNG[:120]}",
    _PNG[:120],
    "mailto:bob@example.com",
    "email:bob.smith1984@example.com",
    "Author: Bob Smith <bob.smith1984@example.com>",
    "git@github.com:org/repo.git",
    "ssh://git@github.com/org/repo.git",
    "to:alice@example.com from:bob@example.com",
    "pip install git+https://github.com/org/repo@v1.2.3",
    "docker://alpine:latest",
    "https://example.com:8443/a@b",
    "redis://cache:6379/0",
    "postgres://db:5432/shop",
    "http://[::1]:8080/",
    "std:vector@0x7ffeefbff5c0",
    "12:30@room4",
    "x: Mapping[str, int] = {}",
    "password: str",
    "password = None",
    "def login(user, password, token=None):",
    "self.password = password",
    "token = tokens[i]",
    "api_key = os.environ['API_KEY']",
    "password=${DB_PASSWORD}",
    "PGPASSWORD=$PGPASSWORD psql",
    "password: <masked>",
    "the password must have 8 characters",
    "wrong password for user bob",
    "max_tokens=4096 prompt_tokens=1234",
    "pin = 17",
    "pin=13, mode=OUT",
    "pinned=True spinning=1234",
    "GPIO.setup(pin, GPIO.OUT)",
    "opinion: 1234",
    "hf_hub_download(repo_id='x')",
    "hf_transfer_is_enabled_by_default",
    "from hf_internal_testing_models_collection import x",
    "glpat- is how they begin",
    "SG.utils.random_function_of_module",
    "xapp-demo-of-an-application",
    "dapi_client_of_the_databricks_sdk",
    "dapifacade",
    "dop_v1_schema",
    "shpat_demo",
    "gsk_config_of_the_program",
    "r8_registers_are_eight_bits_wide",
    "whsec_prefix",
    "ya29 is an item",
    "1//0 is a division",
    "npm_config_registry_of_this_machine",
    "sk-learn-contrib-random-forest-models",
    "risk-adjusted-returns-of-2024-and-2025",
    "task-0123456789abcdefghijklmnop",
    "disk-usage-of-all-the-nodes-in-cluster",
    "SKIPPED 12 tests",
    "SG.123",
    "hvs.h",
    "eyJ.a.b",
    "<password>${PASSWORD}</password>",
    "<token>identifier</token>",
    "{'name': 'colour', 'value': 'dark-green-42'}",
    "{'name': 'Ada', 'value': 12345}",
    "Header(name='Accept', value='text/html')",
    "- name: HOME\n  value: /root\n",
    "[paths]\nroot = /srv/shop\n",
    "[tool.pytest]\naddopts = -q\n",
    "mysql -u root --port 3306 shop",
    "python -p 8000 app.py",
    "ssh -p 2222 root@web-01",
    "tar -pxf a.tar",
    "curl -o out https://example.com",
    "docker run -p 8080:80 redis",
    "https://hooks.example.com/",
    "webhook received from /hooks/orders",
    "signal=SIGTERM sig=15",
    "design=modern&assign=bob1234567890123456789",
    "a = b'\\x00\\x01\\x02'",
    "['password', 'username', 'refresh_token']",
    "fields = ('user', 'password')",
    "{'password': None, 'token': ''}",
    "assert is_token(tok) and token_count == 12",
    "monkey: banana12, author=guido1991",
    "<Color.RED: 1>",
    "<Stage.PLAIN: 'plain'>",
    "Cookie policy: strict",
    "cookie_name = 'sessionid'",
    "access denied for admin",
    "basic auth is off; bearer of news",
    "basic 1234",
    "Basic usage: run the shop",
    "machine learning with login pages",
    "a:b:c:d:e",
    "10.0.0.1:80:tcp:open:http",
    "2024:01:02:03:04:05",
    "00:1A:2B:3C:4D:5E",
    "fe80::1ff:fe23:4567:890a",
    "0x7f3c2a1b9d80",
    "1.3.6.1.4.1.311.21.20",
    "+49 151 23456789",
    "DE89 3704 0044 0532 0130 00",
    "ISBN 978-3-16-148410-0",
    "v2.31.0-rc.1+build.20240102",
    "arn:aws:s3:::bucket/key",
    "projects/shop-1234/locations/eu-west-1",
    "us-east-1a",
    "node-7d9f8b6c5-x2x9z",
    "pod/web-7d9f8b6c5d-abcde",
    "build-2024-01-02-1234",
    "thread-140735680",
    "Thread-12 (worker)",
    "ForkPoolWorker-3",
    "asyncio.Task-1234",
    "0b1101 0o17 0xff 1e-9 3.14159",
    "f(x) = x**2 + 1",
    "C:\\Users\\root\\shop\\app.py",
    "\\\\server\\share\\orders",
    "../../tests/data/orders.json",
    "~/shop/test/redis.conf",
    "s3://shop-orders/2024/01/02/part-0000.parquet",
    "gs://shop/test",
    "text/html; charset=utf-8",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "GET /orders/1234?shop=test HTTP/1.1",
    '"GET /admin HTTP/1.1" 404',
    'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "key_error: 'orders'",
    "KeyError: 'price_of'",
    "primary_key=id sort_key=date cache_key=orders:1",
    "keyboard interrupt",
    "tokenizer=cl100k_base",
    "author: Guido van Rossum",
    "certified=yes",
    "nonce_size = 12",
    "salt and pepper",
    "session_count=12",
    "is_authenticated=True",
    "authority=example.com",
    "compass=1234567",
    "bypass=True surpass=12",
    "passes=2 passed=12",
    "passenger: Bob123456",
    "first_pass=done",
    "secretary=alice12345",
    "num_keys=1234567",
    "keys=['orders', 'shop']",
    "password_min_length=12",
    "PASSWORD_HASHERS = ['django.contrib.auth.hashers.PBKDF2PasswordHasher']",
    "token_url=https://example.com/oauth/token",
    "reset_password_url=/accounts/reset",
    "card: ace of spades",
    "cvv is missing",
    "ssn = None",
    "otp sent",
    "seed=1234567890",
    "backup=/var/backups/shop",
    "recovery=enabled",
    "created=1700000000",
    "sum=12345678901234567890",
    "line 1234 of root.txt",
    "test",
    "orders/root/admin",
]
"""Texts that must stay as they are, beside the environment above."""
