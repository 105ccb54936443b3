"""Locals that are dangerous to look at: huge, slow, raising, and changed by being read.

The function waits with all of them in its frame. A debugger must show the frame at once and must
not set off the property: ``touched`` counts how often that happened.
"""

import sys
import threading
import time

forever = threading.Event()


class HugeRepr:
    def __repr__(self):
        return "x" * 50_000_000  # @huge-repr


class SlowRepr:
    def __repr__(self):
        time.sleep(4)  # @slow-repr
        return "SlowRepr()"


class RaisingRepr:
    def __repr__(self):
        raise RuntimeError("this repr always fails")  # @raising-repr


class Touchy:
    def __init__(self):
        self.touched = 0

    @property
    def value(self):
        self.touched += 1  # @side-effect
        return self.touched


def hold():
    million = list(range(10**6))
    text = "y" * 50_000_000
    mapping = dict.fromkeys(range(100_000), "z")
    huge = HugeRepr()
    slow = SlowRepr()
    raising = RaisingRepr()
    touchy = Touchy()
    nested = []
    nested.append(nested)
    small = 42
    print("ready", flush=True)
    while not forever.is_set():
        forever.wait(0.2)  # @holds
    return million, text, mapping, huge, slow, raising, touchy, nested, small


if __name__ == "__main__":
    hold()
    sys.exit(0)
