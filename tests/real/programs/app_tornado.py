"""A Tornado server on the port of its first argument."""

import asyncio
import sys

import tornado.web
from handled import handle


class Answer(tornado.web.RequestHandler):
    def get(self, number):
        self.write(handle(int(number)))


async def main():
    tornado.web.Application([(r"/(\d+)", Answer)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
