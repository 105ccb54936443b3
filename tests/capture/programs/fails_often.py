"""A program that catches its failures and hands them to `capture()`. argv: folder, "loop" or "plain".

Prints as JSON: the paths that were returned, and the most processor time in seconds that one call took of the
thread that made it.
"""

import asyncio
import json
import sys
import time

import iqdebug.capture

iqdebug.capture.install(sys.argv[1])
TIMES = []


def handler(number):
    order = {"number": number, "rows": list(range(200))}
    if number % 20 == 19:
        return order["missing"]
    raise ValueError("request %d failed" % order["number"])  # @fails


def request(number):
    try:
        handler(number)
    except Exception as error:
        started = time.thread_time()
        path = iqdebug.capture.capture(error)
        TIMES.append(time.thread_time() - started)
        return path


async def on_a_loop():
    return [request(number) for number in range(60)]


paths = asyncio.run(on_a_loop()) if sys.argv[2] == "loop" else [request(n) for n in range(60)]
print(json.dumps([paths, max(TIMES)]))
