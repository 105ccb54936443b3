"""Run by every interpreter: the agent's reading of hostile objects. argv[1]: folder of iqdebug.

Prints "fine" and nothing else; an assertion that does not hold ends in a traceback.
"""

# ruff: noqa: B023, E501, E731, SIM905

import collections
import datetime
import decimal
import enum
import pathlib
import sys
import threading
import types

package = type(sys)("_iqdebug_inside")
package.__path__ = [sys.argv[1]]
package.__package__ = "_iqdebug_inside"
sys.modules["_iqdebug_inside"] = package
from _iqdebug_inside.agent import listing  # noqa: E402
from _iqdebug_inside.capture import values  # noqa: E402

RAN = []


def ran(name):
    RAN.append(name)
    raise RuntimeError("must not run: " + name)


class EvilMeta(type):
    def __getattribute__(cls, name):
        ran("meta " + name)

    def __instancecheck__(cls, other):
        ran("instancecheck")

    def __subclasscheck__(cls, other):
        ran("subclasscheck")

    def __eq__(cls, other):
        ran("meta eq")

    def __hash__(cls):
        return 5


Evil = EvilMeta(
    "Evil",
    (),
    dict(
        {
            name: (lambda name: lambda self, *rest: ran(name))(name)
            for name in "__repr__ __str__ __len__ __iter__ __bool__ __eq__ __getattr__ __getattribute__ __dir__ "
            "__format__ __getitem__ __contains__ __call__ __int__ __index__".split()
        },
        __class__=property(lambda self: ran("__class__")),
        __slots__=("inner", "__dict__"),
        prop=property(lambda self: ran("prop")),
    ),
)
evil = object.__new__(Evil)
Evil_dict = type.__dict__["__dict__"].__get__(Evil)
Evil_dict["__dict__"].__get__(evil)["visible"] = 1


class List(list):
    __len__ = __iter__ = __repr__ = __getitem__ = lambda self, *rest: ran("list")


class Dict(dict):
    __len__ = __iter__ = __repr__ = __getitem__ = items = keys = lambda self, *rest: ran("dict")


class Text(str):
    __len__ = __repr__ = __str__ = __getitem__ = __hash__ = __eq__ = lambda self, *rest: ran("str")


class Number(int):
    __repr__ = __str__ = __index__ = bit_length = lambda self, *rest: ran("int")


class Set(set):
    __len__ = __iter__ = __repr__ = lambda self, *rest: ran("set")


class Failure(Exception):
    __str__ = __repr__ = lambda self: ran("exception")
    args = property(lambda self: ran("args"))


class Named(collections.namedtuple("Base", "x y")):
    __repr__ = __iter__ = __len__ = lambda self: ran("namedtuple")


class Lies:
    __module__ = property(lambda self: ran("module"))
    __dict__ = property(lambda self: ran("dict"))


class Fields(tuple):
    _fields = property(lambda self: ran("fields"))


class Colour(enum.Enum):
    RED = 1
    __repr__ = __str__ = lambda self: ran("enum")


class FakeArray:
    shape = property(lambda self: ran("shape"))
    dtype = property(lambda self: ran("dtype"))


class Thread(threading.Thread):
    name = property(lambda self: ran("thread name"), lambda self, value: None)


class Hosted:
    """Its attributes live in a dictionary with ideas of its own."""

    def __init__(self):
        object.__setattr__(self, "__dict__", Dict(inside=1))


class Zone(datetime.tzinfo):
    __repr__ = lambda self: ran("tzinfo")
    utcoffset = dst = tzname = lambda self, moment: ran("utcoffset")


HOSTILE = [
    evil, Evil, List([1, evil]), Dict(a=evil), Text("words"), Number(7), Set([1]), Failure("why", evil),
    Named(1, evil), Lies(), Fields((1, 2)), Colour.RED, FakeArray(), Thread(), Hosted(),
    datetime.datetime(2020, 1, 1, tzinfo=Zone()), {1: evil}, [evil] * 20,
    types.SimpleNamespace(a=evil), (evil,), collections.deque([evil]), collections.defaultdict(list, k=evil),
    collections.OrderedDict(k=evil), collections.Counter("aab"), List.append,
]  # fmt: skip

references = listing.References()
for value in HOSTILE:
    shown = values.text(value)
    assert type(shown) is str and len(shown) <= values.MAX_TEXT, (len(shown), shown)
    row = listing.entry("name", value, references, "local", "name")
    assert set(row) <= {"n", "v", "t", "k", "s", "e", "st", "r"}, row
    for child in listing.children_page(references, row["r"], 0, 50) if "r" in row else ():
        if "r" in child:
            listing.children_page(references, child["r"], 0, 50)
assert RAN == [], RAN


def shows(value, expected):
    shown = values.text(value)
    assert shown == expected, (shown, expected)


shows(List([1, 2]), "List[1, 2]")
shows(Number(7), "7")
shows(Colour.RED, "<Colour.RED: 1>")
shows(Named(1, 2), "Named(x=1, y=2)")
shows((1,), "(1,)")
shows(set(), "set()")
shows([], "[]")
shows({"a": [1, {"b": 2}]}, "{'a': [1, {…} (1)]}")
shows(10**2000, "<int of 6644 bits>")
shows(float("nan"), "nan")
shows(pathlib.PurePosixPath("/a"), "PurePosixPath('/a')")
shows(decimal.Decimal("1.5"), "Decimal('1.5')")
shows(None, "None")
shows(b"ab", "b'ab'")
shows(ValueError("bad", 1), "ValueError('bad', 1)")
shows("\ud800", "'\\ud800'")

deep = []
for _ in range(100_000):
    deep = [deep]
assert len(values.text(deep)) < 100
loop = []
loop.append(loop)
loops = {"me": loop}
loops["dict"] = loops
assert values.text(loop) and values.text(loops)
long = values.text("x" * 10**7)
assert len(long) <= values.MAX_TEXT and "10,000,000 long" in long, long

# a page is what was asked for, wherever the object ends
numbers = references.add(list(range(10)), "numbers")
assert [r["v"] for r in listing.children_page(references, numbers, 8, 5)] == ["8", "9"]
assert listing.children_page(references, numbers, 50, 5) == []
assert listing.children_page(references, 987654, 0, 5) == []
references.clear()
assert listing.children_page(references, numbers, 0, 5) == []
assert references.add([], "") != numbers

# another thread changes what is being read
changing, stop = {}, threading.Event()


def change():
    n = 0
    while not stop.is_set():
        n += 1
        changing[n % 1000] = n
        changing.pop((n * 7) % 1000, None)


thread = threading.Thread(target=change, daemon=True)
thread.start()
try:
    table = references.add(changing, "changing")
    for _ in range(300):
        assert type(values.text(changing)) is str
        listing.children_page(references, table, 0, 100)
finally:
    stop.set()
    thread.join()


def local_names(argument, *more, **rest):
    zebra = 1
    apple = evil
    return sys._getframe(), zebra, apple


frame = local_names(1, 2, key=3)[0]
rows = listing.locals_page(frame, references)
assert [(r["n"], r["k"]) for r in rows] == [
    ("argument", "argument"), ("more", "argument"), ("rest", "argument"), ("zebra", "local"),
    ("apple", "local"), ("globals", "group"),
], rows  # fmt: skip
globals_page = listing.children_page(references, rows[-1]["r"], 0, 1000)
assert "HOSTILE" in [r["n"] for r in globals_page]
assert RAN == [], RAN
print("fine")
