"""A small order service that goes wrong while it runs. Nothing outside the process is needed.

An intake thread takes orders from an inbox, two back-office threads settle them, and a load
generator plays the customers. What is wrong with it:

* The packer takes ``stock_lock`` and then ``ledger_lock``; the refunder takes them the other way
  round. Sooner or later each waits for the lock the other holds, and for ever.
* The intake hands orders on to ``unsettled``, which nobody empties any more: it grows without bound.
* An order without a ``sku`` raises ``KeyError``; the intake logs it, drops the order and goes on.

The program looks healthy from outside: the process is up, orders come in, the log scrolls by.
Runs on Python 3.8 and newer, for ever, or for ``--seconds N``.
"""

import argparse
import collections
import itertools
import logging
import queue
import random
import threading
import time

log = logging.getLogger("orders")


class OrderService:
    def __init__(self, pace):
        self.pace = pace  # seconds between two orders
        self.inbox = queue.Queue()
        self.unsettled = collections.deque()
        self.stock = {"tea": 4000, "coffee": 2500, "mate": 900}
        self.ledger = {"sold": 0, "refunded": 0}
        self.stock_lock = threading.Lock()
        self.ledger_lock = threading.Lock()
        self.settled = 0

    def customers(self):
        """The load: a steady stream of orders, one in twelve of them malformed."""
        dice = random.Random(7)
        for number in itertools.count(1):
            order = {"id": number, "sku": dice.choice(sorted(self.stock)), "count": dice.randint(1, 3)}
            if number % 12 == 0:
                order["SKU"] = order.pop("sku")
            self.inbox.put(order)
            time.sleep(self.pace)  # @customers-pause

    def intake(self):
        """Check orders and hand them on to be settled."""
        while True:
            order = self.inbox.get()  # @intake-get
            try:
                self.accept(order)
            except Exception:
                log.exception("order %s dropped", order.get("id"))  # @swallowed

    def accept(self, order):
        sku = order["sku"]  # @key-error
        if sku not in self.stock:
            raise ValueError("no such article: %s" % sku)
        self.unsettled.append(order)  # @grows
        log.info("order %d accepted: %d x %s", order["id"], order["count"], sku)

    def packer(self):
        """Take goods from stock, then book the sale."""
        while True:
            order = self.next_order()
            with self.stock_lock:  # @packer-holds
                self.stock[order["sku"]] -= order["count"]
                time.sleep(self.pace)  # the label printer
                with self.ledger_lock:  # @packer-waits
                    self.ledger["sold"] += order["count"]
                    self.settled += 1

    def refunder(self):
        """Book the refund, then put the goods back into stock."""
        while True:
            order = self.next_order()
            with self.ledger_lock:  # @refunder-holds
                self.ledger["refunded"] += order["count"]
                time.sleep(self.pace)  # the bank
                with self.stock_lock:  # @refunder-waits
                    self.stock[order["sku"]] += order["count"]
                    self.settled += 1

    def next_order(self):
        while True:
            try:
                return self.unsettled.popleft()
            except IndexError:
                time.sleep(self.pace)  # @idle-worker

    def start(self):
        for job in (self.customers, self.intake, self.packer, self.refunder):
            threading.Thread(target=job, name=job.__name__, daemon=True).start()

    def watch(self, seconds, report_every=0.25):
        """Report now and then, as the service's own health check would."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(report_every)  # @watch-pause
            backlog = len(self.unsettled)
            print("settled %d, backlog %d" % (self.settled, backlog), flush=True)
            if backlog > 20:
                log.warning("backlog is %d orders and growing", backlog)


def main():
    parser = argparse.ArgumentParser(description="an order service that goes wrong")
    parser.add_argument("--pace", type=float, default=0.01, help="seconds between two orders")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="how long to run")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    service = OrderService(options.pace)
    service.start()
    service.watch(options.seconds)  # @main-watch


if __name__ == "__main__":
    main()
