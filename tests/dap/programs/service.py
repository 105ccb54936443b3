"""Works in a loop and carries out the commands that come on stdin, one a line."""

# ruff: noqa: UP031, SIM115

import json
import logging
import os
import select
import sys
import threading
import time

LOG = logging.getLogger("service")
LOCK = threading.Lock()
REPORTS = []
COMMANDS = []
ASKED = threading.Event()


def inner(a):
    b = a + 1  # @inner
    return b * 2  # @inner-return


def outer(n):
    first = inner(n)  # @call
    second = first + 1  # @after-call
    return second  # @outer-return


def command():
    if not COMMANDS and select.select([0], [], [], 0.002)[0]:
        COMMANDS.extend(os.read(0, 4096).decode().split())
    return COMMANDS.pop(0) if COMMANDS else ""


def where(function):
    code = getattr(function, "__code__", None)
    return [
        str(getattr(function, "__module__", "")),
        str(getattr(function, "__qualname__", type(function).__name__)),
        code.co_filename if code is not None else "",
    ]


def say(answer):
    print(json.dumps(answer), flush=True)


def tracing():
    """What traces the calling thread."""
    frame = sys._getframe()
    f_traces = 0
    while frame is not None:
        f_traces += frame.f_trace is not None
        frame = frame.f_back
    return [repr(sys.gettrace()), repr(sys.getprofile()), f_traces]


def blocked():
    """Sits in a C call; answers what traces it whenever it is let go for a moment."""
    while True:
        LOCK.acquire()
        REPORTS.append(tracing())
        ASKED.set()


def spinner():
    while True:
        step = 1
        time.sleep(0.001)
        step += 1


def on_ping():
    say("pong")


def on_report():
    """Everything about this process that an attach must leave as it was."""
    ASKED.clear()
    del REPORTS[:]
    LOCK.release()
    ASKED.wait()
    descriptors = {}
    for name in sorted(os.listdir("/proc/self/fd")):
        try:
            link = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue
        if "libffi" not in link:  # it opens itself for good the first time a callback is made
            descriptors[name] = link
    hooks = {}
    for owner, names in (
        (
            sys,
            (
                "breakpointhook",
                "excepthook",
                "displayhook",
                "settrace",
                "setprofile",
                "exit",
                "unraisablehook",
            ),
        ),
        (os, ("fork", "_exit", "execv", "execve", "spawnv", "posix_spawn")),
        (threading, ("excepthook", "settrace")),
        (threading.Thread, ("start", "run", "join", "_bootstrap")),
        (logging.Logger, ("callHandlers", "handle")),
        (sys.stdout, ("write",)),
        (sys.stderr, ("write",)),
        (sys.modules["builtins"], ("breakpoint", "__import__", "exec", "print")),
        (sys.modules["_thread"], ("start_new_thread",)),
    ):
        for name in names:
            hooks[name + "@" + str(getattr(owner, "__name__", owner))] = where(getattr(owner, name, None))
    monitoring = getattr(sys, "monitoring", None)
    say(
        {
            "threads": sorted(t.name for t in threading.enumerate()),
            "frames": len(sys._current_frames()),
            "tasks": len(os.listdir("/proc/self/task")),
            "descriptors": descriptors,
            "hooks": hooks,
            "environment": dict(os.environ),
            "path": sys.path,
            "meta_path": [str(type(f)) + getattr(f, "__name__", "") for f in sys.meta_path],
            "tracing": tracing(),
            "tracing blocked": REPORTS[0],
            "trace hook": repr(getattr(threading, "_trace_hook", None)),
            "tool": [
                [monitoring.get_tool(n), monitoring.get_events(n) if monitoring.get_tool(n) else 0]
                for n in range(6)
            ]
            if monitoring
            else None,
            "switch interval": sys.getswitchinterval(),
            "handlers": len(logging.root.handlers),
            "agent": [n for n in sys.modules if n.startswith("_iqdebug_inside")],
            "names": sorted(n for n in globals() if n not in ("REPORTS",)),
        }
    )


def on_log():
    LOG.warning("order %s is late", 7)
    say("logged")


def on_print():
    print("a line of its own", flush=True)


def on_raise():
    number = 40
    raise ValueError("too many: %d" % (number + 2))  # @raise


def on_caught():
    try:
        raise KeyError("missing")  # @caught
    except KeyError:
        pass
    say("caught")


def on_chained():
    self_made = "a local of the cause"  # noqa: F841
    try:
        raise KeyError("missing")  # @chained-cause
    except KeyError as error:
        raise RuntimeError("chained") from error


def on_thread_raise():
    def fail():
        amount = 3
        return amount / 0  # @thread-raise

    worker = threading.Thread(target=fail, name="failing")
    worker.start()
    worker.join()
    say("joined")


def on_library_catches():
    """The standard library handles what this code does not."""
    from concurrent.futures import ThreadPoolExecutor

    def leaves():
        raise LookupError("left user code")  # @leaves

    with ThreadPoolExecutor(1) as pool:
        pool.submit(leaves).exception()
    say("handled")


def descend(depth):
    if depth == 0:
        return outer(0)  # @deepest
    return descend(depth - 1)  # @descend


def on_recurse():
    sys.setrecursionlimit(3000)
    descend(1000)
    say("returned")


def on_fork():
    child = os.fork()
    if child == 0:
        links = sorted(
            os.readlink("/proc/self/fd/" + n)
            for n in os.listdir("/proc/self/fd")
            if n > "2" and os.path.exists("/proc/self/fd/" + n)
        )
        clean = not [link for link in links if link.startswith("socket")] and sys.gettrace() is None
        total = outer(1)  # @child
        os._exit(0 if clean and total == 5 else 3)
    say(waited(child))


def waited(child):
    """The exit status of a child, or "hangs" after 5 s."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return "hangs"


def child_work(queue):
    queue.put([outer(1), sys.gettrace() is None, threading.active_count()])


def on_children():
    """One child of each kind; what each says."""
    import multiprocessing
    import subprocess

    said = {}
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        queue = context.SimpleQueue()
        worker = context.Process(target=child_work, args=(queue,))
        worker.start()
        worker.join(10)
        said[method] = [worker.exitcode, worker.exitcode == 0 and queue.get()[:2]]
        if worker.exitcode is None:
            worker.kill()
        worker.join()
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            "import sys, threading; print(sys.gettrace(), threading.active_count())",
        ],
        stdout=subprocess.PIPE,
        timeout=10,
    )
    said["subprocess"] = [done.returncode, done.stdout.decode().strip()]
    say(said)


def on_exit():
    say("leaving")
    sys.exit(3)


def main():
    LOCK.acquire()
    logging.basicConfig(stream=open(os.devnull, "w"))
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        threading.Thread(target=spinner, daemon=True).start()
    threading.Thread(target=blocked, name="blocked", daemon=True).start()
    print("ready", flush=True)
    n = total = 0
    while True:
        n += 1  # @loop
        total += outer(n)  # @work
        name = command()
        if name:
            globals()["on_" + name]()


if __name__ == "__main__":
    main()
