"""A second corpus, written without looking at the masking rules.

Measured then: 43 of its 127 secrets were seen live, 8 of the 15 things made of a known one, and none of
its 105 innocent texts was masked (docs/masking.md). ``KNOWN_LEAKS`` is what is still seen;
the tests fail when that grows, and when something can be taken off.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.hostile.masking_corpus import DIGITS, HEX, LETTERS, URLSAFE, WORD, Chance, Planted

__all__ = ["INNOCENT_TOO", "KNOWN_LEAKS", "KNOWN_OVER", "THIRD_INNOCENT", "held_out", "made_of", "third"]

UPPER = LETTERS[26:]


def issued(r: Chance) -> list[tuple[str, str]]:
    return [
        ("crates", "cio" + r.of(WORD, 32)),
        ("mailgun", "key-" + r.of(HEX, 32)),
        ("twilio", "SK" + r.of(HEX, 32)),
        ("atlassian", "ATATT3xFfGF0" + r.of(URLSAFE, 170) + "=4A5B6C7D"),
        ("figma", "figd_" + r.of(URLSAFE, 40)),
        ("fly", "fm2_" + r.of(WORD + "+/", 180)),
        ("tailscale", "tskey-auth-" + r.of(WORD, 12) + "CNTRL-" + r.of(WORD, 32)),
        ("supabase", "sbp_" + r.of(HEX, 40)),
        ("netlify", "nfp_" + r.of(WORD, 36)),
        ("sentry", "sntrys_" + r.of(WORD + "+/=", 120)),
        ("posthog", "phx_" + r.of(WORD, 43)),
        ("xai", "xai-" + r.of(WORD, 80)),
        ("perplexity", "pplx-" + r.of(WORD, 48)),
        ("nvidia", "nvapi-" + r.of(URLSAFE, 64)),
        ("openrouter", "sk-or-v1-" + r.of(HEX, 64)),
        ("hubspot", f"pat-na1-{r.of(HEX, 8)}-{r.of(HEX, 4)}-{r.of(HEX, 4)}-{r.of(HEX, 4)}-{r.of(HEX, 12)}"),
        ("facebook", "EAAG" + r.of(WORD, 150)),
        ("rubygems", "rubygems_" + r.of(HEX, 48)),
        ("azure client", r.of(WORD, 3) + "8Q~" + r.of(URLSAFE, 34)),
        ("mapbox", "sk.eyJ1Ijoi" + r.of(WORD, 60) + "." + r.of(URLSAFE, 22)),
        ("airtable", "pat" + r.of(WORD, 14) + "." + r.of(HEX, 64)),
        ("contentful", "CFPAT-" + r.of(URLSAFE, 43)),
        ("buildkite", "bkua_" + r.of(HEX, 40)),
        ("circleci", "CCIPAT_" + r.of(WORD, 22) + "_" + r.of(HEX, 40)),
        ("terraform", r.of(WORD, 14) + ".atlasv1." + r.of(WORD, 67)),
        ("alibaba", "LTAI5t" + r.of(WORD, 18)),
        ("dynatrace", "dt0c01." + r.of(UPPER + DIGITS, 24) + "." + r.of(UPPER + DIGITS, 64)),
        ("pulumi", "pul-" + r.of(HEX, 40)),
        ("sendinblue", "xkeysib-" + r.of(HEX, 64) + "-" + r.of(WORD, 16)),
        ("yandex", "y0_" + r.of(URLSAFE, 55)),
        ("flutterwave", "FLWSECK_TEST-" + r.of(HEX, 32) + "-X"),
        ("easypost", "EZAK" + r.of(WORD, 54)),
    ]


NAMES = """
SMTP_PASS MYSQL_PWD wifi_psk api_secret shared_secret webhook_secret jwt_secret master_password
keystore_pass bindpw rootpw private_token license_key apikey2 passwort auth_header basic_auth hmac_secret
encryptionKey recovery_code totp_seed ansible_become_pass x_vault_token sudo_password accountKey
consumer_secret app_secret_key ssh_passphrase unlock_code
"""

TEXTS = """
bindpw {}
requirepass {}
kubectl create secret generic x --from-literal=password={}
ansible_ssh_pass: {}
git clone https://oauth2:{}@gitlab.example.com/x.git
pip install --index-url https://bob:{}@pypi.example.com/simple x
wget --user bob --password={} https://x
http -a bob:{} example.com
ldapsearch -D cn=admin -w {} -b dc=x
openssl rsa -in k.pem -passin pass:{}
keytool -list -storepass {}
zip -P {} a.zip b
Proxy-Authorization: Basic {}
{{\\"user\\": \\"bob\\", \\"password\\": \\"{}\\"}}
db = {{ host = "x", password = "{}" }}
username=bob&pwd={}
login user=bob pass={}
%22password%22%3A%22{}%22
mutation {{ login(user: "bob", password: "{}") }}
connect(user='bob', passwd='{}')
<input type="password" name="password" value="{}">
spring.datasource.password={}
jdbc:postgresql://h/d?user=bob&password={}
//registry.npmjs.org/:_authToken={}
AUTH {}
PASS {}
X-Vault-Token: {}
Ocp-Apim-Subscription-Key: {}
PHPSESSID={}
SET PASSWORD FOR 'bob' = PASSWORD('{}')
CHANGE MASTER TO MASTER_PASSWORD='{}'
password is {}
The password for bob is "{}".
psycopg2.connect("dbname=x user=bob password={}")
Config(db=Db(user='bob', password='{}'), debug=True)
{{"Name": "API_KEY", "Value": "{}"}}
ENV DB_PASSWORD={}
ARG TOKEN={}
ENV DB_PASSWORD {}
secret_key_base: {}
[credentials]\\nusername = bob\\npassword = {}\\n
[tokens]\\ngithub = {}\\n
mosquitto_pub -u bob -P {} -t x
smbclient //s/x -U bob%{}
net use X: /user:bob {}
echo {} | docker login --password-stdin
snmpget -v3 -A {} -x DES
vncpasswd: {}
Basic auth: bob / {}
mysql://bob:{}@tcp(127.0.0.1:3306)/x
bob:{}@tcp(db.internal:3306)/x
amqps://bob:{}@b-1.mq.eu-west-1.amazonaws.com:5671
https://maker.ifttt.com/trigger/x/with/key/{}aaaaaaaa
https://hooks.zapier.com/hooks/catch/123456/{}/
https://chat.googleapis.com/v1/spaces/AAAA/messages?key=x&token={}
https://discordapp.com/api/webhooks/123456789012345678/{}aaaaaaaa
""".strip().split("\n")


def held_out(seed: int = 12) -> list[Planted]:
    r = Chance(seed)
    planted_secrets = [
        Planted(f"issued: {form}", "value", f"got {secret} now", secret) for form, secret in issued(r)
    ]
    for name in NAMES.split():
        secret = r.password()
        planted_secrets.append(Planted(f"named {name}", name, secret, secret))
    for template in TEXTS:
        secret = r.password().replace(".", "x").replace("-", "y").replace("_", "z")
        text = template.replace("\\n", "\n").replace("{{", "{").replace("}}", "}").replace("{}", secret)
        planted_secrets.append(Planted(f"text: {template}", "text", text, secret))
    nested: list[tuple[str, Any]] = [
        ("setting row", lambda s: {"setting": "password", "value": s}),
        ("keyword row", lambda s: {"keyword": "api_key", "setting": s}),
        ("zipped", lambda s: {"names": ["user", "password"], "values": ["bob", s]}),
        ("multi dict", lambda s: {"authorization": [f"Bearer {s}"]}),
        ("headers dict of bytes", lambda s: {b"Authorization": b"Bearer " + s.encode()}),
        ("tuple key", lambda s: {("db", "password"): s}),
        ("triple", lambda s: [("password", s, "string")]),
        ("set in a list", lambda s: [{"secrets": {s}}]),
        ("json in a list", lambda s: [json.dumps({"auth": {"client_secret": s}})]),
        ("query list", lambda s: [("grant_type", "password"), ("client_secret", s)]),
    ]
    for form, make in nested:
        secret = r.password()
        planted_secrets.append(Planted(f"nested: {form}", "data", make(secret), secret))
    return planted_secrets


def made_of(s: str) -> dict[str, str]:
    """Derivations that the rules were not written for."""
    return {
        "lower, reversed": s.lower()[::-1],
        "base64 of JSON": base64.b64encode(b'{"user": "bob", "password": "' + s.encode() + b'"}').decode(),
        "base64 twice": base64.b64encode(base64.b64encode(s.encode())).decode(),
        "base32": base64.b32encode(s.encode()).decode(),
        "bytes as numbers": str(list(s.encode())),
        "unicode escapes": "".join(f"\\u{ord(c):04x}" for c in s),
        "hex with 0x": ", ".join(hex(b) for b in s.encode()),
        "without its last": s[:-1],
        "without its first": s[1:],
        "with stars": s[:-4] + "****",
        "stars and the rest": "****" + s[4:],
        "halves": f"{s[:8]} {s[8:]}",
        "glued": f"xx{s}yy",
        "in quotes": f"\"'{s}'\"",
        "upper, dashed": "-".join(s.upper()),
    }


INNOCENT_TOO = [
    "2024-05-01 12:00:01,123 INFO shop.orders: order 1234 of root was read from postgres in 12 ms",
    "GET /test/orders/1234 200 12ms",
    "SELECT price FROM shop.orders WHERE guest = 'bob'",
    "Traceback (most recent call last):",
    '  File "/srv/shop/tests/test_admin.py", line 12, in test_redis',
    'sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) FATAL: role "bob" is not permitted',
    "redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.",
    "Starting gunicorn 21.2.0, worker pid: 1234",
    "celery@web-01 ready.",
    "celery@9f8e7d6c5b4a ready.",
    "kombu: amqp://guest:**@rabbit:5672//",
    "Loaded settings from /root/shop/settings.py",
    "cpython-311-x86_64-linux-gnu",
    "numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl",
    "torch.Size([1234, 768])",
    "dtype('float64')",
    "Timestamp('2024-01-02 03:04:05')",
    "UUID('5f1b3a9c-2d4e-4f6a-8b7c-9d0e1f2a3b4c')",
    "PosixPath('/root/shop')",
    "Decimal('1234.5678')",
    "<Order 1234: 3 lines>",
    "<Response [200]>",
    "<redis.client.Redis object at 0x7f3c2a1b9d80>",
    "<function price_of at 0x7f3c2a1b9d80>",
    "<module 'postgres' from '/root/postgres/__init__.py'>",
    "functools.partial(<function price_of at 0x7f3c2a1b9d80>, 12)",
    "re.compile('[a-z]+')",
    "range(0, 1234)",
    'etag: "5d8c72a5edda8d6a5d8c72a5edda8d6a"',
    "x-request-id: 5f1b3a9c-2d4e-4f6a-8b7c-9d0e1f2a3b4c",
    "x-amzn-trace-id: Root=1-5f1b3a9c-2d4e4f6a8b7c9d0e1f2a3b4c",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "Content-Type: multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
    "Set-Cookie policy is Lax",
    "docker.io/library/redis@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "image: registry.example.com/shop/web:2024-01-02.9fceb02",
    "ip-10-0-12-34.eu-west-1.compute.internal",
    "i-0abcd1234ef567890 in vpc-0a1b2c3d",
    "arn:aws:iam::123456789012:role/shop",
    "order_key = 'ORD-2024-0042'",
    "{'sort_key': 'ORDER#1234', 'key': 'ORDER#1234#LINE#5'}",
    "s3 key=2024/01/02/orders-1234.parquet",
    "{'Key': 'invoices/2024/invoice-0001.pdf', 'Size': 1234}",
    "key = 'the-quick-brown-fox-jumps'",
    "for key in sorted(orders): print(key)",
    "KEY_UP KEY_DOWN KEY_ENTER",
    "token: NAME 'price_of'",
    "Token(type=NAME, value='price_of', line=1234)",
    "tokens per second: 1234.5",
    "unexpected token '}' at line 12",
    "the session of bob ended after 1234 s",
    "session.query(Order).filter_by(id=1234)",
    "auth.User.DoesNotExist: User matching query does not exist.",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "certifi/cacert.pem",
    "salted pretzels, 12 pieces",
    "signature of price_of(orders, shop=None) -> Decimal",
    "inspect.signature(price_of)",
    "pinning numpy==1.26.4",
    "shipping=1234 topping=12",
    "carding wool",
    "the card 1234 was returned",
    "passing 12 tests",
    "passport photo 35x45",
    "by pass road 1234",
    "secret santa of 2024",
    "credit: 1234.00 EUR",
    "credentials must be given",
    "authentication failed for user bob",
    "authorization code flow is used",
    "user@example.com:22 is not reachable",
    "rsync -avz bob@example.com:/srv/shop .",
    "scp web-01:/srv/a.txt bob@web-02:/tmp",
    "http://bob@example.com/",
    "a@b:c@d",
    "x:y@z",
    "foo:bar@baz",
    "price: 12@each",
    "at 12:30:45@utc",
    "vim: set ts=4 sw=4:",
    "127.0.0.1:54321:shop",
    "::1:8000",
    "sed -i -p x",
    "mkdir -p /root/mysql/data",
    "nmap -p 3306 mysql.example.com",
    "sqlcmd -p",
    "grep -P '\\d+' orders.txt",
    "sig=15 handler=default",
    "signed=1234567890123456789012",
    "webhook=/hooks/orders/created",
    "https://example.com/hooks/orders/created",
    "hook: post_save",
    "value: 1234, name: test",
    "{'name': 'password_reset', 'value': True}",
    "{'field': 'password', 'error': 'is too short'}",
    "{'id': 'session', 'label': 'Session', 'default': None}",
    "- name: run tests\n  value: 3\n",
    "[options]\nkey = value\n",
    "hf_model_name_or_path",
    "EAAA is no word",
    "AKIA is how AWS ids begin",
    "sk-SK is Slovak",
    "cio: chief information officers",
    "key-value-store-of-the-shop",
    "sl.py and fm1_radio",
]


THIRD_TEXTS = """
smtp://mailer:{}@mail.example.com:587
jdbc:mysql://db:3306/shop?user=bob&password={}&useSSL=true
SPRING_DATASOURCE_PASSWORD={}
"db_password" => "{}",
define('DB_PASSWORD', '{}');
$password = '{}';
const apiKey = "{}";
password := "{}"
String password = "{}";
let token = `{}`;
:password => '{}'
<connectionStrings><add connectionString="Server=x;Password={};" /></connectionStrings>
  password: !vault {}
