"""A Twisted web server on the port of its first argument."""

import json
import sys

from handled import handle
from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import Site


class Answer(Resource):
    isLeaf = True

    def render_GET(self, request):
        return json.dumps(handle(int(request.path.strip(b"/") or 0))).encode()


reactor.listenTCP(int(sys.argv[1]), Site(Answer()), interface="127.0.0.1")
reactor.run()
