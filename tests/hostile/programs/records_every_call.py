"""Run by every interpreter: all that the agent and the capture read, of objects that keep a record of
each method and each attribute that is asked of them. argv[1]: folder of iqdebug.

Prints the record as JSON: a list of the calls made, empty where no code of the program ran.
"""

# ruff: noqa: E402, E501, SIM905

import array
import asyncio
import collections
import ctypes
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import json
import logging
import pathlib
import re
import sys
import threading
import types
import uuid
import weakref

package = type(sys)("_iqdebug_inside")
package.__path__ = [sys.argv[1]]
package.__package__ = "_iqdebug_inside"
sys.modules["_iqdebug_inside"] = package
from _iqdebug_inside.agent import crashes, exceptions, listing, pure_evaluation, recording, stacks
from _iqdebug_inside.capture import arrays, collect, hooks, recent, settings, tap, tree, values
from _iqdebug_inside.capture.record import Occasion, gathered

RAN = []
WATCHING = [False]


def ran(what):
    if WATCHING[0]:
        frame = sys._getframe(1)
        callers = []
        while frame is not None and len(callers) < 12:
            callers.append("%s:%d" % (frame.f_code.co_filename.rpartition("/")[2], frame.f_lineno))
            frame = frame.f_back
        RAN.append("%s < %s" % (what, " < ".join(callers)))


# The data model's special methods, of objects, containers, numbers, descriptors, awaitables, classes.
SPECIAL = (
    "repr str bytes format lt le eq ne gt ge hash bool getattr getattribute setattr delattr dir get set delete "
    "instancecheck subclasscheck call len length_hint getitem setitem delitem missing iter reversed "
    "contains add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or radd rsub rmul rmatmul "
    "rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand rxor ror iadd isub imul imatmul itruediv "
    "ifloordiv imod ipow ilshift irshift iand ixor ior neg pos abs invert complex int float index round trunc floor "
    "ceil enter exit await aiter anext aenter aexit next fspath reduce reduce_ex getstate copy deepcopy "
    "sizeof buffer array array_interface array_struct torch_function rich_repr html"
).split()
ATTRIBUTES = (
    "__class__ __dict__ __doc__ __module__ __name__ __wrapped__ __self__ __func__ __code__ __cause__ "
    "__context__ __traceback__ __suppress_context__ __notes__ args name ident native_id daemon _name _ident "
    "_native_id _daemonic get_name get_coro done get_loop _fut_waiter _coro _state cr_frame cr_await gi_frame "
    "gi_yieldfrom ag_frame ag_await shape dtype device size itemsize kind values columns iloc _mgr exceptions "
    "message errno strerror filename tzinfo utcoffset keys items pop update startswith endswith __fspath__ "
    "call_soon_threadsafe get_debug _ready _csock is_pydev_daemon_thread pydev_do_not_trace __pydevd_id__ "
    "additional_info func tb is_alive getName _fields _value_ _name_ created levelno msg pathname lineno exc_info"
).split()


def recording_method(owner, name, base):
    """Keeps a record and then does what the base does: whoever asks gets a sound answer."""

    def method(self, *rest, **named):
        ran("%s.%s" % (owner, name))
        own = getattr(base, name, None)
        if own is None:
            raise AttributeError(name) if name == "__getattr__" else TypeError(name)
        return own(self, *rest, **named)

    method.__name__ = name
    return method


def recording_attribute(owner, name, base):
    def read(self):
        ran("%s.%s" % (owner, name))
        own = next((c.__dict__[name] for c in base.__mro__ if name in c.__dict__), None)
        if own is None or not hasattr(own, "__get__"):
            raise AttributeError(name)
        return own.__get__(self, type(self))

    return property(read)


def namespace(owner, base, leave=()):
    found = {}
    for word in SPECIAL:
        name = "__%s__" % word
        has = hasattr(base, name)
        if name in leave or (
            not has and name in ("__getattr__", "__set__", "__delete__", "__get__") and base is type
        ):
            continue
        found[name] = recording_method(owner, name, base)
    for name in ATTRIBUTES:
        if name not in leave and name not in found:
            found[name] = recording_attribute(owner, name, base)
    if "__hash__" in found and getattr(base, "__hash__", None) is None:
        found["__hash__"] = lambda self: ran(owner + ".__hash__") or 1
    return found


