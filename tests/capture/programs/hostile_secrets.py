"""Run by every interpreter: the masking of hostile values. argv[1]: folder of iqdebug.

Prints "fine" and nothing else; an assertion that does not hold ends in a traceback.
"""

import collections
import json
import random
import sys
import types
import urllib.parse

package = type(sys)("_iqdebug_inside")
package.__path__ = [sys.argv[1]]
package.__package__ = "_iqdebug_inside"
sys.modules["_iqdebug_inside"] = package
from _iqdebug_inside.capture.mask import MASK, Masker  # noqa: E402
from _iqdebug_inside.capture.secret_strength import is_strong  # noqa: E402

RAN = []
METHODS = (
    "__repr__ __str__ __len__ __iter__ __bool__ __eq__ __hash__ __getattr__ __getattribute__ __getitem__ "
    "__contains__ __format__ __int__ __index__ __bytes__ __buffer__ items values keys decode encode strip"
)


def ran(name):
    def method(self, *rest):
        RAN.append(name)
        raise RuntimeError("must not run: " + name)

    return method


class EvilMeta(type):
    def __getattribute__(cls, name):
        ran("meta " + name)(cls)

    __instancecheck__ = ran("instancecheck")
    __subclasscheck__ = ran("subclasscheck")
    __eq__ = ran("meta eq")
    __hash__ = lambda cls: 5  # noqa: E731


def evil(base):
    body = {name: ran(base.__name__ + "." + name) for name in METHODS.split()}
    body["__class__"] = property(ran("__class__"))
    return EvilMeta("Evil" + base.__name__.title(), (base,), body)


def made(base, *rest):
    return base.__new__(evil(base), *rest)


listed = made(list)
list.append(listed, "in-a-list-1x9")
mapped = made(dict)
dict.__setitem__(mapped, "password", "in-a-dict-2x9")
dict.__setitem__(mapped, "other", made(str, "in-a-text-3x9"))
queue = collections.deque(["in-a-deque-4x9"])
nested = {"a": [listed, mapped, (queue, made(bytes, b"in-bytes-5x9"), bytearray(b"in-a-bytearray-6x9"))]}
nested["self"] = nested
numbers = [made(int, 4815162342108), made(float, 2.718281828459), True, None, 12]

masker = Masker()
for value in (object.__new__(evil(object)), listed, mapped, nested, made(str, "x"), made(int, 5)):
    assert masker.is_secret("password", value) is True
    assert masker.is_secret("unit", value) is False
    masker.is_secret("token", value)
    masker.is_secret("database_url", value)
    masker.learn(value)
assert masker.is_secret("password", made(list)) is False
assert masker.is_secret("auth", made(str, "hunter2x")) is True
assert masker.is_secret("password", types) is masker.is_secret("password", EvilMeta("T", (), {})) is False
assert masker.is_secret(made(str, "password"), "x") is False
assert masker.scrub(made(str, "x")) is not None
masker.learn(numbers)
masker.learn(object.__new__(evil(object)))
shown = "in-a-list-1x9 in-a-dict-2x9 in-a-text-3x9 in-a-deque-4x9 in-bytes-5x9 in-a-bytearray-6x9 4815162342108 2.718281828459 True 12"
assert masker.scrub(shown) == " ".join([MASK] * 8) + " True 12", masker.scrub(shown)
assert not RAN, RAN

deep = "too-deep-here"
for _ in range(2000):
    deep = [deep]
masker.learn(deep)
masker.learn(list(range(1000000)))
assert masker.count < 2100, masker.count

# Forms, on this interpreter's own writers.
chance = random.Random(7)
alphabet = "abcXYZ019 '\"\\/%&=+?#@:;\n\t\r\x00\x7f\x9f\xe9\u20ac\u4e2d\U0001f511{}<>"
for _ in range(300):
    secret = "".join(chance.choice(alphabet) for _ in range(chance.randint(6, 30)))
    if not is_strong(secret):
        continue
    masker = Masker()
    masker.learn(secret)
    around = "".join(chance.choice("uvw 3'\"\\\n") for _ in range(6))
    data = secret.encode("utf-8")
    for write in (
        str,
        repr,
        ascii,
        json.dumps,
        urllib.parse.quote,
        urllib.parse.quote_plus,
        lambda text: repr(text.encode("utf-8")),
        lambda text: json.dumps(text, ensure_ascii=False),
    ):
        whole = write(around + secret + around)
        for written in (secret, write(secret)[1:-1] if write(secret)[:1] in "'\"" else write(secret)):
            if written in whole and len(written) >= 4:
                assert written not in masker.scrub(whole), (write, secret, whole, masker.scrub(whole))
        assert MASK in masker.scrub(whole), (write, secret, whole)
    masker = Masker()
    masker.learn(data)
    assert secret not in masker.scrub(around + secret)
    assert MASK in masker.scrub(repr(around.encode() + data))

masker = Masker()
masker.learn(b"\xff\xfe\x00\x81key\xf0")
for text in (repr(b"a\xff\xfe\x00\x81key\xf0b"), b"a\xff\xfe\x00\x81key\xf0b".decode("latin-1")):
    assert masker.scrub(text).count(MASK) == 1 and "key" not in masker.scrub(text), masker.scrub(text)
masker.learn("\ud800lonely")
assert masker.scrub(ascii("\ud800lonely")) == "'" + MASK + "'"
print("fine")
