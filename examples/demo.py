"""``make demo``: start the misbehaving order service and look at it with iqdebug.

With a terminal the debugger opens on the service; without one the diagnosis is printed. Where
attaching is not possible (no gdb, and a Python older than 3.14) the service is only looked at.
The service is stopped on the way out, whatever the way out is.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVICE = ROOT / "examples" / "orders_service.py"
STATE = ROOT / ".demo"
PR_SET_PTRACER = 0x59616D61
PR_SET_PTRACER_ANY = ctypes.c_ulong(-1)


def let_debuggers_in():
    """Where the kernel lets a process be traced by its ancestors alone (Yama's ptrace scope 1),
    the service permits the debugger, which is not one. Does nothing elsewhere."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)
    except (AttributeError, OSError):
        pass


def start_service():
    STATE.mkdir(exist_ok=True)
    log = (STATE / "service.log").open("wb")
    service = subprocess.Popen(
        [sys.executable, "-u", str(SERVICE)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=str(ROOT),
        preexec_fn=let_debuggers_in,
        start_new_session=True,  # Ctrl-C in the terminal is the debugger's, not the service's
    )
    log.close()
    (STATE / "service.pid").write_text("%d\n" % service.pid)
    return service


def wait_until_stuck(service, seconds=4.0):
    """Wait until the service's own log shows the trouble, or for that long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and service.poll() is None:
        if b"backlog is" in (STATE / "service.log").read_bytes():
            return
        time.sleep(0.05)


def stop_service(service):
    service.terminate()
    try:
        service.wait(3)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
    try:
        (STATE / "service.pid").unlink()
    except FileNotFoundError:
        pass


def command_for(pid, terminal):
    iqdebug = [sys.executable, "-m", "iqdebug"]
    can_attach = sys.version_info >= (3, 14) or shutil.which("gdb") is not None
    if terminal and can_attach:
        return [*iqdebug, "attach", "--yes", str(pid)]
    if can_attach:
        return [*iqdebug, "diagnose", str(pid), "--yes"]
    print("gdb is not installed, so the service is looked at from outside only.", flush=True)
    return [*iqdebug, "diagnose", str(pid), "--no-attach"]


def leave(signum, frame):
    raise SystemExit(128 + signum)


def main():
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, leave)
    service = start_service()
    try:
        print("an order service is running as pid %d; its output goes to .demo/service.log" % service.pid)
        sys.stdout.flush()
        wait_until_stuck(service)
        if service.poll() is not None:
            print("the service has ended by itself; see .demo/service.log")
            return 1
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # while iqdebug runs, Ctrl-C is for it
        viewer = subprocess.Popen(
            command_for(service.pid, terminal),
            cwd=str(ROOT),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            return viewer.wait()
        finally:
            if viewer.poll() is None:
                viewer.terminate()
                viewer.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        stop_service(service)
        print("the order service is stopped.", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    sys.exit(main())
