"""Waits for a line within a call of an installed package, then fails there."""

import sys

from jinja2 import Template


def wait():
    print("ready", flush=True)
    sys.stdin.readline()
    raise LookupError("below a library")


Template("{{ wait() }}").render(wait=wait)
