"""Functions of another file: coverage must not take lines of one file for lines of the other."""

import sys


def deep(depth):
    if depth:
        return deep(depth - 1)
    said = sys.stdin.readline()
    return said


def late(total):
    doubled = total * 2  # after detach
    return doubled  # after detach