vault kv put secret/x password={}
heroku config:set API_KEY={}
aws configure set aws_secret_access_key {}
gcloud auth --access-token={}
az storage blob list --account-key {}
terraform apply -var db_password={}
helm install x --set auth.password={}
docker run -e POSTGRES_PASSWORD={} postgres
psql "host=db user=bob password={}"
mongo -u bob -p {} db
redis-cli --pass {}
rabbitmqctl add_user bob {}
wpa_passphrase=ssid {}
  psk="{}"
git config user.token {}
curl -H "PRIVATE-TOKEN: {}" https://x
curl -d 'client_secret={}&grant_type=x' https://x
curl https://x?api_key={}
http://x/api?apikey={}&q=1
POST /login {{"username":"bob","password":"{}"}}
{{'headers': {{'X-API-KEY': '{}'}}}}
Headers({{'host': 'x', 'authorization': 'Bearer {}'}})
User(id=1, name='bob', password_hash='x', password='{}')
Cookie: csrftoken=abc; sessionid={}
sessionid={}; Path=/; Secure
login failed: bad password '{}' for bob
Invalid token {}
invalid api key: {}
Incorrect API key provided: {}.
using secret={} for signing
AUTH PLAIN {}
>>> r.auth('{}')
rediss://default:{}@eu1-x.upstash.io:6379
nats://{}@nats:4222
sqlite+pysqlcipher://:{}@/x.db?cipher=aes
snowflake://bob:{}@acct/db/schema
imap login bob {}
""".strip().split("\n")

THIRD_NAMES = """
dbPasswd root_password userPwd ldap_bind_password s3_secret stripe_secret_key openai_api_key
slack_webhook_secret sentry_auth_token jwtSecret cookie_secret session_secret csrf_secret private_pem
gpg_passphrase tls_key_password ftpPassword sftp_pass proxy_password vnc_pass wifi_password pin_number
device_token push_token id_token authkey api_token bot_token oauth_token_secret
"""

THIRD_INNOCENT = """
the secret of the shop is a good price
Invalid token at line 12: unexpected 'root'
Invalid token <EOF>
bad password for bob
Incorrect API key provided
auth.password.length = 12
psk31 mode on 14070 kHz
password policy: 12 characters
git config user.name bob
helm install shop --set image.tag=2024-01-02
docker run -e DEBUG=1234 -p 8080:80 web
export PATH=/root/bin:/usr/bin
const apiKey = process.env.API_KEY;
$password = $_POST['password'];
define('DB_HOST', 'localhost');
let token = tokens.next();
the token bucket holds 12 tokens
session 12345678 of user 1234 expired
Session: 5f1b3a9c
cookie consent v2
AUTH ok
PASS 12 of 12
PASS tests/test_orders.py
FAIL tests/test_admin.py
PASSED [100%]
passed=12 failed=0
imap login ok
nats://nats:4222
redis://redis
Set-Cookie: theme=dark; Path=/
card_type=visa
key_id=1234
keyid 0x1234ABCD
key: value
keys: 12
api_key_name=shop
access_key_count=2
secret_version=12
credentials_path=/root/.aws/credentials
credential_id=12345678
signature_algorithm=RS256
jwt_algorithm=HS256
token_type=bearer
token_expires_in=3600
nonce=12
salt_rounds=12
hash=sha256
digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
checksum: 9fceb02d0ae598e95dc970b74767f19372d61af8
user-agent: curl/8.1.2
host: db-01.internal:5432
2024-01-02 bob logged in from 10.0.0.12:54321
x-token-count: 12345
order 4815162342 shipped
retry-after: 1234567890
ETag: W/"1234567890"
If-None-Match: "abcdef123456"
trace_id=4bf92f3577b34da6a3ce929d0e0e4736
span_id=00f067aa0ba902b7
partition_key=orders-2024
routing_key=orders.created.v1
idempotency-key: 5f1b3a9c-2d4e-4f6a-8b7c-9d0e1f2a3b4c
cache-key: GET:/orders/1234
foreign key (order_id) references orders(id)
PRIMARY KEY (id)
KeyError: ('orders', 1234)
AssertionError: assert 'root' == 'admin'
E       AssertionError: assert {'key': 'a-1'} == {'key': 'a-2'}
""".strip().split("\n")


def third(seed: int = 77) -> list[Planted]:
    """Written when the second corpus had taught its part: 15 of its 79 secrets were seen then, and two of its
    68 innocent texts masked."""
    r = Chance(seed)
    planted_secrets = []
    for template in THIRD_TEXTS:
        secret = r.password().replace(".", "x").replace("-", "y").replace("_", "z")
        text = template.replace("{{", "{").replace("}}", "}").replace("{}", secret)
        planted_secrets.append(Planted(f"text: {template}", "text", text, secret))
    for name in THIRD_NAMES.split():
        secret = r.password()
        planted_secrets.append(Planted(f"named {name}", name, secret, secret))
    return planted_secrets


KNOWN_LEAKS = frozenset(
    (
        "nested: tuple key",  # live, a key that is a tuple is abbreviated
        "nested: zipped",
        "text: Basic auth: bob / {}",
        "text: net use X: /user:bob {}",
        "unicode escapes",
        # of the third
        "named pin_number",
        "named private_pem",
        "text: imap login bob {}",
        "text: let token = `{}`;",
        "text: nats://{}@nats:4222",
        "text: rabbitmqctl add_user bob {}",
        "text: wpa_passphrase=ssid {}",
    )
)
KNOWN_OVER = frozenset(("Session: 5f1b3a9c", "Set-Cookie: theme=dark; Path=/"))
"""By rule: what a session is called by may be its secret, and of a cookie everything is hidden."""
