import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


class OrderService:
    def accept(self, order):
        """Takes an order."""

        total = order * 2  # @accept
        return total

    @property
    def size(self):
        return 1  # @size

    @staticmethod
    @logged
    def price(order):
        return order + 1  # @price


@logged
def refund(
    order,
    reason="none",
):
    # nothing but a comment

    amount = order  # @refund

    def booked():
        return amount  # @booked

    return booked()


def counted(function):
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


@counted
@counted
def cancelled(order):
    return order - 1  # @cancelled


# fmt: off
def one_line(order): return order  # @one-line
