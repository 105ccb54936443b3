"""A plain ASGI application, for uvicorn."""

import json

from handled import handle


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = json.dumps(handle(int(scope["path"].strip("/") or 0))).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
