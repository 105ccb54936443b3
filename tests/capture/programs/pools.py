"""A worker of a pool fails. argv: "futures" or "pool"."""

import concurrent.futures
import multiprocessing
import sys


class Odd(Exception):
    pass


def part(rows, at):
    return rows[at]  # @cause


def work(number):
    try:
        return part([1, 2], number)
    except IndexError as error:
        raise Odd("no part\n%d" % number) from error


def main(kind):
    if kind == "futures":
        with concurrent.futures.ProcessPoolExecutor(1) as pool:
            futures = [pool.submit(work, number) for number in range(3)]
            return [future.result() for future in futures]  # @innocent
    with multiprocessing.Pool(1) as pool:
        return pool.map(work, range(3))


if __name__ == "__main__":
    main(sys.argv[1])
