"""Runs code whose file name is no ordinary one; the kind is the first argument."""

import sys
import types


class Path(str):
    """As the class of the package ``path``: a ``str`` that can do more."""

    def __add__(self, more):
        return Path(str.__add__(self, more))


class Hostile(str):
    """Every method that a debugger might call says so and raises."""


def _method(name):
    def run(self, *arguments):
        sys.stderr.write("the program's %s was run\n" % name)
        raise RuntimeError(name)

    return run


for _name in ("rfind", "find", "startswith", "endswith", "lower", "replace", "encode", "split", "strip"):
    setattr(Hostile, _name, _method(_name))
for _name in ("__getitem__", "__hash__", "__eq__", "__ne__", "__len__", "__str__", "__repr__", "__add__"):
    setattr(Hostile, _name, _method(_name))

SOURCE = """
import time
def tick(n):
    total = n + 1  # breakpoint
    return total
print("ready", flush=True)
n = 0
while True:
    n = tick(n)
    if n % 20 == 0:
        time.sleep(0.001)
"""
NAMES = {
    "path": Path,
    "hostile": Hostile,
    "empty": lambda name: "",
    "nul": lambda name: name + "\0.py",
    "long": lambda name: "/" + "x" * 70_000,
    "surrogate": lambda name: "/tmp/\udfff.py",
    "relative": lambda name: "no/such/file.py",
}


def named(code, name):
    parts = tuple(named(c, name) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_filename=name, co_consts=parts)


if __name__ == "__main__":
    kind, path = sys.argv[1:]
    with open(path, "w") as file:
        file.write(SOURCE)
    exec(named(compile(SOURCE, "named", "exec"), NAMES[kind](path)), {"__name__": "__main__"})
