"""A generator is read twice: what is counted first is gone when the greatest is looked for."""

READINGS = "12.5 13.1 n/a 12.9 14.0"


def numbers(text):
    for word in text.split():
        if word.replace(".", "").isdigit():
            yield float(word)


def report(text):
    values = numbers(text)  # @made
    count = sum(1 for _ in values)  # @consumed
    highest = max(values)  # @fails
    return "%d readings, at most %.1f" % (count, highest)


if __name__ == "__main__":
    print(report(READINGS))
