"""Functions whose heads take more than a line."""

import functools
import time


def wrapped(function):
    @functools.wraps(function)
    def call(*arguments):
        return function(*arguments)

    return call


@wrapped  # @decorator
def documented(  # @head
    number,
    other=1,  # @parameter
):
    """What it does. @documentation

    In two lines.
    """
    total = number + other  # @first
    return total


def main():
    print("ready", flush=True)
    while True:
        documented(1)
        time.sleep(0.001)


main()
