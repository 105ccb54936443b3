"""A plain WSGI application, for gunicorn."""

import json

from handled import handle


def app(environ, start_response):
    body = json.dumps(handle(int(environ["PATH_INFO"].strip("/") or 0))).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
