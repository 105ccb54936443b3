"""A form is posted with the field `email`, and its handler reads `e-mail`: the answer is 400."""

import io
from urllib.parse import parse_qs, urlencode


class BadRequest(KeyError):
    status = "400 Bad Request"


class Form(dict):
    def __missing__(self, name):
        raise BadRequest(name)


ORDERS = []


def create_order(fields):
    form = Form(fields)
    order = {"email": form["e-mail"], "item": form["item"]}  # @fails
    ORDERS.append(order)
    return "order %d for %s" % (len(ORDERS), order["email"])


def read_fields(environ):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def application(environ, start_response):
    try:
        text, status = create_order(read_fields(environ)), "201 Created"  # @handler
    except BadRequest as error:
        environ["app.error"] = error
        text, status = "The request is not understood", error.status
    start_response(status, [("Content-Type", "text/plain")])
    return [text.encode()]


def post(path, **fields):
    """What a test client does: the application is called without a network."""
    body = urlencode(fields).encode()
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "CONTENT_LENGTH": str(len(body))}
    environ["wsgi.input"] = io.BytesIO(body)
    said = []
    answer = b"".join(application(environ, lambda status, headers: said.append(status)))
    if not said[0].startswith("2"):
        raise RuntimeError("POST %s gave %s" % (path, said[0])) from environ.get("app.error")  # @raised
    return answer.decode()


if __name__ == "__main__":
    print(post("/orders", email="ada@example.org", item="lamp"))
