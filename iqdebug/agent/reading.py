"""Reads single objects without running code of the target's.

Unlike :mod:`..capture.values`, gives exactly what Python would give: attributes are looked up in Python's
order and keys compared as Python compares them. Where Python would enter a method that is not CPython's
own, the read raises :class:`WouldRunCode`.
"""

# ruff: noqa: SIM905

from __future__ import annotations

import types
from collections import OrderedDict, deque, namedtuple

from ..capture import values
from ..capture.descriptors import class_dict, class_mro
from ..capture.original_functions import monotonic
from .plain_lookups import only_reads_storage, reads_plainly
from .reasons import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, Optional, Tuple

ATOMS = (int, float, complex, bool, str, bytes, type(None), type(Ellipsis))
CONTAINERS = (list, tuple, dict, set, frozenset, bytearray, range, deque)
_READABLE = (*CONTAINERS, str, bytes)
_TEXTS_AND_NUMBERS = (str, int, float, bytes)
_OPERATORS = frozenset(
    "__%s__" % name
    for name in (
        "eq ne lt le gt ge hash bool len contains iter getitem index int float complex neg pos invert abs "
        "round add sub mul truediv floordiv mod pow lshift rshift and or xor divmod radd rsub rmul rtruediv "
        "rfloordiv rmod rpow rlshift rrshift rand ror rxor rdivmod"
    ).split()
)
MAX_STEPS = 400_000  # values read
MAX_RESULT_SIZE = 4_000_000  # characters, bytes and elements made
READ_TIMEOUT = 1.0  # seconds
MAX_SEARCH_SIZE = 200_000_000  # product of the lengths of a text and the text that is searched
MAX_HASHED = 10_000  # keys of one set or dict
MAX_DEPTH = 20  # containers within containers
_PROXY = type(type.__dict__)
_FUNCTION_TYPES = (types.FunctionType, types.BuiltinFunctionType, types.WrapperDescriptorType)
_tuplegetter = type(class_dict(namedtuple("_Field", "name"))["name"])
_BY_C = (types.GetSetDescriptorType, types.MemberDescriptorType)
MISSING = object()
_METHODS_OF_C = (
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.MethodWrapperType,
)


class WouldRunCode(Exception):
    """The read would run code of the target's; the argument is the :func:`.reason`."""


class LimitExceeded(Exception):
    """The read would take too long, or make too much; the argument is the :func:`.reason`."""


class WouldRaise(Exception):
    """Python itself would raise here; the text says what."""


class Budget:
    """What one evaluation may cost: steps, elements and characters made, seconds."""

    def __init__(self) -> None:
        self._steps_left = MAX_STEPS
        self._size_left = MAX_RESULT_SIZE
        self._deadline = monotonic() + READ_TIMEOUT

    def spend(self, count: int = 1) -> None:
        self._steps_left -= count
        if self._steps_left < 0:
            raise LimitExceeded(reason("agent.limit.values", count=format(MAX_STEPS, ",")))
        if self._steps_left % 256 < count and monotonic() > self._deadline:
            raise LimitExceeded(reason("agent.limit.time", seconds="%g" % READ_TIMEOUT))

    def make(self, size: int) -> None:
        """Call before making something of that many elements, characters or bytes."""
        self._size_left -= size
        if self._size_left < 0:
            raise LimitExceeded(reason("agent.limit.size", count=format(MAX_RESULT_SIZE, ",")))

    def search(self, text: Any, wanted: Any) -> None:
        """Call before searching for a text in another: up to 3.9 that may take time proportional to the
        product of both lengths, in C and with the interpreter lock held."""
        if len(text) * len(wanted) > MAX_SEARCH_SIZE:
            raise LimitExceeded(reason("agent.limit.search"))

    def hashed(self, keys: Any) -> Any:
        """The keys. Call before making a set or dict of them: numbers can be chosen to collide."""
        if len(keys) > MAX_HASHED and not all(type(key) is str for key in keys):
            raise LimitExceeded(reason("agent.limit.keys", count=format(MAX_HASHED, ",")))
        return keys


