"""A crash with all that reports tend to lose: a chained exception, nested values, secrets, a thread."""

import threading

API_KEY = "sk_live_4f9a7c21e8d3b650"


class Customer:
    def __init__(self, name, address):
        self.name = name
        self.address = address
        self.password = "correct-horse-7"


class Order:
    def __init__(self, customer, lines):
        self.customer = customer
        self.lines = lines
        self.notes = {
            "gift": True,
            "history": [{"status": "new"}, {"status": "paid", "by": {"card": "visa"}}],
        }


def price_of(line, prices):
    return prices[line["sku"]] * line["count"]  # @cause


def total(order, prices):
    amounts = []
    for line in order.lines:
        amounts.append(price_of(line, prices))
    return sum(amounts)


def checkout(order, prices):
    try:
        return total(order, prices)
    except KeyError as error:
        raise RuntimeError("order of %s cannot be priced" % order.customer.name) from error  # @raise


def main():
    quiet = threading.Event()
    threading.Thread(target=quiet.wait, args=(30,), name="heartbeat", daemon=True).start()
    customer = Customer("Ann", {"city": "Ulm", "zip": "89073", "geo": {"lat": 48.4, "lon": 9.98}})
    lines = [{"sku": "tea-%d" % n, "count": n % 5 + 1} for n in range(40)]
    prices = {"tea-%d" % n: 2.5 + n for n in range(39)}
    checkout(Order(customer, lines), prices)


if __name__ == "__main__":
    main()
