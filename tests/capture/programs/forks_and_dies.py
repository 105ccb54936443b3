"""A process whose children die by a signal: forked, or of multiprocessing's. argv: folder, kind."""

import ctypes
import multiprocessing
import os
import sys

import iqdebug.capture

if len(sys.argv) > 1:
    os.environ["CRASHES"] = sys.argv[1]
iqdebug.capture.install(os.environ["CRASHES"])


def dies_in_child():
    ctypes.string_at(0)  # @death


def ends():
    pass


def main(kind):
    if kind == "fork":
        child = os.fork()
        if not child:
            dies_in_child()
        os.waitpid(child, 0)
    else:
        context = multiprocessing.get_context(kind)
        for work in (ends, dies_in_child, ends):
            process = context.Process(target=work)
            process.start()
            process.join()
    print("over", flush=True)


if __name__ == "__main__":
    main(sys.argv[2])
