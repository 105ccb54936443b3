"""The one function that every program of this folder calls for each request."""

import os


def handle(number):
    squares = [n * n for n in range(number % 50 + 1)]
    total = sum(squares)
    answer = {"number": number, "total": total, "pid": os.getpid()}
    return answer  # @handled