def metaclass():
    """Of the classes below: keeps a record of what is asked of a class."""
    members = {}
    for word in (
        "repr eq ne hash getattribute setattr instancecheck subclasscheck dir bool len iter contains".split()
    ):
        name = "__%s__" % word
        members[name] = recording_method("Meta", name, type)
    for name in ("__name__", "__module__", "__mro__", "__bases__", "__flags__", "__base__", "mro"):
        members[name] = recording_attribute("Meta", name, type)
    return type("Meta", (type,), members)


Meta = metaclass()


def derived(base, leave=(), meta=True):
    """A class derived from ``base`` in which everything is overridden."""
    name = "Own" + base.__name__.title()
    members = namespace(name, base, leave)
    if meta and type(base) is type:
        return Meta(name, (base,), members)
    return type(base)(name, (base,), members)


class Descriptor:
    """A descriptor that keeps a record of being read, on a class."""

    def __get__(self, obj, owner=None):
        ran("Descriptor.__get__")

    def __set__(self, obj, value):
        ran("Descriptor.__set__")


KEEP = ("__class__", "__init__", "__new__", "__dict__", "__module__", "__qualname__", "__doc__", "__name__")
OwnStr = derived(str)
OwnInt = derived(int)
Evil = derived(object)
Evil.described = Descriptor()


def evil_key(like):
    """A key that stands where a text would be looked up."""

    class Key(object):
        def __hash__(self):
            ran("Key.__hash__")
            return hash(like)

        def __eq__(self, other):
            ran("Key.__eq__")
            return False

    return Key()


def objects():
    evil = Evil()
    yield "object", evil
    for base in (int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset):
        cls = derived(base)
        yield base.__name__, cls()
    full = derived(dict)()
    dict.__setitem__(full, "password", evil)
    dict.__setitem__(full, evil_key("password"), evil)
    yield "full dict", full
    yield "mixed", [evil, (evil, {1: evil}), {"a": evil}, {evil_key("x"): evil}]
    for base in (collections.deque, collections.OrderedDict, collections.Counter, collections.defaultdict):
        yield base.__name__, derived(base)()
    for base in (datetime.datetime, datetime.date, datetime.time):
        cls = derived(base)
        yield base.__name__, cls(2024, 1, 2) if base is not datetime.time else cls(1, 2)
    zone = derived(datetime.tzinfo)()
    yield "aware", datetime.datetime(2024, 1, 2, tzinfo=zone)
    yield "aware time", datetime.time(1, 2, tzinfo=zone)
    delta = derived(datetime.timedelta)(hours=1)
    yield "zone", datetime.timezone(delta, OwnStr("x"))
    yield "in zone", datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone(delta, OwnStr("x")))
    yield "delta", delta
    yield "range", range(OwnInt(1), OwnInt(5), OwnInt(2))
    yield "slice", slice(OwnInt(1), evil, OwnStr("z"))
    yield "pattern", re.compile(OwnStr("ab+"))
    yield "decimal", decimal.Decimal("1.5")
    yield "own decimal", derived(decimal.Decimal)("1.5")
    yield "fraction", fractions.Fraction(1, 3)
    yield "uuid", uuid.UUID(int=5)
    yield "path", pathlib.PurePosixPath("a", "b")
    yield "home", pathlib.Path("/a/b")
    yield (
        "own path",
        type(
            "OwnPath",
            (type(pathlib.Path()),),
            {
                "__str__": recording_method("OwnPath", "__str__", pathlib.Path),
                "__fspath__": recording_method("OwnPath", "__fspath__", pathlib.Path),
            },
        )("/a"),
    )

    class Colour(enum.Enum):
        RED = derived(object, ("__get__", "__set__", "__delete__"))()

        name = property(lambda self: ran("Colour.name"))
        __repr__ = __str__ = lambda self: ran("Colour.__repr__")

    yield "enum", Colour.RED

    @dataclasses.dataclass
    class Data:
        inner: object
        __repr__ = lambda self: ran("Data.__repr__")  # noqa: E731
        __eq__ = lambda self, other: ran("Data.__eq__")  # noqa: E731
        __getattribute__ = recording_method("Data", "__getattribute__", object)

    yield "dataclass", Data(evil)
    Named = collections.namedtuple("Named", "one two")
    yield "namedtuple", derived(Named, ("_fields",))(evil, 2)

    class Slotted(object):
        __slots__ = ("held", "__weakref__")
        __getattribute__ = recording_method("Slotted", "__getattribute__", object)

    slotted = Slotted()
    Slotted.held.__set__(slotted, evil)
    yield "slots", slotted

    class Structure(ctypes.Structure):
        _fields_ = [("number", ctypes.c_int)]
        __repr__ = lambda self: ran("Structure.__repr__")  # noqa: E731
        __getattribute__ = recording_method("Structure", "__getattribute__", ctypes.Structure)

    yield "ctypes", Structure(1)
    KEPT.append(evil)
    yield "proxy", weakref.proxy(slotted)
    yield "reference", weakref.ref(slotted)
    yield "partial", functools.partial(evil)
    yield "own partial", derived(functools.partial)(print)
    yield "array", derived(array.array)("i", [1])
    yield "class", Evil
    yield "property", property(evil)
    yield "method", types.MethodType(evil, evil)
    yield "module", derived(types.ModuleType)("somewhere")
    yield "namespace", derived(types.SimpleNamespace)()
    yield "lock", threading.Lock()
    yield "function", named_function()
    for base in (Exception, KeyError, OSError, SyntaxError, UnicodeDecodeError, ImportError, StopIteration):
        cls = derived(base, ("__traceback__",))
        yield base.__name__, cls("utf-8", b"x", 0, 1, "why") if base is UnicodeDecodeError else cls(evil)
    group = getattr(__builtins__, "ExceptionGroup", None)
    if group is not None:
        cls = derived(group, ("message", "exceptions", "derive"))
        yield "group", cls("many", [ValueError(evil)])

    class NotAText(object):
        __class__ = property(lambda self: ran("NotAText.__class__") or str)

    yield "pretender", NotAText()
    faked = type(
        "UUID", (), {"__module__": "uuid", "__repr__": lambda self: ran("fake UUID") or "", "int": 3}
    )
    yield "fake uuid", faked()
    faked = type("Decimal", (), {"__module__": "decimal", "__repr__": lambda self: ran("fake Decimal") or ""})
    yield "fake decimal", faked()
    decimal.Decimal, kept = faked, decimal.Decimal
    yield "decimal put in place", faked()
    decimal.Decimal = kept
    faked = type(
        "datetime", (), {"__module__": "datetime", "__repr__": lambda self: ran("fake datetime") or ""}
    )
    yield "fake datetime", faked()
    faked = type(
        "ndarray",
        (),
        {
            "__module__": "numpy",
            "__repr__": lambda self: ran("fake array") or "",
            "shape": (3,),
            "dtype": evil,
        },
    )
    yield "fake array", faked()


