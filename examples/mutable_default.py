"""A default list is made once and kept: each order also has the lines of the orders before it."""


def order(customer, items, lines=[]):  # @default
    for name, price in items:
        lines.append((name, price))  # @grows
    return {"customer": customer, "lines": lines}


def add_gift(name, gifts=[]):  # @gift-default
    gifts.append(name)
    if len(gifts) > 1:
        raise ValueError("one gift an order, not " + ", ".join(gifts))  # @fails
    return gifts


def main():
    for customer, gift in (("Ada", "pen"), ("Lin", "cup"), ("Bo", "bag")):
        placed = order(customer, [(gift, 0)])
        placed["gifts"] = add_gift(gift)  # @caller
        print(placed)


if __name__ == "__main__":
    main()
