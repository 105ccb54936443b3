"""Evaluates the plan of an expression (see ``iqdebug.core.expressions``) in a frame, running no target code.

Every operation is implemented here, on values of exact builtin types. The answer is ``{"runs": why}``
where Python would enter a method of the target's, ``{"failed": what}`` where it would raise, and
``{"bound": why}`` where it would take too long.
"""

from __future__ import annotations

import builtins
import operator
import sys
import types

from ..capture import values
from ..capture.descriptors import is_heap_type
from ..capture.frames import local_names
from . import listing
from .calls import CALLS, METHODS
from .reading import ATOMS, MISSING, LimitExceeded, SafeReader, WouldRaise, WouldRunCode
from .reasons import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

MAX_TEXT = 4_000
"""Characters of a value's text in the answer."""

MAX_INT_BITS = 100_000
_NUMBERS = (int, float, complex, bool)
_TEXTS = (str, bytes)
_SETS = (set, frozenset)
_UNARY: Dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
_BINARY: Dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "|": operator.or_,
    "&": operator.and_,
    "^": operator.xor,
}
_ORDER: Dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = {"None": None, "True": True, "False": False, "Ellipsis": Ellipsis}
_ERRORS = (TypeError, ValueError, ArithmeticError, IndexError, KeyError)


def answer(plan: Any, frame: Optional[types.FrameType], references: Any, expression: str) -> Dict[str, Any]:
    """The client's row for the plan's value in ``frame``, or in ``__main__`` if that is None."""
    if sys.flags.bytes_warning:  # a comparison may then call the program's warnings.showwarning
        return {"runs": reason("agent.runs.bytes_warning")}
    reads = SafeReader()
    scopes = [listing.main_module_globals()] if frame is None else [local_names(frame), frame.f_globals]
    known = vars(builtins) if frame is None else frame.f_builtins
    kind, value = settled(Pure(reads, [_texts(reads, s) for s in scopes], _texts(reads, known)), plan)
    if kind:
        return {kind: value}
    row = listing.entry("", value, references, expression=expression)
    row["v"] = values.text(value, MAX_TEXT, 3)
    return row


def settled(run: Pure, plan: Any) -> Tuple[str, Any]:
    """``("", value)``, or "runs", "bound" or "failed" with the reason."""
    try:
        return "", run.value(plan)
    except WouldRunCode as error:
        return "runs", error.args[0]
    except LimitExceeded as error:
        return "bound", error.args[0]
    except (MemoryError, RecursionError) as error:
        return "bound", str(error) or reason("agent.limit.too_large")
    except WouldRaise as error:
        return "failed", str(error)
    except _ERRORS as error:
        return "failed", "%s: %s" % (type(error).__name__, error)


def _texts(reads: SafeReader, names: Any) -> Dict[str, Any]:
    """A copy with only the keys that are exact ``str``."""
    cls = type(names)
    if values.type_name(cls) == "FrameLocalsProxy" and not is_heap_type(cls):
        names = dict(names)
    return reads.texts(names) or {}


