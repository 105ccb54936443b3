"""Answers HTTP on the port of its first argument out of a pool of the kind of its second argument:
``process`` or ``thread``; threads multiply numpy arrays meanwhile."""

import json
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from handled import handle


def multiply():
    import numpy

    matrix = numpy.ones((200, 200))
    while True:
        matrix = (matrix @ matrix) / 200


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(POOL.submit(handle, int(self.path.strip("/") or 0)).result()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    if sys.argv[2] == "thread":
        import threading

        threading.Thread(target=multiply, daemon=True).start()
        POOL = ThreadPoolExecutor(2)
    else:
        POOL = ProcessPoolExecutor(1)
        POOL.submit(handle, 1).result()  # forked before there is any other thread
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
