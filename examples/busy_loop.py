"""A loop that never ends: ten steps of 0.1 never make exactly 1.0, so ``!=`` stays true."""


def fill(goal):
    level = 0.0
    steps = 0
    while level != goal:  # @condition
        level += 0.1  # @step
        steps += 1
    return steps


if __name__ == "__main__":
    print("ready", flush=True)
    print(fill(1.0))  # @call
