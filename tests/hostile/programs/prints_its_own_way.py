"""Run by every interpreter, with the tap on or off: streams and loggers whose methods take more, give back
more, and raise. argv[1]: folder of iqdebug; argv[2]: "agent", "capture" or "" for no tap.

Prints one line of JSON to the first standard output: all that the program itself could see of it.
"""

# ruff: noqa: E402, B904

import codecs
import inspect
import io
import json
import logging
import os
import sys

FIRST = sys.stdout
SEEN = []


class Tee(object):
    """Writes to two, takes several texts, counts."""

    def __init__(self, *streams):
        self.streams = streams

    def write(self, *texts, **options):
        for stream in self.streams:
            for text in texts:
                stream.write(text)
        if options.get("flush"):
            self.flush()
        return {"texts": len(texts), "options": sorted(options)}

    def flush(self):
        pass


class Slotted(object):
    __slots__ = ("kept",)

    def __init__(self):
        self.kept = []

    def write(self, text, times=1):
        self.kept.append(text * times)
        return self

    def flush(self):
        pass


class Made(object):
    """`write` is made anew each time it is read."""

    reads = 0

    @property
    def write(self):
        Made.reads += 1
        return lambda *texts: SEEN.append(["made", list(texts)])

    def flush(self):
        pass


class Delegates(object):
    """`write` is the inner stream's; what is set goes to the inner stream too."""

    def __init__(self, inner):
        self.__dict__["inner"] = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def __setattr__(self, name, value):
        SEEN.append(["set", name])
        setattr(self.inner, name, value)


class Refuses(io.StringIO):
    def write(self, text):
        if "forbidden" in text:
            raise ValueError("no %s here" % text)
        return super().write(text)


class Again(io.StringIO):
    """Prints while it writes, as loggers of errors do."""

    depth = 0

    def write(self, text):
        if Again.depth < 3:
            Again.depth += 1
            print("again %d" % Again.depth)
        return super().write(text)


class OwnLogger(logging.Logger):
    def callHandlers(self, record, extra=None):
        SEEN.append(["handlers", record.getMessage(), extra])
        return super().callHandlers(record)

    def makeRecord(self, *args, **options):
        record = super().makeRecord(*args, **options)
        record.extra_of_ours = 5
        return record


sys.path.insert(0, os.path.dirname(sys.argv[1]))


def tapped():
    package = type(sys)("_inside")
    package.__path__ = [sys.argv[1]]
    sys.modules["_inside"] = package
    from _inside.capture.recent import Recent
    from _inside.capture.tap import Tap

    return {"agent": Tap, "capture": Recent}[sys.argv[2]]()


def with_stream(stream, work):
    sys.stdout = stream
    tap = tapped() if sys.argv[2] else None
    if tap is not None:
        tap.start()
    try:
        work(stream)
    except Exception as error:
        SEEN.append(["raised", type(error).__name__, str(error)])
    finally:
        if tap is not None:
            tap.stop()
        sys.stdout = FIRST
    SEEN.append(sorted(name for name in vars(stream)) if hasattr(stream, "__dict__") else [])


def tee(stream):
    SEEN.append(stream.write("one", "two"))
    SEEN.append(stream.write("one", flush=True, other=2))
    SEEN.append(stream.write())
    print("a", "b", sep="-")
    SEEN.append(stream.streams[0].getvalue())
    SEEN.append(str(inspect.signature(stream.write)))
    SEEN.append([stream.write.__name__, stream.write.__self__ is stream])


def slotted(stream):
    SEEN.append(stream.write("x", times=2) is stream)
    print("slots")
    SEEN.append(stream.kept)


def made(stream):
    stream.write("a", "b")
    print("c")
    SEEN.append(Made.reads)


def delegates(stream):
    print("through")
    stream.write("more")
    SEEN.append(stream.inner.getvalue())


def refuses(stream):
    print("fine")
    try:
        stream.write("forbidden")
    except ValueError as error:
        SEEN.append(str(error))
    SEEN.append(stream.writelines(["p", "q"]))
    SEEN.append(stream.getvalue())
    stream.write(5)


def replaced(stream):
    """The program puts another stream, then another `write`, in place."""
    mine = stream.write
    other = io.StringIO()
    sys.stdout = other
    print("to the other")
    mine("to the first")
    sys.stdout = stream
    before = stream.write
    stream.write = lambda *texts: before("<%s>" % " ".join(texts))
    print("wrapped")
    SEEN.append([stream.getvalue(), other.getvalue()])


def again(stream):
    print("first")
    SEEN.append(stream.getvalue())


def logs(stream):
    logging.setLoggerClass(OwnLogger)
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("own.%s" % id(stream))
    logger.addHandler(handler)
    logger.propagate = False
    logger.warning("hello %s", "you")
    logger.warning("hello %(who)s", {"who": "you"})
    record = logger.makeRecord("n", 30, "p", 1, "made %d", (1,), None, extra={"more": 1})
    SEEN.append([record.extra_of_ours, record.more, record.getMessage()])
    SEEN.append(logger.callHandlers(record, extra="e"))
    SEEN.append(logging.Logger.callHandlers(logger, record=record))
    logging.setLoggerClass(logging.Logger)
    SEEN.append(stream.getvalue())


with_stream(Tee(io.StringIO(), io.StringIO()), tee)
with_stream(Slotted(), slotted)
with_stream(Made(), made)
with_stream(Delegates(io.StringIO()), delegates)
with_stream(Refuses(), refuses)
with_stream(io.StringIO(), replaced)
with_stream(Again(), again)
with_stream(io.StringIO(), logs)
buffer = io.BytesIO()
with_stream(codecs.getwriter("utf-8")(buffer), lambda stream: print("ünï"))
with_stream(io.TextIOWrapper(io.BytesIO()), lambda stream: SEEN.append(stream.write("text")))
SEEN.append([buffer.getvalue().decode("utf-8"), sys.stdout is FIRST, "write" in vars(FIRST)])
print(json.dumps(SEEN))
