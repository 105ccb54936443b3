"""Values that are hard to show. Every piece of code that showing one may run counts itself."""

# ruff: noqa: F841, UP031

import collections
import enum
import json
import select
import sys
import time

RAN = collections.Counter()


class Slow:
    def __repr__(self):
        RAN["slow"] += 1
        time.sleep(4)
        return "slow at last"


class Raising:
    def __repr__(self):
        RAN["raising"] += 1
        raise RuntimeError("no text for you")


class Huge:
    def __repr__(self):
        RAN["huge"] += 1
        return "x" * 50_000_000


class Sly:
    """Runs code on every access there is."""

    def __init__(self):
        self.plain = 1

    @property
    def effect(self):
        RAN["property"] += 1
        return 2

    def __getattr__(self, name):
        RAN["getattr"] += 1
        raise AttributeError(name)

    def __len__(self):
        RAN["len"] += 1
        return 3

    def __iter__(self):
        RAN["iter"] += 1
        return iter(())

    def __bool__(self):
        RAN["bool"] += 1
        return False

    def __eq__(self, other):
        RAN["eq"] += 1
        return False

    def __hash__(self):
        return 1


class Keys(dict):
    def items(self):
        RAN["items"] += 1
        return super().items()

    def __getitem__(self, key):
        RAN["getitem"] += 1
        return super().__getitem__(key)

    def __len__(self):
        RAN["dictlen"] += 1
        return super().__len__()


class Colour(enum.Enum):
    RED = 1


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self):
        self.left = "l"


Point = collections.namedtuple("Point", "x y")


def hold():
    slow, raising, huge, sly = Slow(), Raising(), Huge(), Sly()
    million = list(range(1_000_000))
    table = {"key %d" % i: i for i in range(2_000)}
    members = {1, 2, 3}
    keys = Keys(a=1, b=Sly())
    mixed = [slow, raising, sly]
    red, slotted, point = Colour.RED, Slotted(), Point(3, 4)
    text = "t" * 1_000_000
    loop = []
    loop.append(loop)
    big = 10**10_000
    tick = 0
    print("ready", flush=True)
    while True:
        tick += 1  # @tick
        if select.select([0], [], [], 0.002)[0]:
            asked = sys.stdin.readline().strip()
            print(json.dumps(dict(RAN) if asked == "ran" else "pong"), flush=True)


hold()
