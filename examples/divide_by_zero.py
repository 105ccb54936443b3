"""An average over an empty list divides by zero: the filter has left nothing to average."""


def average(numbers):
    total = sum(numbers)
    count = len(numbers)  # @assigned
    return total / count  # @fails


def report(readings, above):
    chosen = [r for r in readings if r > above]
    return "average above %d: %.2f" % (above, average(chosen))  # @caller


if __name__ == "__main__":
    print(report([12, 17, 9], above=10))
    print(report([12, 17, 9], above=20))  # @second-report