KEPT = []
BY_NAME = {evil_key("a"): 1, "b": 2}


def named_function():
    def plain():
        pass

    plain.__qualname__ = OwnStr("qualified")
    plain.__dict__["__wrapped__"] = Evil()
    return plain


# exceptions, frames, threads and tasks


class Awaitable(object):
    def __await__(self):
        yield from future_like()

    __getattr__ = lambda self, name: ran("Awaitable.__getattr__ " + name)  # noqa: E731


def future_like():
    import asyncio as a

    yield from a.get_event_loop().create_future()


class AwaitedIterator(object):
    """What ``cr_await`` gives: an iterator of the program's own."""

    def __init__(self, future):
        object.__setattr__(self, "_inner", iter(future))

    def __iter__(self):
        return self

    def __next__(self):
        return next(object.__getattribute__(self, "_inner"))

    def send(self, value):
        return next(object.__getattribute__(self, "_inner"))

    def __getattribute__(self, name):
        if name not in ("send", "throw", "close"):
            ran("AwaitedIterator." + name)
        return object.__getattribute__(self, name)


class AwaitsItself(object):
    def __await__(self):
        return AwaitedIterator(asyncio.get_event_loop().create_future())


class Names(dict):
    """A namespace of ``exec`` and of ``__prepare__``."""


for _name in "__iter__ __len__ __contains__ get keys items values copy __eq__ __bool__ __reversed__".split():
    setattr(Names, _name, recording_method("Names", _name, dict))
Names.__getitem__ = recording_method("Names", "__getitem__", dict)
Names.__setitem__ = recording_method("Names", "__setitem__", dict)
Names.__delitem__ = recording_method("Names", "__delitem__", dict)


class Mapping(object):
    """A namespace that is no dict."""

    def __init__(self):
        self.__dict__["held"] = {}

    def __getitem__(self, name):
        ran("Mapping.__getitem__")
        return self.__dict__["held"][name]

    def __setitem__(self, name, value):
        ran("Mapping.__setitem__")
        self.__dict__["held"][name] = value

    def __delitem__(self, name):
        ran("Mapping.__delitem__")
        self.__dict__["held"].pop(name, None)

    def keys(self):
        ran("Mapping.keys")
        return list(self.__dict__["held"])

    def __getattr__(self, name):
        ran("Mapping.__getattr__ " + name)
        raise AttributeError(name)


