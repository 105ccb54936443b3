"""An aiohttp server on the port of its first argument."""

import sys

from aiohttp import web
from handled import handle


async def answer(request):
    return web.json_response(handle(int(request.match_info["number"])))


app = web.Application()
app.add_routes([web.get(r"/{number:\d+}", answer)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
