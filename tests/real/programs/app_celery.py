"""A Celery application over a folder (``FOLDER`` in the environment), and with arguments its client: answers
HTTP on the port of its first argument by running the task in the worker."""

import json
import os
import sys

from celery import Celery
from handled import handle

FOLDER = os.environ["FOLDER"]
app = Celery("app_celery", broker="filesystem://", backend="file://" + FOLDER + "/results")
app.conf.broker_transport_options = {
    "data_folder_in": FOLDER + "/queue",
    "data_folder_out": FOLDER + "/queue",
    "control_folder": FOLDER + "/control",
}
app.conf.worker_redirect_stdouts = False


@app.task
def answer(number):
    return handle(number)


if __name__ == "__main__":
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Client(BaseHTTPRequestHandler):
        def do_GET(self):
            result = answer.delay(int(self.path.strip("/") or 0)).get(timeout=20, interval=0.01)
            body = json.dumps(result).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    HTTPServer(("127.0.0.1", int(sys.argv[1])), Client).serve_forever()
