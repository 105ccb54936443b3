"""A point in time with a zone, as it is stored, is compared with one without, as the clock gives it."""

import datetime

TOKENS = {"ann": "2024-05-01T12:00:00+00:00", "bob": "2024-05-02T09:30:00+02:00"}


def expired(name):
    ends = datetime.datetime.fromisoformat(TOKENS[name])  # @aware
    now = datetime.datetime.utcnow()  # @naive
    return ends < now  # @fails


if __name__ == "__main__":
    print(expired("bob"))
