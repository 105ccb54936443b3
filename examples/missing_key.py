"""Rows are stored under the ids that came from a file, which are text, and asked for by number."""

LINES = ["17;lamp;39.90", "18;chair;89.00", "21;desk;240.00"]


def read(lines):
    products = {}
    for line in lines:
        number, name, price = line.split(";")
        products[number] = {"name": name, "price": float(price)}  # @stored
    return products


def price_of(products, number):
    return products[number]["price"]  # @fails


def main():
    products = read(LINES)
    print(price_of(products, 18))  # @caller


if __name__ == "__main__":
    main()
