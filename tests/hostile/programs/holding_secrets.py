"""Holds secrets in the ways that a live read was found to leak. They come on stdin, so that no file has them."""

import enum
import sys
import time


class Settings:
    def __init__(self, value):
        self.host = "db"
        self.password = value


def work(value):
    url = "postgres://bob:%s@db/shop" % value
    headers = [(b"accept", b"*/*"), (b"authorization", b"Bearer " + value.encode())]
    environ = {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Token " + value}
    row = {"name": "DB_PASSWORD", "value": value}
    member = enum.Enum("Vault", {"HOST": "db", "DB_PASSWORD": value}).DB_PASSWORD
    settings = Settings(value)
    plain = value
    count = 0
    while settings:
        count += 1  # @loop
        time.sleep(0.002)
    return url, headers, environ, row, member, plain


print("ready", flush=True)
work(sys.stdin.readline().strip())
