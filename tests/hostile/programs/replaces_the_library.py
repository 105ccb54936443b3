"""A program that has put functions of its own in the place of the standard library's: each prints and
raises. argv: "crash" for one, else waits for lines on its stdin."""

import json
import sys

kept_stdout = sys.stdout
if "--capture" in sys.argv:
    import iqdebug.capture  # before anything is replaced, or after it

    iqdebug.capture.install()


def spoilt(name):
    def function(*args, **named):
        kept_stdout.write("RAN %s\n" % name)
        kept_stdout.flush()
        raise RuntimeError("replaced: " + name)

    return function


def replace():
    import builtins
    import os
    import struct
    import time

    for name in ("dumps", "loads", "dump", "load"):
        setattr(json, name, spoilt("json." + name))
    for name in ("default", "encode", "iterencode"):
        setattr(json.JSONEncoder, name, spoilt("JSONEncoder." + name))
    if sys.argv[1] == "wait":
        return  # the rest pydevd and ctypes cannot do without
    for name in ("pack", "unpack", "Struct", "unpack_from", "calcsize"):
        setattr(struct, name, spoilt("struct." + name))
    builtins.open = spoilt("open")
    for name in (
        "open",
        "write",
        "stat",
        "fstat",
        "rename",
        "makedirs",
        "mkdir",
        "listdir",
        "getcwd",
        "getpid",
    ):
        setattr(os, name, spoilt("os." + name))
    moment = time.monotonic()
    time.monotonic = lambda: moment  # the clock stands still
    time.time = lambda: 1_700_000_000.0


def fails(order):
    return order["missing"]  # @fails


def wait():
    number = 0
    for line in sys.stdin:
        number += 1
        print("line %d" % number, flush=True)  # @line


replace()
if sys.argv[1] == "late":
    import iqdebug.capture

    iqdebug.capture.install()
if sys.argv[1] in ("crash", "late"):
    fails({"number": 5})
print("ready", flush=True)
wait()
