"""A walk down a chain that is longer than anyone thought: 1,000 frames deep, it stops to wait.

Nothing fails here. It is a stack that a debugger has to show at once and in few lines.
"""

import sys
import threading

DEPTH = 1000
forever = threading.Event()


def descend(depth, path):
    if depth == 0:
        print("ready", flush=True)
        forever.wait()  # @bottom
        return path
    return descend(depth - 1, path + [depth])[-3:]  # @recurses


if __name__ == "__main__":
    sys.setrecursionlimit(DEPTH + 200)
    descend(DEPTH, [])  # @top
