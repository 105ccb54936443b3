"""A cache whose key is new on every call: nothing is ever found in it, nothing ever leaves it."""

import itertools
import time


def price(sku, at, cache):
    key = (sku, at)  # @bad-key
    if key not in cache:
        cache[key] = len(sku) * 1.5 + at % 7  # @grows
    return cache[key]


def serve(pause=0.001):
    cache = {}
    for number in itertools.count():
        cached = len(cache)
        price("tea", time.time() + number, cache)
        if number == 0:
            print("ready", flush=True)
        if cached % 1000 == 999:
            print("cached", cached, flush=True)
        time.sleep(pause)  # @serves


if __name__ == "__main__":
    serve()
