"""A WSGI and an ASGI application: ``/`` does a little work, ``/report`` says what the worker is like now."""

import json
import os

from reported import report


def handle(path):
    if path == "/report":
        return json.dumps(dict(report(), pid=os.getpid()))
    total = 0
    for number in range(500):
        total += number * number % 7  # @work
    return json.dumps({"pid": os.getpid(), "total": total})


def wsgi(environ, start_response):
    body = handle(environ["PATH_INFO"]).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    body = handle(scope["path"]).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
