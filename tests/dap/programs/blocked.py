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
    """A call that keeps the interpreter lock until a line comes on stdin."""
    hold = ctypes.PyDLL(None).read
    room = ctypes.create_string_buffer(1)
    ready()
    hold(0, room, 1)
    print("returned", flush=True)
    while True:
        time.sleep(0.01)
        done = True


def other_holds():
    """A thread keeps the interpreter lock for a while; the main thread waits for it."""
    hold = ctypes.PyDLL(None).read
    room = ctypes.create_string_buffer(1)
    ready()
    threading.Thread(target=hold, args=(0, room, 1), daemon=True).start()
    while True:
        time.sleep(0.01)
        done = True


def holds_beside_a_sleeper():
    """A thread keeps the interpreter lock while the main thread is asleep without it."""
    hold = ctypes.PyDLL(None).read
    room = ctypes.create_string_buffer(1)
    main = threading.main_thread().native_id

    def work():
        while "S" not in open("/proc/self/task/%d/stat" % main).read().rpartition(")")[2].split()[0]:
            time.sleep(0.01)
        ready()
        hold(0, room, 1)

    threading.Thread(target=work, daemon=True).start()
    time.sleep(1000)


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