class Pure:
    """One evaluation. Names are looked up in ``scopes``, innermost first, then in the builtins."""

    def __init__(self, reads: SafeReader, scopes: List[Dict[str, Any]], known: Dict[str, Any]) -> None:
        self.reads = reads
        self.budget = reads.budget
        self._scopes = list(scopes)
        self._builtins = known

    def value(self, plan: Any) -> Any:
        self.budget.spend()
        return getattr(self, "_" + plan[0])(*plan[1:])

    def all(self, plans: Any) -> List[Any]:
        return [self.value(plan) for plan in plans]

    # atoms

    def _const(self, kind: str, text: str) -> Any:
        if kind == "word":
            return _WORDS[text]
        if kind == "int":
            return int(text, 16)
        if kind == "float":
            return float.fromhex(text)
        if kind == "complex":
            return complex(0.0, float.fromhex(text))
        return bytes.fromhex(text) if kind == "bytes" else text

    def _name(self, name: str) -> Any:
        for scope in self._scopes:
            if name in scope:
                return scope[name]
        if name in self._builtins:
            return self._builtins[name]
        raise WouldRaise("NameError: name '%s' is not defined" % name)

    def _attr(self, plan: Any, name: str) -> Any:
        return self.reads.attribute(self.value(plan), name)

    def _item(self, plan: Any, key: Any) -> Any:
        return self.reads.item(self.value(plan), self.value(key))

    def _slice(self, *parts: Any) -> Any:
        ends = [None if part is None else self.value(part) for part in parts]
        if not all(values.one_of(type(end), (int, bool, type(None))) for end in ends):
            raise WouldRunCode(reason("agent.runs.slice"))
        return slice(*ends)

    # displays

    def _list(self, plans: Any) -> Any:
        return self.all(plans)

    def _tuple(self, plans: Any) -> Any:
        return tuple(self.all(plans))

    def _set(self, plans: Any) -> Any:
        return {self.key(each) for each in self.all(plans)}

    def _dict(self, pairs: Any) -> Any:
        return {self.key(self.value(key)): self.value(value) for key, value in pairs}

    def key(self, value: Any) -> Any:
        """A copy that is safe as a key: its hash and equality are CPython's own."""
        return self.reads.copied(value)

    def _each(self, kind: str, made: Any, loops: Any) -> Any:
        rows: List[Any] = []
        self._loop(loops, 0, lambda: rows.append(self.all(made)))
        self.budget.make(len(rows))
        elements = [row[0] for row in rows]
        if kind == "list":
            return elements
        keys = self.budget.hashed([self.key(each) for each in elements])
        return set(keys) if kind == "set" else dict(zip(keys, [row[1] for row in rows]))

    def _loop(self, loops: Any, at: int, done: Callable[[], None]) -> None:
        if at == len(loops):
            done()
            return
        target, source, tests = loops[at]
        elements = self.reads.elements(self.value(source))
        for element in elements:
            scope: Dict[str, Any] = {}
            self._bind(target, element, scope)
            self._scopes.insert(0, scope)
            try:
                if all(self.reads.truth(self.value(test)) for test in tests):
                    self._loop(loops, at + 1, done)
            finally:
                self._scopes.pop(0)

    def _bind(self, target: Any, value: Any, scope: Dict[str, Any]) -> None:
        if type(target) is str:
            scope[target] = value
            return
        if not self.reads.base_of(value, (list, tuple)):
            raise WouldRunCode(reason("agent.runs.unpacking"))
        parts = list(self.reads.elements(value))
        if len(parts) != len(target):
            raise WouldRaise("ValueError: %d values to unpack into %d names" % (len(parts), len(target)))
        for name, part in zip(target, parts):
            self._bind(name, part, scope)

    # operators

    def _unary(self, sign: str, plan: Any) -> Any:
        value = self.value(plan)
        if sign == "not":
            return not self.reads.truth(value)
        value = self.reads.copied(value)
        if type(value) is bool:
            value = int(value)
        if not values.one_of(type(value), _NUMBERS):
            raise WouldRaise("TypeError: bad operand for unary %s: %s" % (sign, type(value).__name__))
        return _UNARY[sign](value)

    def _binary(self, sign: str, one: Any, other: Any) -> Any:
        return self.binary(sign, self.value(one), self.value(other))

    def binary(self, sign: str, one: Any, other: Any) -> Any:
        left, right = self._operand(one), self._operand(other)
        kinds = (type(left), type(right))
        if values.one_of(kinds[0], _NUMBERS) and values.one_of(kinds[1], _NUMBERS):
            self._check_int_size(sign, left, right)
        elif sign == "*" and any(values.one_of(kind, (int, bool)) for kind in kinds):
            sized, times = (left, right) if not values.one_of(kinds[0], _NUMBERS) else (right, left)
            if not values.one_of(type(sized), (str, bytes, list, tuple)):
                raise WouldRaise("TypeError: cannot multiply %s and %s" % tuple(k.__name__ for k in kinds))
            self.budget.make(len(sized) * max(times, 0))
        elif sign == "%" and values.one_of(kinds[0], _TEXTS):
            raise WouldRunCode(reason("agent.runs.percent"))
        elif self._joins(sign, *kinds):
            self.budget.make(len(left) + len(right))
        else:
            raise WouldRaise("TypeError: %s and %s have no %s" % (kinds[0].__name__, kinds[1].__name__, sign))
        return _BINARY[sign](left, right)

    @staticmethod
    def _joins(sign: str, one: type, other: type) -> bool:
        """Whether the operator makes a result no larger than both operands together."""
        if sign == "+":
            return one is other and values.one_of(one, (str, bytes, list, tuple))
        return sign in "|&^-" and values.one_of(one, _SETS) and values.one_of(other, _SETS)

    def _operand(self, value: Any) -> Any:
        """Lists and tuples are not copied: joining and repeating them does not touch their elements."""
        return value if values.one_of(type(value), (list, tuple)) else self.reads.copied(value)

    def _check_int_size(self, sign: str, one: Any, other: Any) -> None:
        if not (values.one_of(type(one), (int, bool)) and values.one_of(type(other), (int, bool))):
            return
        size, times = int.bit_length(one), int.bit_length(other)
        bits = size + times
        if sign == "**":
            bits = size * other if other > 0 and size > 1 else size
        elif sign == "<<":
            bits = size + max(other, 0)
        if bits > MAX_INT_BITS:
            raise LimitExceeded(reason("agent.limit.bits", bits=format(MAX_INT_BITS, ",")))
        self.budget.make(max(bits, 0) >> 6)

    def _bool(self, sign: str, plans: Any) -> Any:
        value = None
        for plan in plans:
            value = self.value(plan)
            if self.reads.truth(value) is (sign == "or"):
                break
        return value

    def _if(self, test: Any, one: Any, other: Any) -> Any:
        return self.value(one if self.reads.truth(self.value(test)) else other)

    def _compare(self, first: Any, rest: Any) -> Any:
        left, result = self.value(first), True
        for sign, plan in rest:
            right = self.value(plan)
            result = self.compared(sign, left, right)
            if not result:
                return False
            left = right
        return result

    def compared(self, sign: str, one: Any, other: Any) -> bool:
        if sign in ("is", "is not"):
            return (one is other) is (sign == "is")
        if sign in ("in", "not in"):
            return self.contains(other, one) is (sign == "in")
        if sign in ("==", "!="):
            return self.reads.equal(one, other) is (sign == "==")
        return bool(_ORDER[sign](self.reads.copied(one), self.reads.copied(other)))

    def contains(self, holder: Any, wanted: Any) -> bool:
        base = self.reads.base_of(holder, (str, bytes, bytearray, range, dict, set, frozenset, list, tuple))
        if base is None or not self.reads.own_method(holder, base, "__contains__"):
            raise WouldRunCode(reason("agent.runs.contains", type=values.qualified(type(holder))))
        if base is range and not values.one_of(type(wanted), (int, bool)):
            return any(self.reads.equal(each, wanted) for each in self.reads.elements(holder))
        if base in (str, bytes, bytearray, range):
            inner, outer = self.reads.copied(wanted), self.reads.copied(holder)
            if values.one_of(type(inner), (str, bytes, bytearray)) and base is not range:
                self.budget.search(outer, inner)
            return bool(inner in outer)
        if base is dict:
            return self.reads.lookup(self.reads.pairs(holder), wanted) is not MISSING
        if base in _SETS:
            elements = ((each,) for each in self.reads.elements(holder))
            return self.reads.lookup(elements, wanted) is not MISSING
        return any(each is wanted or self.reads.equal(each, wanted) for each in self.reads.elements(holder))

    # calls

    def _call(self, name: str, plans: Any, named: Any) -> Any:
        self._check_builtin(name)
        arguments = self.all(plans)
        return CALLS[name](self, *arguments, **{key: self.value(plan) for key, plan in named.items()})

    def _check_builtin(self, name: str) -> None:
        function = self._name(name)
        if not self._is_builtin(name, function):
            raise WouldRunCode(reason("agent.runs.replaced_builtin", name=name))

    @staticmethod
    def _is_builtin(name: str, function: Any) -> bool:
        if type(function) is types.BuiltinFunctionType:
            return bool(function.__name__ == name) and function.__self__ is builtins
        return type(function) is type and not is_heap_type(function) and values.type_name(function) == name

    def _method(self, plan: Any, name: str, plans: Any) -> Any:
        owner = self.value(plan)
        arguments = self.all(plans)
        base: Any = type(owner)
        if self.reads.base_of(owner) is dict and self.reads.own_method(owner, dict, name):
            base = dict
        known = (each for each in (str, bytes, dict, list, tuple, int, float) if base is each)
        method = METHODS.get((next(known, object), name))
        if method is None:
            raise WouldRunCode(reason("agent.runs.method", name=name, type=values.qualified(type(owner))))
        return method(self, owner, *arguments)

    def _text(self, parts: Any) -> str:
        pieces: List[str] = []
        for part in parts:
            pieces.append(part if type(part) is str else self._formatted(*part))
            self.budget.make(len(pieces[-1]))
        return "".join(pieces)

    def _formatted(self, plan: Any, conversion: int, spec: str) -> str:
        value = self.value(plan)
        if conversion:
            value = CALLS["repr" if conversion != 115 else "str"](self, value)
            if conversion == 97:
                value = ascii(value)[1:-1] if not value.isascii() else value
        if not spec:
            return str(CALLS["str"](self, value))
        if not values.one_of(type(value), ATOMS):
            raise WouldRunCode(reason("agent.runs.format", type=values.qualified(type(value))))
        return format(value, spec)