class MetaOfMapping(type):
    @classmethod
    def __prepare__(mcs, name, bases, **options):
        return options["space"]

    def __new__(mcs, name, bases, made, **options):
        return type.__new__(mcs, name, bases, {"__classcell__": made["__classcell__"]})

    def __init__(cls, name, bases, made, **options):
        pass


def in_class_body(look, space):
    class Body(metaclass=MetaOfMapping, space=space):
        def method(self):
            return __class__

        before = 1
        look()


def in_exec(look, names, local_names=None):
    names["look"] = look
    code = compile("def inner():\n    look()\nbefore = 1\ninner()\n", OwnStr("<own %s>" % "file"), "exec")
    if local_names is None:
        exec(code, names)
    else:
        local_names["inner"] = look
        exec(compile("before = 1\nlook()\n", OwnStr("/some/where.py"), "exec"), names, local_names)


def raising(exception):
    try:
        raise exception
    except BaseException as error:
        return error


def watch(work):
    WATCHING[0] = True
    try:
        return work()
    finally:
        WATCHING[0] = False


def read_all():
    """Every public way of reading, of what stands now."""
    frame = sys._getframe(1)
    while frame is not None:
        references = listing.References()
        rows = listing.locals_page(frame, references)
        for row in rows:
            if row.get("r"):
                listing.children_page(references, row["r"], 0, 200)
        pure_evaluation.answer(["name", "before"], frame, references, "before")
        frame = frame.f_back
    beside = threading.Thread(target=look_from_beside)
    beside.start()
    beside.join()
    gathered(Occasion("snapshot", callers=sys._getframe(1)), asked())


def look_from_beside():
    """As the agent's thread does."""
    reader = stacks.Stacks(["/nowhere"])
    for with_locals in (True, False):
        reader.threads(None, None, with_locals)
    reader.standing(None, threading.get_ident())
    stacks.tasks()
    stacks.wake_loops()


def asked():
    return settings.Settings("/nowhere", message=lambda exc: exceptions.message_of(exc)[0])


def read_value(obj):
    values.text(obj)
    values.size_of(obj)
    values.properties(obj)
    values.slots(obj)
    arrays.described(obj)
    arrays.text_of(obj, values.text)
    arrays.columns(obj, 10, values.text)
    references = listing.References()
    row = listing.entry("obj", obj, references)
    if row.get("r"):
        for at in (0, 1):
            listing.children_page(references, row["r"], at, 100)
    space = {"obj": obj}
    for text in PLANS:
        try:
            run = pure_evaluation.Pure(pure_evaluation.SafeReader(), [space], vars(__import__("builtins")))
            pure_evaluation.settled(run, text)
        except RecursionError:
            pass
    forest = tree.Forest(collect.Masker(True), 5000, float("inf"))
    forest.add(obj, "obj")
    tap.logged(logging.LogRecord("n", 10, "p", 1, "%s %r %d", (obj, obj, obj), None))
    tap.worded(obj, obj)
    tap.worded("%(a)s", BY_NAME)
    tap.worded("%s", obj)
    hooks._task_message({"task": obj, "message": obj})
    crashes._task_words({"task": obj, "message": obj})
    hooks.hook_arguments((obj,), 4)
    hooks.function_name(obj)
    hooks.thread_name(obj)


NAME = ["name", "obj"]
ONE = ["const", "int", "0x1"]
PLANS = [
    NAME,
    *(
        ["attr", NAME, name]
        for name in ("args", "__cause__", "name", "shape", "__dict__", "__class__", "key")
    ),
    ["item", NAME, ONE],
    ["item", NAME, ["const", "str", "password"]],
    ["bool", "or", [NAME, NAME]],
    ["unary", "not", NAME],
    ["unary", "-", NAME],
    ["binary", "+", NAME, ONE],
    ["binary", "%", NAME, NAME],
    ["compare", NAME, [["==", ONE]]],
    ["compare", NAME, [["<", NAME]]],
    ["compare", ONE, [["in", NAME]]],
    ["compare", NAME, [["in", ["list", [ONE, NAME]]]]],
    *(
        ["call", name, [NAME], {}]
        for name in "len str repr int float sum min sorted any all list tuple set dict vars type bool reversed round callable".split()
    ),
    ["call", "isinstance", [NAME, NAME], {}],
    ["call", "isinstance", [NAME, ["name", "obj"]], {}],
    ["call", "hasattr", [NAME, ["const", "str", "name"]], {}],
    ["set", [NAME]],
    ["dict", [[NAME, NAME]]],
    ["text", [[NAME, -1, ""]]],
]


