"""A program with tracers of its own: the kind is the first argument. Answers lines on stdin in JSON."""

import json
import sys
import threading
import time

SEEN = []
ENDED = threading.Event()
REPORTS = []
ASKED = threading.Event()
ANSWERED = threading.Event()


def trace(frame, event, arg):
    if frame.f_code.co_name in ("watched", "report"):
        SEEN.append((threading.current_thread().name, frame.f_code.co_name, event))
    return trace


def profile(frame, event, arg):
    if event == "call" and frame.f_code.co_name == "watched":
        SEEN.append((threading.current_thread().name, "watched", "profiled"))


def watched(n):
    doubled = n * 2
    return doubled


def tracing():
    return {
        "trace": sys.gettrace() is trace,
        "profile": sys.getprofile() is profile,
        "f_traces": [f.f_trace is trace for f in frames()],
    }


def frames():
    frame = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def other():
    while not ENDED.is_set():
        watched(1)
        time.sleep(0.001)
        if ASKED.is_set():
            ASKED.clear()
            REPORTS.append(tracing())
            ANSWERED.set()


def report():
    ANSWERED.clear()
    ASKED.set()
    ANSWERED.wait()
    fresh = []
    thread = threading.Thread(target=lambda: fresh.append(tracing()))
    thread.start()
    thread.join()
    del SEEN[:]
    watched(1)
    time.sleep(0.05)
    monitoring = getattr(sys, "monitoring", None)
    return {
        "main": tracing(),
        "other": REPORTS[-1],
        "fresh": fresh[0],
        "hook": getattr(threading, "_trace_hook", None) is trace,
        "seen": sorted(set(map(tuple, SEEN))),
        "tools": [monitoring.get_tool(n) for n in range(6)] if monitoring else None,
        "events": [monitoring.get_events(n) for n in range(6) if monitoring.get_tool(n)]
        if monitoring
        else None,
    }


def main():
    kind = sys.argv[1]
    if kind == "trace":
        threading.settrace(trace)
        sys.settrace(trace)
    elif kind == "profile":
        threading.setprofile(profile)
        sys.setprofile(profile)
    elif kind == "monitoring":
        monitoring = sys.monitoring
        monitoring.use_tool_id(2, "a profiler")

        def started(code, offset):
            if code is watched.__code__:
                SEEN.append(("?", "watched", "started"))
                return None
            return monitoring.DISABLE

        monitoring.register_callback(2, monitoring.events.PY_START, started)
        monitoring.set_events(2, monitoring.events.PY_START)
    run()


def run():
    worker = threading.Thread(target=other, name="other")
    worker.start()
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "report":
            print(json.dumps(report()), flush=True)
        elif line.strip() == "late":
            if hasattr(sys, "settrace"):
                sys.settrace(trace)
            print(json.dumps("set"), flush=True)
        elif line.strip() == "off":
            sys.settrace(None)
            print(json.dumps(sys.gettrace() is None), flush=True)
        elif line.strip() == "end":
            break
    ENDED.set()
    worker.join()


main()
