"""A WSGI application for a server that brings its own greenlets."""


def answer(number):
    doubled = number * 2  # @answer
    return str(doubled).encode()  # @answered


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer(21)]
