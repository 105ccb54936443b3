"""A Textual screen that also answers HTTP on the port of its first argument."""

import asyncio
import json
import sys

from handled import handle
from textual.app import App
from textual.widgets import Label


class Screen(App):
    def compose(self):
        yield Label("waiting", id="said")

    async def on_mount(self):
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", int(sys.argv[1]))

    async def answer(self, reader, writer):
        line = await reader.readline()
        while (await reader.readline()).strip():
            pass
        body = json.dumps(handle(int(line.split()[1].strip(b"/") or 0))).encode()
        self.query_one("#said", Label).update(body.decode())
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


Screen().run()