def walk_values():
    for what, obj in objects():
        before = len(RAN)
        watch(lambda obj=obj: read_value(obj))
        for at in range(before, len(RAN)):
            RAN[at] = "%s: %s" % (what, RAN[at])


def walk_exceptions():
    made = []
    for base in (Exception, KeyError, OSError, SyntaxError, ImportError):
        cls = derived(base, ("__traceback__",))
        error = raising(cls(Evil()))
        BaseException.__dict__["__cause__"].__set__(error, raising(cls("below")))
        BaseException.__dict__["__context__"].__set__(error, raising(cls("beside")))
        if base is Exception:
            BaseException.__dict__["__dict__"].__get__(error)["__notes__"] = [OwnStr("note")]
        made.append(error)
    row = stacks.Stacks(["/nowhere"]).row
    recorder = hooks.Recorder(asked())
    recorder.settings.message = asked().message

    def read():
        for error in made:
            trace = BaseException.__dict__["__traceback__"].__get__(error)
            exceptions.described(error, row)
            gathered(Occasion("caught", error, trace), asked())
            recording.of_stop("uncaught", "", "", (error, trace), threading.get_ident(), None, ())
            hooks._remove_our_frames(error, trace)
            recorder._wanted(Occasion("caught", error, trace))
            tap.logged(logging.LogRecord("n", 10, "p", 1, "m", (), (type(error), error, trace)))

    watch(read)


def walk_frames():
    look = lambda: watch(read_all)  # noqa: E731
    evil = Evil()
    KEPT.append(evil)
    look()
    for space in (Names(), Mapping(), {}):
        in_class_body(look, space)
    in_exec(look, Names())
    in_exec(look, {}, Mapping())
    in_exec(look, {}, Names())
    in_exec(look, {evil_key("__name__"): 1, evil_key("look"): 2})


def walk_threads():
    cls = derived(
        threading.Thread, ("_name", "_ident", "_native_id", "_daemonic", "__class__", "__del__", "__doc__")
    )
    ready, over = threading.Event(), threading.Event()

    def work():
        ready.set()
        over.wait(20)

    thread = cls(target=work)
    threading.Thread.start(thread)
    ready.wait(20)
    try:
        watch(read_all)
    finally:
        over.set()
        threading.Thread.join(thread)


def walk_tasks():
    kinds = [asyncio.Task, asyncio.tasks._PyTask]
    leave = (
        "__del__",
        "__class__",
        "__await__",
        "__iter__",
        "__getattr__",
        "_coro",
        "_state",
        "_fut_waiter",
        "_name",
    )

    async def sleeping():
        await AwaitsItself()

    async def outer():
        await sleeping()

    async def main():
        loop = asyncio.get_running_loop()
        made = []
        for kind in kinds:
            made.append(derived(kind, leave)(outer(), loop=loop))
        await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        watch(read_all)
        found = [row for row in stacks.tasks() if row["coro"].endswith("outer")]
        assert len(found) == 2, found
        assert all(
            [f["name"].rpartition(".")[2] for f in row["frames"]] == ["sleeping", "outer"] for row in found
        ), found
        for task in made:
            kind = next(kind for kind in kinds if kind in type(task).__bases__)
            kind.cancel(task)

    class Loop(asyncio.SelectorEventLoop):
        """An event loop whose ways of being told are its own."""

    for (
        name
    ) in "call_soon_threadsafe call_soon _check_closed _write_to_self get_debug __getattribute__".split():
        setattr(Loop, name, recording_method("Loop", name, asyncio.SelectorEventLoop))
    loop = Loop()
    loop.run_until_complete(main())
    loop.close()


def walk_records():
    """What the tap sees of log records and streams."""
    cls = derived(logging.LogRecord, ATTRIBUTES)
    kept = recent.Recent()
    record = cls("n", 10, "p", 1, "m %s", (Evil(),), None)
    stream_class = derived(object, ("write",))
    stream = stream_class()

    def read():
        tap.logged(record)
        kept._note(record)
        kept._tap_stream("stdout", stream)
        tap.Tap()._tap_stream("stdout", stream)
        kept.last(10)

    watch(read)


for walk in (walk_values, walk_exceptions, walk_frames, walk_threads, walk_tasks, walk_records):
    before = len(RAN)
    walk()
    for at in range(before, len(RAN)):
        RAN[at] = "%s: %s" % (walk.__name__, RAN[at])
print(json.dumps(RAN))
