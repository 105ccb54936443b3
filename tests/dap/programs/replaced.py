"""Commands on stdin, in a program that runs what should be threads within the thread that starts them.

With "sealed" the interpreter's own functions cannot be had any more either. Every function that waits
is replaced by one that says so and waits for ever.
"""

import _imp
import _thread
import gc
import json
import socket  # noqa: F401  (the refusal is told over one)
import sys
import threading
import time

WAITED = []
really = time.sleep


def inline(function, arguments=(), named=None, **more):
    function(*arguments, **(named or {}))
    return 1


def for_ever(*arguments):
    WAITED.append(repr(arguments))
    while True:
        really(1)


def never(*arguments, **named):
    raise ImportError("no more")


for module in (_thread, threading):
    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        for each in (name, "_" + name):
            if hasattr(module, each):
                setattr(module, each, inline)
time.sleep = for_ever
threading.Event.wait = threading.Condition.wait = for_ever
if "sealed" in sys.argv:
    _imp.create_builtin = never
    gc.get_objects = lambda *arguments: []


def answer(line):
    doubled = line * 2  # @answer
    return doubled


def main():
    print("ready", flush=True)
    for line in sys.stdin:
        line = line.strip()
        if line == "ping":
            said = "pong"
        elif line == "waited":
            said = WAITED
        else:
            said = answer(line)
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
