"""A server of gevent or of eventlet, whichever its argument names, with everything patched.

``GET /`` answers at once, ``/slow`` after a moment's sleep of its greenlet, ``/report`` with what a
debugger must not change. With "background" a greenlet counts beside it; "busy" makes it count at once.
"""

# ruff: noqa: E402

import gc
import json
import os
import sys

import greenlet

if sys.argv[1] == "gevent":
    import gevent
    from gevent import monkey

    monkey.patch_all()
    import gevent.pywsgi
else:
    import warnings

    warnings.simplefilter("ignore")
    import eventlet

    eventlet.monkey_patch()
    import eventlet.wsgi

import threading
import time


def answer(number):
    doubled = number * 2  # @answer
    return str(doubled).encode()  # @answered


def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.05)  # @slow
    body = report() if environ["PATH_INFO"] == "/report" else answer(21)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


def report():
    monitoring = getattr(sys, "monitoring", None)
    return json.dumps(
        {
            "threads": sorted(t.name for t in threading.enumerate()),
            "active": len(threading._active),
            "environment": dict(os.environ),
            "path": sys.path,
            "trace": [repr(sys.gettrace()), repr(threading._trace_hook), traced_frames()],
            "tools": [monitoring.get_tool(n) for n in range(6)] if monitoring else [],
            "hooks": [repr(sys.breakpointhook), repr(sys.excepthook), repr(threading.excepthook)],
            "start": [repr(threading.Thread), repr(sys.modules["_thread"].start_new_thread)],
            "switch": sys.getswitchinterval(),
            "speed": speed(),
        }
    ).encode()


def traced_frames():
    """How many frames of greenlets that wait have a trace function."""
    count = 0
    for each in gc.get_objects():
        frame = each.gr_frame if isinstance(each, greenlet.greenlet) else None
        while frame is not None:
            count += frame.f_trace is not None
            frame = frame.f_back
    return count


def speed():
    """Turns of a loop that does little."""
    end = time.perf_counter() + 0.1
    turns = 0
    while time.perf_counter() < end:
        turns += 1
    return turns


def background():
    turn = 0
    while True:
        time.sleep(0 if "busy" in sys.argv else 0.1)
        turn += 1  # @turn


def ready(port):
    if "background" in sys.argv or "busy" in sys.argv:
        threading.Thread(target=background, name="accountant", daemon=True).start()
    print("ready", flush=True)
    print(port, flush=True)


def main():
    if sys.argv[1] == "gevent":
        server = gevent.pywsgi.WSGIServer(("127.0.0.1", 0), application, log=None)
        server.start()
        ready(server.server_port)
        server.serve_forever()
    else:
        listener = eventlet.listen(("127.0.0.1", 0))
        ready(listener.getsockname()[1])
        eventlet.wsgi.server(listener, application, log_output=False)


if __name__ == "__main__":
    main()
