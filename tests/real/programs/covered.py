"""A program under coverage: it waits for lines on its stdin at two depths and in two threads."""

import decimal
import logging
import sys
import threading
import time

import covered_library

ENDED = threading.Event()


def ticking():
    while not ENDED.is_set():
        step()
    return late_in_thread()


def step():
    time.sleep(0.001)


def late_in_thread():
    found = "thread"  # after detach
    return found  # after detach


def begun_meanwhile(ended):
    while not ended.is_set():
        step()
    return late_in_new_thread()


def late_in_new_thread():
    found = "a thread begun while attached"  # after detach
    return found  # after detach


def late():
    total = 0  # after detach
    for number in range(3):  # after detach
        total += number  # after detach
    return covered_library.late(total)  # after detach


def followed():
    """Does what a debugger may follow in the threads of the program while it is attached."""
    logger = logging.getLogger("covered")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.warning("%r, %s", decimal.Decimal(1), [1.5])
    import tabnanny  # noqa: F401

    sys.setrecursionlimit(sys.getrecursionlimit())


def heard():
    return sys.stdin.readline().strip()


def main():
    worker = threading.Thread(target=ticking)
    worker.start()
    print("ready", flush=True)
    covered_library.deep(3)
    followed()
    print("out", repr(type(sys.gettrace()).__name__), flush=True)
    fresh = threading.Thread(target=begun_meanwhile, args=(ENDED,))
    fresh.start()
    heard()
    print(late(), repr(type(sys.gettrace()).__name__), flush=True)  # after detach
    ENDED.set()  # after detach
    worker.join()
    fresh.join()
    another = threading.Thread(target=late_in_thread)
    another.start()
    another.join()


main()
