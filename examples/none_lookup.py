"""A lookup that finds nothing returns None, and its caller goes on as if it had found something."""


class Customer:
    def __init__(self, name, city):
        self.name = name
        self.city = city


CUSTOMERS = {"c1": Customer("Ada", "London"), "c2": Customer("Lin", "Xi'an")}


def find(customer_id):
    return CUSTOMERS.get(customer_id)  # @returns-none


def label(order):
    customer = find(order["customer"])  # @assigned
    return customer.name + ", " + customer.city  # @fails


def main():
    orders = [{"id": 1, "customer": "c1"}, {"id": 2, "customer": "c3"}]
    for order in orders:
        print(label(order))  # @caller


if __name__ == "__main__":
    main()
