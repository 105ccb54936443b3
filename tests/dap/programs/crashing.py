"""Goes wrong in the way that its first argument names. Run by ``iqdebug run``."""

# ruff: noqa: UP031, RUF006

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time


class Refused(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code

    def __str__(self):
        return "refused with %d" % self.code


def deliver(number):
    box = [number, number + 1]
    raise ValueError("box %d is empty" % box[1])  # @raise


def outer(number):
    return deliver(number * 2)


def main():
    outer(3)


def report():
    """What the program can see of its start."""
    monitoring = getattr(sys, "monitoring", None)
    child = "import os, sys; print(os.environ.get('PYTHONPATH'), 'IQDEBUG_RUN' in os.environ)"
    seen = {
        "argv": sys.argv[1:],
        "path": sys.path[:2],
        "tty": [os.isatty(n) for n in (0, 1, 2)],
        "size": list(os.get_terminal_size()),
        "environment": sorted(n for n in os.environ if "IQDEBUG" in n),
        "pythonpath": os.environ.get("PYTHONPATH"),
        "child": subprocess.run([sys.executable, "-c", child], stdout=subprocess.PIPE)
        .stdout.decode()
        .strip(),
        "sitecustomize": getattr(sys.modules.get("sitecustomize"), "MARK", "sitecustomize" in sys.modules),
        "threads": threading.active_count(),
        "trace": [repr(sys.gettrace()), repr(sys.getprofile())],
        "tools": [monitoring.get_tool(n) for n in range(6)] if monitoring else [None] * 6,
        "pydevd": "pydevd" in sys.modules,
        "main": sys.modules["__main__"].__dict__.get("__name__"),
        "file": os.path.basename(__file__),
        "cwd": os.getcwd(),
    }
    print(json.dumps(seen), flush=True)


def cause():
    try:
        {}["key"]
    except KeyError as error:
        raise Refused(7) from error


def context():
    try:
        deliver(1)
    except ValueError:
        undefined_name  # noqa: F821


def group():
    found = []
    for number in (1, 2):
        try:
            deliver(number)
        except ValueError as error:
            error.add_note("while number was %d" % number)
            found.append(error)
    raise ExceptionGroup("two boxes", found)  # noqa: F821


def in_thread():
    thread = threading.Thread(target=outer, args=(5,), name="courier")
    thread.start()
    thread.join()
    print("joined", flush=True)


def task():
    async def work():
        await asyncio.sleep(0)
        outer(4)

    async def run():
        asyncio.ensure_future(work())
        for _ in range(3):
            await asyncio.sleep(0)
        import gc

        gc.collect()
        print("loop goes on", flush=True)

    asyncio.run(run())


def callback():
    async def run():
        asyncio.get_running_loop().call_soon(outer, 4)
        await asyncio.sleep(0)

    asyncio.run(run())


def gathered():
    async def work():
        await asyncio.sleep(0)
        outer(4)

    async def run():
        await asyncio.gather(work(), asyncio.sleep(0))

    asyncio.run(run())


def raw_thread():
    import _thread

    done = threading.Event()

    def work():
        try:
            outer(4)
        finally:
            done.set()

    _thread.start_new_thread(work, ())
    done.wait()
    sys.stdin.readline()


def daemon():
    threading.Thread(target=outer, args=(4,), daemon=True).start()
    time.sleep(0.05)
    print("main is done", flush=True)


def two_threads():
    threads = [threading.Thread(target=outer, args=(n,), name="t%d" % n) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def finalizer():
    class Fragile:
        def __del__(self):
            deliver(8)

    Fragile()
    print("after", flush=True)


def generator():
    def numbers():
        try:
            yield 1
        finally:
            deliver(9)

    found = numbers()
    next(found)
    del found
    print("after", flush=True)


def executor():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(outer, 6)
    print("finished", flush=True)
    future.result()


def own_hook():
    sys.excepthook = lambda kind, value, trace: print("own hook: %s" % value, flush=True)
    outer(3)


def interrupted():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def exits():
    sys.exit(int(sys.argv[2]))


def exits_with_words():
    sys.exit("nothing to do")


def asks():
    name = input("name? ")
    print("hello %s" % name, flush=True)


def loops():
    print("looping", flush=True)
    n = 0
    while True:
        n += 1  # @loop
        time.sleep(0.001)


def forks():
    pid = os.fork()
    if pid == 0:
        deliver(1)
    print("child ended with %d" % (os.waitpid(pid, 0)[1] >> 8), flush=True)


def becomes_another():
    os.execv(sys.executable, [sys.executable, "-c", "input(); raise SystemExit(4)"])


def shown():
    """Crashes after a file says that it may: for a test that needs a moment before."""
    print("ready", flush=True)
    sys.stdin.readline()
    outer(3)


def fine():
    total = sum(range(10))  # @fine
    print("total %d" % total, flush=True)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
