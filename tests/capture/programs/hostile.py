"""Every kind of value that must not get in a crash's way."""


class Hangs:
    def __repr__(self):
        while True:
            pass


class Raises:
    def __repr__(self):
        raise RuntimeError("no repr")

    __str__ = __repr__


class Evil:
    @property
    def __class__(self):
        raise RuntimeError("no class")

    def __getattr__(self, name):
        raise KeyError(name)

    def __getattribute__(self, name):
        raise MemoryError(name)

    def __len__(self):
        raise SystemExit(7)

    def __iter__(self):
        raise SystemExit(8)

    def __eq__(self, other):
        raise SystemExit(9)

    __hash__ = None


class Spy:
    ran = []

    @property
    def total(self):
        Spy.ran.append("total")
        return 1


def crash(hangs, raises, evil, spy):
    cyclic = {"big": "x" * 100_000, "many": list(range(10_000))}
    cyclic["self"] = cyclic
    surrogate = "\ud800 lone"
    raw = b"\x00\xff" * 10
    return cyclic["missing" + surrogate[:0]]  # @raise


crash(Hangs(), Raises(), Evil(), Spy())
