import atexit


class Late:
    def __del__(self):
        raise ValueError("at shutdown")


late = Late()
late.itself = [late]


@atexit.register
def last():
    amount = 3
    return {}[amount]
