"""Waits in the way that its argument names."""

# ruff: noqa: F841, UP031

import asyncio
import ctypes
import os
import sys
import threading
import time


def ready():
    print("ready", flush=True)


def sleeps():
    ready()
    time.sleep(1000)  # @blocked


def lock():
    held = threading.Lock()
    held.acquire()
    ready()
    held.acquire()  # @lock


def reads():
    ready()
    os.read(0, 1)


def loop():
    async def main():
        asyncio.get_running_loop().call_soon(ready)
        await asyncio.Event().wait()

    asyncio.run(main())


def lock_in_c():
    """Two calls that keep the interpreter lock, with Python in between."""
    hold = ctypes.PyDLL(None).usleep
    ready()
    hold(2_500_000)  # @holds
    print("returned", flush=True)
    while True:
        time.sleep(0.01)
        done = True


def other_holds():
    """A thread keeps the interpreter lock for a while; the main thread waits for it."""
    hold = ctypes.PyDLL(None).usleep
    ready()
    threading.Thread(target=hold, args=(2_500_000,), daemon=True).start()
    while True:
        time.sleep(0.01)
        done = True


def many():
    """Fifty threads: busy, sleeping, waiting."""
    gate = threading.Event()

    def busy():
        n = 0
        while not gate.wait(0.01):
            n += 1

    started = [
        threading.Thread(
            target=(busy, gate.wait, lambda: time.sleep(1000))[i % 3], name="t%d" % i, daemon=True
        )
        for i in range(50)
    ]
    for thread in started:
        thread.start()
    ready()
    while True:
        time.sleep(0.01)
        done = True


globals()[sys.argv[1]]()
