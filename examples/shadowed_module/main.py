"""The file statistics.py beside this one is imported in place of the standard library's module."""

import statistics


def usual(ages):
    return statistics.median(ages)  # @fails


if __name__ == "__main__":
    print(usual([31, 45, 28, 39]))
