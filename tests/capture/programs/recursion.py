import sys

sys.setrecursionlimit(1_500)


def down(depth):
    kept = [depth] * 3
    return down(depth + 1) + len(kept)  # @raise


down(0)