class SafeReader:
    """The reads of one evaluation, which share a :class:`Budget`."""

    def __init__(self) -> None:
        self.budget = Budget()
        self._classes: Dict[int, Tuple[type, Dict[str, Any]]] = {}

    # classes

    def names_of(self, cls: type) -> Dict[str, Any]:
        """The class's own attributes whose keys are exact ``str``: other keys may have an ``__eq__``."""
        known = self._classes.get(id(cls))
        if known is None:
            attributes = class_dict(cls)
            items = list(attributes.items()) if type(attributes) is _PROXY else []
            self.budget.spend(len(items) // 16 + 1)
            known = self._classes[id(cls)] = (cls, {k: v for k, v in items if type(k) is str})
        return known[1]

    def of_class(self, cls: type, name: str) -> Any:
        """The name's value in the first class of the MRO that has it, or ``MISSING``."""
        for base in class_mro(cls):
            self.budget.spend()
            names = self.names_of(base)
            if name in names:
                return names[name]
        return MISSING

    def own_method(self, obj: Any, base: type, name: str) -> bool:
        """Whether the object's type inherits the method from the builtin ``base`` unchanged."""
        cls = type(obj)
        if cls is base:
            return True
        return self.of_class(cls, name) is self.of_class(base, name)

    def base_of(self, obj: Any, kinds: Tuple[type, ...] = CONTAINERS) -> Optional[type]:
        """The builtin container that the object's type is or derives from; None if there is none."""
        mro = class_mro(type(obj))
        return next((kind for kind in kinds if values.one_of(kind, mro)), None)

    def default_equality(self, cls: type) -> bool:
        """Whether objects of the class are equal only to themselves."""
        return self.of_class(cls, "__eq__") is self.names_of(object)["__eq__"]

    # attributes

    def attribute(self, obj: Any, name: str) -> Any:
        cls = type(obj)
        if name in ("__name__", "__qualname__", "__module__") and issubclass(cls, type):
            return values.type_module(obj) if name == "__module__" else values.type_name(obj)
        reader = self.of_class(cls, "__getattribute__")
        if type(reader) is not types.WrapperDescriptorType or not reads_plainly(reader.__objclass__):
            raise WouldRunCode(reason("agent.runs.own_lookup", type=values.qualified(cls)))
        if name == "__dict__":
            attributes = self.own_dict(obj)
            if attributes is None:
                raise WouldRaise(
                    "AttributeError: '%s' object has no attribute '__dict__'" % values.qualified(cls)
                )
            return dict(attributes)
        shared = self.of_class(cls, name)
        if shared is not MISSING and self._is_data_descriptor(shared):
            return self._from_data_descriptor(obj, shared, name)
        if issubclass(cls, type):
            return self._class_attribute(obj, shared, name)
        own = self.own_dict(obj) or {}
        if name in own:
            return own[name]
        if shared is not MISSING:
            return self._from_class(obj, shared, name)
        if self.of_class(cls, "__getattr__") is not MISSING or "__getattr__" in own:
            raise WouldRunCode(reason("agent.runs.own_getattr", type=values.qualified(cls)))
        raise WouldRaise("AttributeError: '%s' object has no attribute '%s'" % (values.qualified(cls), name))

    def own_dict(self, obj: Any) -> Optional[Dict[str, Any]]:
        """A copy of the object's attributes whose keys are exact ``str``; None if it has no ``__dict__``."""
        descriptor = self.of_class(type(obj), "__dict__")
        if type(descriptor) is not types.GetSetDescriptorType:
            return None
        try:
            attributes = descriptor.__get__(obj)
        except Exception:
            return None
        return self.texts(attributes)

    def texts(self, names: Any) -> Optional[Dict[str, Any]]:
        if not issubclass(type(names), dict):
            return None
        self.budget.spend(dict.__len__(names) // 16 + 1)
        return {k: v for k, v in list(dict.items(names)) if type(k) is str}

    def _is_data_descriptor(self, descriptor: Any) -> bool:
        cls = type(descriptor)
        return any(self.of_class(cls, m) is not MISSING for m in ("__set__", "__delete__"))

    def _from_data_descriptor(self, obj: Any, descriptor: Any, name: str) -> Any:
        kind = type(descriptor)
        if kind is types.MemberDescriptorType or (
            kind is types.GetSetDescriptorType and only_reads_storage(descriptor, type(obj))
        ):
            try:
                return descriptor.__get__(obj)
            except AttributeError:
                raise WouldRaise("AttributeError: %s is not set" % name) from None
            except Exception as error:
                raise WouldRaise("%s: %s" % (type(error).__name__, name)) from None
        fields = values.namedtuple_fields(type(obj)) if self.base_of(obj, (tuple,)) is not None else ()
        if name in fields and kind is _tuplegetter:
            return tuple.__getitem__(obj, fields.index(name))
        if kind is property:
            raise WouldRunCode(reason("agent.runs.property", type=values.qualified(type(obj)), name=name))
        raise WouldRunCode(
            reason(
                "agent.runs.descriptor",
                type=values.qualified(type(obj)),
                name=name,
                kind=values.qualified(kind),
            )
        )

    def _from_class(self, obj: Any, shared: Any, name: str) -> Any:
        """An attribute that the class has and the object does not have."""
        kind = type(shared)
        if values.one_of(kind, _FUNCTION_TYPES + _METHODS_OF_C):
            return shared
        if kind is staticmethod or (issubclass(type(obj), type) and values.one_of(kind, _BY_C)):
            return shared
        if self.of_class(kind, "__get__") is MISSING:
            return shared
        raise WouldRunCode(
            reason(
                "agent.runs.made_when_read",
                type=values.qualified(type(obj)),
                name=name,
                kind=values.qualified(kind),
            )
        )

    def _class_attribute(self, cls: Any, shared: Any, name: str) -> Any:
        """An attribute of a class whose metaclass has no data descriptor of that name."""
        own = self.of_class(cls, name)
        if own is not MISSING:
            return self._from_class(cls, own, name) if type(own) is not property else own
        if shared is not MISSING:
            return self._from_class(cls, shared, name)
        if self.of_class(type(cls), "__getattr__") is not MISSING:
            raise WouldRunCode(reason("agent.runs.metaclass", type=values.type_name(cls)))
        raise WouldRaise("AttributeError: class '%s' has no attribute '%s'" % (values.type_name(cls), name))

    # containers

    def size(self, obj: Any) -> int:
        base: Any = self.base_of(obj, _READABLE)
        if base is not None and self.own_method(obj, base, "__len__"):
            self._require_int_bounds(obj)
            try:
                return int(base.__len__(obj))
            except OverflowError as error:
                raise WouldRaise("OverflowError: %s" % error) from None
        self._require_method(obj, "__len__", "has no len()")
        raise WouldRunCode(
            reason("agent.runs.own_method", type=values.qualified(type(obj)), method="__len__")
        )

    def _require_method(self, obj: Any, method: str, words: str) -> None:
        if self.of_class(type(obj), method) is MISSING:
            raise WouldRaise("TypeError: '%s' object %s" % (values.qualified(type(obj)), words))

    def elements(self, obj: Any) -> Iterator[Any]:
        """The elements that ``for`` would give; of a dict, its keys."""
        base: Any = self.base_of(obj, _READABLE)
        if base is None:
            self._refuse_iteration(obj)
        special = values.one_of(type(obj), (OrderedDict,))
        if not special and not self.own_method(obj, base, "__iter__"):
            raise WouldRunCode(
                reason("agent.runs.own_method", type=values.qualified(type(obj)), method="__iter__")
            )
        self._require_int_bounds(obj)
        try:
            for element in base.__iter__(obj):
                self.budget.spend()
                yield element
        except RuntimeError:
            raise LimitExceeded(reason("agent.limit.changed")) from None

    def _refuse_iteration(self, obj: Any) -> None:
        if self.of_class(type(obj), "__iter__") is MISSING:
            self._require_method(obj, "__getitem__", "is not iterable")
        raise WouldRunCode(reason("agent.runs.iterating", type=values.qualified(type(obj))))

    def pairs(self, obj: Any) -> Iterator[Tuple[Any, Any]]:
        """The items of a dict or of an instance of a subclass."""
        try:
            for pair in dict.items(obj):
                self.budget.spend()
                yield pair
        except RuntimeError:
            raise LimitExceeded(reason("agent.limit.changed")) from None

    def item(self, obj: Any, key: Any) -> Any:
        base: Any = self.base_of(obj, _READABLE)
        if base is None or base in (set, frozenset):
            self._require_method(obj, "__getitem__", "is not subscriptable")
            raise WouldRunCode(
                reason("agent.runs.own_method", type=values.qualified(type(obj)), method="__getitem__")
            )
        if not self.own_method(obj, base, "__getitem__"):
            raise WouldRunCode(
                reason("agent.runs.own_method", type=values.qualified(type(obj)), method="__getitem__")
            )
        if base is dict:
            return self._value_of(obj, key)
        self._require_int_bounds(obj)
        if not values.one_of(type(key), (int, bool, slice)):
            raise self._bad_index(obj, key)
        if type(key) is slice:
            self._require_int_bounds(key)
            if base is not range and key.step != 0:
                self.budget.make(len(range(*key.indices(base.__len__(obj)))))
        try:
            return base.__getitem__(obj, key)
        except (IndexError, ValueError, TypeError, OverflowError) as error:
            raise WouldRaise("%s: %s" % (type(error).__name__, error)) from None

    def _require_int_bounds(self, obj: Any) -> None:
        """:raises WouldRunCode: the bounds of a range or slice are not exact ``int``."""
        if values.one_of(type(obj), (range, slice)):
            for end in (obj.start, obj.stop, obj.step):
                if not values.one_of(type(end), (int, bool, type(None))):
                    raise WouldRunCode(reason("agent.runs.bounds", type=values.qualified(type(end))))

    def _bad_index(self, obj: Any, key: Any) -> Exception:
        if self.of_class(type(key), "__index__") is not MISSING:
            return WouldRunCode(reason("agent.runs.index", type=values.qualified(type(key))))
        return WouldRaise(
            "TypeError: indices of %s must be integers, not %s"
            % (values.qualified(type(obj)), values.qualified(type(key)))
        )

    def _value_of(self, obj: Any, key: Any) -> Any:
        pair = self.lookup(self.pairs(obj), key)
        if pair is not MISSING:
            return pair[1]
        if self.of_class(type(obj), "__missing__") is not MISSING:
            raise WouldRunCode(reason("agent.runs.missing", type=values.qualified(type(obj))))
        raise WouldRaise("KeyError: %s" % values.text(key, 100))

    def lookup(self, pairs: Any, key: Any) -> Any:
        """The first pair whose key equals ``key``, or ``MISSING``."""
        plain = self._as_key(key)
        foreign: Optional[type] = None
        for pair in pairs:
            known = pair[0]
            if known is key:
                return pair
            try:
                if plain is not MISSING and self.copied(known) == plain:
                    return pair
            except WouldRunCode:
                if not self.default_equality(type(known)):
                    foreign = foreign or type(known)
        if foreign is not None or (plain is MISSING and not self.default_equality(type(key))):
            name = values.qualified(foreign or type(key))
            raise WouldRunCode(reason("agent.runs.compares", type=name))
        return MISSING

    def _as_key(self, key: Any) -> Any:
        if values.one_of(type(key), (list, dict, set, bytearray)):
            raise WouldRaise("TypeError: unhashable type: '%s'" % type(key).__name__)
        try:
            return self.copied(key)
        except WouldRunCode:
            return MISSING

    # whole values

    def copied(self, value: Any, depth: int = MAX_DEPTH) -> Any:
        """A copy of a value that consists of exact builtin types only, safe to use with any operator.

        :raises WouldRunCode: it holds something else.
        """
        cls = type(value)
        if values.one_of(cls, ATOMS):
            return value
        if values.one_of(cls, (range, slice)):
            self._require_int_bounds(value)
            return value
        if depth <= 0:
            raise LimitExceeded(reason("agent.limit.depth", depth=MAX_DEPTH))
        if values.one_of(cls, (list, tuple, set, frozenset)):
            made = [self.copied(element, depth - 1) for element in self.elements(value)]
            self.budget.make(len(made))
            if values.one_of(cls, (set, frozenset)):
                self.budget.hashed(made)
            return made if cls is list else cls(made)
        if cls is dict:
            made_pairs = [
                (self.copied(k, depth - 1), self.copied(v, depth - 1)) for k, v in self.pairs(value)
            ]
            self.budget.make(len(made_pairs))
            self.budget.hashed([pair[0] for pair in made_pairs])
            return dict(made_pairs)
        if cls is bytearray:
            self.budget.make(len(value))
            return bytearray(value)
        return self._builtin_value(value)

    def _builtin_value(self, value: Any) -> Any:
        """The text or number in an instance of a subclass (mostly an enumeration) that adds no operators.

        :raises WouldRunCode: it is none, or its class has operators of its own.
        """
        cls = type(value)
        base = self.base_of(value, _TEXTS_AND_NUMBERS)
        if base is None:
            raise WouldRunCode(reason("agent.runs.own_methods", type=values.qualified(cls)))
        before = True
        for each in class_mro(cls):
            if each is base:
                before = False
            elif each is object or (not before and values.type_module(each) == "enum"):
                continue
            elif not _OPERATORS.isdisjoint(self.names_of(each)):
                raise WouldRunCode(reason("agent.runs.own_operators", type=values.qualified(cls)))
        if base is str:
            return str.__str__(value)
        if base is bytes:
            return bytes.__getitem__(value, slice(None))
        return int.__index__(value) if base is int else float.__float__(value)

    def equal(self, one: Any, other: Any) -> bool:
        try:
            return bool(self.copied(one) == self.copied(other))
        except WouldRunCode:
            if self._equals_only_itself(one) and self._equals_only_itself(other):
                return one is other
            foreign = other if self._is_builtin(one) else one
            raise WouldRunCode(reason("agent.runs.equality", type=values.qualified(type(foreign)))) from None

    def _is_builtin(self, value: Any) -> bool:
        return values.one_of(type(value), ATOMS)

    def _equals_only_itself(self, value: Any) -> bool:
        """Whether it equals only itself, or is a builtin value that no such object equals."""
        return self._is_builtin(value) or self.default_equality(type(value))

    def truth(self, value: Any) -> bool:
        if values.one_of(type(value), ATOMS):
            return bool(value)
        if self.base_of(value, _TEXTS_AND_NUMBERS) is not None:
            return bool(self._builtin_value(value))
        for method in ("__bool__", "__len__"):
            function = self.of_class(type(value), method)
            if function is not MISSING:
                base = self.base_of(value)
                if base is None or not self.own_method(value, base, method):
                    raise WouldRunCode(
                        reason("agent.runs.truth", type=values.qualified(type(value)), method=method)
                    )
        return self.size(value) > 0 if self.base_of(value) is not None else True
