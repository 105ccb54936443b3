"""Bears the name of a file in which pydevd never stops."""


def put(order):
    return order  # @queue-put
