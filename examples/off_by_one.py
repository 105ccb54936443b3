"""A loop counts from one to the number of stations: the last index does not exist, the first is left out."""

STATIONS = ["Ulm", "Augsburg", "Munich", "Salzburg"]


def legs(stations):
    found = []
    number = 1
    while number <= len(stations):  # @loop
        found.append(stations[number - 1][:3] + "-" + stations[number][:3])  # @fails
        number += 1
    return found


if __name__ == "__main__":
    print(" ".join(legs(STATIONS)))
