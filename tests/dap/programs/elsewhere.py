"""Calls, on command, functions of files that are on no stack and of code that is in no file."""

import doctest
import json
import linecache
import select
import sys

from shop import orders, queue, stock

CELL = """\
def cell(order):
    doubled = order * 2

    return doubled
"""
SPELL = "rules/generated.py"


def made(name):
    """The function of a text that is executed under a file name, as notebooks do it."""
    linecache.cache[name] = (len(CELL), None, CELL.splitlines(True), name)
    space = {"__name__": "__main__"}
    exec(compile(CELL, name, "exec"), space)
    return space["cell"]


cell = made("/tmp/ipykernel_1/4711.py")
angled = made("<ipython-input-3-0123456789ab>")
relative = made(SPELL)
attrs = made("<attrs generated init shop>")


def documented():
    """
    >>> order = 20
    >>> order + 1
    21
    """


def examples():
    finder = doctest.DocTestFinder()
    runner = doctest.DocTestRunner(verbose=False)
    return [runner.run(test).failed for test in finder.find(documented, "documented")]


CALLS = {
    "ping": lambda: "pong",
    "accept": lambda: orders.OrderService().accept(20),
    "size": lambda: orders.OrderService().size,
    "price": lambda: orders.OrderService.price(20),
    "refund": lambda: orders.refund(20),
    "cancelled": lambda: orders.cancelled(20),
    "one_line": lambda: orders.one_line(20),
    "put": lambda: queue.put(20),
    "attrs": lambda: attrs(20),
    "stock": lambda: stock.Stock().accept(20),
    "cell": lambda: cell(20),
    "angled": lambda: angled(20),
    "relative": lambda: relative(20),
    "doctest": examples,
}

print("ready", flush=True)
while True:
    if select.select([0], [], [], 0.01)[0]:
        command = sys.stdin.readline().strip()
        if not command:
            break
        print(json.dumps(CALLS[command]()), flush=True)
