"""A program in which something is as a debugger does not expect it; what, is the first argument.

Does its work in a loop, and ends with exit code 3 on "end" from stdin, with 4 where an exception came out of
its work that is not its own.
"""

import builtins
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import threading
import time

KIND = sys.argv[1]
DEPTH_LEFT = int(sys.argv[2]) if len(sys.argv) > 2 else 0


def step(n):
    total = n + 1  # breakpoint
    return total


def work(n):
    if KIND == "recursion":
        return deep(sys.getrecursionlimit() - DEPTH_LEFT - depth(), n)
    if KIND in ("signals", "signals-new"):
        alarmed(n)
    if KIND == "guarded":
        thread = Guarded(target=step, args=(n,))
        thread.start()
        thread.join()
    if KIND == "churn":
        threads = [threading.Thread(target=step, args=(n,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return step(n)


def depth():
    frame, found = sys._getframe(), 0
    while frame is not None:
        frame, found = frame.f_back, found + 1
    return found


def deep(left, n):
    if left > 0:
        return deep(left - 1, n)
    time.sleep(0.002)
    return step(n)


def forbid(*names):
    def hook(event, arguments):
        if event in names:
            raise RuntimeError("forbidden here: " + event)

    sys.addaudithook(hook)


RUN = []


class Guarded(threading.Thread):
    """A thread that knows only its own attributes, and whose name is its own business."""

    @property
    def name(self):
        RUN.append("name")
        return "Guarded"

    @name.setter
    def name(self, name):
        self._name = name

    def __getattr__(self, name):
        raise LookupError("no such attribute: " + name)


class Late(Exception):
    pass


CAUGHT = []
NEW = []


def interrupted(number, frame):
    raise Late


def call_new_code():
    """Calls a function of a file that no debugger has seen yet."""
    NEW.append(None)
    names = {}
    exec(compile("def new():\n    pass", "/nowhere/%d/of/this/program.py" % len(NEW), "exec"), names)
    names["new"]()


def alarmed(n):
    """Works under an alarm, as programs do that bound a piece of work."""
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        work_until_alarmed(n)
    except Late:
        CAUGHT.append(n)


def work_until_alarmed(n):
    # In a function of its own: from 3.12 on a `try` does not cover a loop's jump back.
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        step(n)
        if KIND == "signals-new":
            call_new_code()
    os._exit(5)  # the alarm was swallowed


def prepare():
    if KIND == "gone":
        folder = tempfile.mkdtemp()
        os.chdir(folder)
        shutil.rmtree(folder)
        sys.path.insert(0, "")
    elif KIND in ("signals", "signals-new"):
        signal.signal(signal.SIGALRM, interrupted)
    elif KIND == "memory":
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + DEPTH_LEFT * 2**20, resource.RLIM_INFINITY))
    elif KIND == "audit-trace":
        forbid("sys.settrace", "sys.monitoring.register_callback")
    elif KIND == "audit-import":
        forbid("import")
    elif KIND == "audit-connect":
        forbid("socket.connect")
    elif KIND == "import":
        original = builtins.__import__

        def replaced(name, *arguments, **options):
            if name.startswith(("pydev", "_pydev", "debugpy")):
                raise ImportError("not to be imported here: " + name)
            return original(name, *arguments, **options)

        builtins.__import__ = replaced
    elif KIND == "json":

        def refused(*arguments, **options):
            raise TypeError("this program's own json")

        json.dumps = json.loads = refused


def main():
    prepare()
    print("ready", flush=True)
    n = 0
    while True:
        try:
            n = work(n)
        except BaseException:
            os._exit(4)
        time.sleep(0.001)
        if select.select([0], [], [], 0)[0] and os.read(0, 100).strip() == b"end":
            sys.exit(6 if RUN else 3)


main()
