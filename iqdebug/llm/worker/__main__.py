"""``python -m iqdebug.llm.worker FD``: serve the socket that is inherited as that file descriptor."""

from __future__ import annotations

import os
import socket
import sys

from iqdebug.llm.worker.serve import serve

__all__ = ["main"]


def main(descriptor: int) -> int:
    os.umask(0o077)
    with socket.socket(fileno=descriptor) as end:
        serve(end)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        sys.exit("usage: python -m iqdebug.llm.worker FD (iqdebug starts it by itself)")
    sys.exit(main(int(sys.argv[1])))
