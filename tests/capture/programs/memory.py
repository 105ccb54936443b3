import resource

size = 700 << 20
resource.setrlimit(resource.RLIMIT_AS, (size, size))


def grow():
    kept = []
    try:
        while True:
            kept.append(bytearray(1 << 20))  # @raise
    except MemoryError:
        del kept[40:]
        raise


grow()
