"""A gevent server: ``GET /`` answers at once, ``GET /slow`` after a moment's sleep of its greenlet."""

import os
import sys

from gevent import monkey

monkey.patch_all()

import gevent  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

COUNT = [0]


def answer(number):
    doubled = number * 2  # @answer
    return str(doubled).encode()  # @answered


def application(environ, start_response):
    COUNT[0] += 1
    if environ["PATH_INFO"] == "/slow":
        gevent.sleep(0.05)  # @slow
    if environ["PATH_INFO"] == "/report":
        body = report()
    else:
        body = answer(21)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


def report():
    """What must be the same after a session as before it."""
    import json
    import threading

    return json.dumps(
        {
            "threads": sorted(t.name for t in threading.enumerate()),
            "active": len(threading._active),
            "environment": sorted(n for n in os.environ if n.startswith(("PYDEV", "GEVENT"))),
            "path": sys.path,
            "hook": str(sys.breakpointhook),
            "switch": sys.getswitchinterval(),
        }
    ).encode()


def background():
    turn = 0
    while True:
        gevent.sleep(0.2)
        turn += 1  # @turn


def main():
    server = WSGIServer(("127.0.0.1", 0), application, log=None)
    server.start()
    if "background" in sys.argv:
        worker = gevent.spawn(background)
        worker.name = "accountant"
    print("ready %d" % server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
