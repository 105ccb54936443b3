"""Values as bounded typed trees: what a crash file stores of the objects in frames.

Runs no code of the program (see :mod:`.values`). Methods of numpy and pandas are called on their exact types,
if the program has imported them. Every object is described once, however often it is reached, under one
number.
"""

from __future__ import annotations

import types
from itertools import islice

from . import arrays, values
from .descriptors import class_dict, class_mro, exception_args
from .frames import list_items
from .mask import MASK
from .original_functions import monotonic
from .secret_walk import named_elements, pair_name, row_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

    from .mask import Masker

MAX_LONG_TEXT = 16_384
"""Characters of a string's whole text."""

_MAX_CHILDREN_BY_DEPTH = (100, 40, 12, 5)
"""Maximum children of a value, by its depth below the variable; deeper values have none."""

_MAX_LONG_TEXT_DEPTH = 2
_MAX_SCANNED_OBJECTS = 3_000  # below one variable, for secret names
_MAX_SCAN_DEPTH = 6
# Bytes of the code that only returns an attribute: the shortest code that reads one.
_PLAIN_GETTER_SIZE = len((lambda self: self.x).__code__.co_code)
_UNREAD = object()  # stands for the value of a property that was not run
_MAX_SEARCHED_TEXT = 65_536  # characters of a text searched for secrets
_LEAF_TYPES = (int, float, complex, bool, str, bytes, bytearray, type(None))
_OPAQUE_TYPES = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)


class Forest:
    """The described values of one recording.

    :param most: maximum number of values.
    :param deadline: by :func:`.original_functions.monotonic`; values after it are described by type only.
    """

    def __init__(self, masker: Masker, most: int, deadline: float) -> None:
        self.masker = masker
        self.described: Dict[int, Dict[str, Any]] = {}
        self.left_out = 0
        self._most = most
        self._deadline = deadline
        self._numbers: Dict[int, int] = {}
        self._kept: List[Any] = []  # keeps the objects alive, so that no id is reused
        self._next = 1
        self._scanned: Set[int] = set()
        self._is_late = False

    def add(self, obj: Any, name: str = "", most: int = 2_000) -> int:
        """Describe the value, with at most ``most`` values below it, and return its number.

        :param name: the value's name there; a secret's name masks it.
        """
        if self.masker.is_secret(name, obj):
            return self._masked(obj)
        self._scan(obj)
        known = self._numbers.get(id(obj))
        if known is not None:
            return known
        number, waiting = self._describe(obj, 0)
        most = min(most, self._most - self._next)
        queue = [(waiting, 0)] if waiting is not None else []
        while queue:
            later: List[Any] = []
            for (row, held), depth in queue:
                most = self._expand(row, held, depth, most, later)
            queue = later
        return number

    def let_go(self) -> None:
        """Drop all objects. Nothing can be added afterwards."""
        self._kept.clear()
        self._numbers.clear()

    def _expand(self, row: Dict[str, Any], obj: Any, depth: int, most: int, later: List[Any]) -> int:
        width = _MAX_CHILDREN_BY_DEPTH[depth] if depth < len(_MAX_CHILDREN_BY_DEPTH) else 0
        if not width or most <= 0 or self._out_of_time():
            self.left_out += 1
            row["left_out"] = _count(obj)
            return most
        children: List[List[Any]] = []
        total = 0
        pair = _pair_name(obj)
        try:
            total, listed = _children(obj, width)
        except Exception:
            listed = []
        held = {_key_of(name) if kind == "item" else name: value for kind, name, value in listed[:31]}
        row_name, row_value = row_of(held) or ("", None)
        for kind, name, value in listed:
            if value is _UNREAD:
                children.append([kind, name, None])
                continue
            if name == "[1]" and pair:
                secret = self.masker.is_secret(pair, value)
            elif row_name and value is row_value and self.masker.is_secret(row_name, value):
                secret = True
            else:
                secret = self.masker.is_secret(name if kind == "attribute" else _key_of(name), value)
            if secret:
                children.append([kind, name, self._masked(value)])
                continue
            known = self._numbers.get(id(value))
            if known is None:
                known, waiting = self._describe(value, depth + 1)
                most -= 1
                if waiting is not None:
                    later.append((waiting, depth + 1))
            children.append([kind, name, known])
        if children:
            row["children"] = children
        if total > len(listed):
            row["left_out"] = total - len(listed)
        return most

    def _describe(self, obj: Any, depth: int) -> Tuple[int, Optional[Tuple[Dict[str, Any], Any]]]:
        """Add a row for the object; returns its number and what is left to expand, or None."""
        number = self._next
        self._next += 1
        self._numbers[id(obj)] = number
        self._kept.append(obj)
        cls = type(obj)
        row: Dict[str, Any] = {"type": values.qualified(cls)}
        self.described[number] = row
        if self._is_late:
            row["text"] = "<%s>" % values.type_name(cls)
            row["cut"] = True
            return number, None
        row["text"] = shown = values.text(obj, 400, 4) if depth == 0 else values.text(obj)
        size = values.size_of(obj)
        if size is not None:
            row["size"] = size
        if shown.endswith("…") or " long)" in shown[-12:]:
            row["cut"] = True
            if depth <= _MAX_LONG_TEXT_DEPTH and issubclass(cls, str):
                row["long"] = str.__getitem__(obj, slice(0, MAX_LONG_TEXT))
        if issubclass(cls, str):
            self.masker.learn_from_text(str.__getitem__(obj, slice(0, _MAX_SEARCHED_TEXT)))
        array = arrays.described(obj)
        if array is not None:
            row["array"] = array
            row["text"] = arrays.text_of(obj, values.text) or shown
        if values.one_of(cls, _OPAQUE_TYPES) or (
            issubclass(cls, _LEAF_TYPES) and not values.instance_dict(obj)
        ):
            return number, None
        return number, (row, obj)

    def _masked(self, obj: Any) -> int:
        self.masker.learn(obj)
        number = self._next
        self._next += 1
        self.described[number] = {
            "type": values.qualified(type(obj)),
            "text": MASK,
            "masked": True,
        }
        return number

    def _out_of_time(self) -> bool:
        if not self._is_late and self._next % 32 == 0:
            self._is_late = monotonic() > self._deadline
        return self._is_late

    def _scan(self, obj: Any) -> None:
        """Register the secrets below a value by their names, deeper than the value is described."""
        if not self.masker.enabled:
            return
        level: List[Any] = [obj]
        seen = 0
        for _ in range(_MAX_SCAN_DEPTH):
            below: List[Any] = []
            for each in level:
                cls = type(each)
                leaf = issubclass(cls, _LEAF_TYPES) and not values.instance_dict(each)
                if leaf or id(each) in self._scanned or values.one_of(cls, _OPAQUE_TYPES):
                    continue
                self._scanned.add(id(each))
                self._kept.append(each)
                try:
                    pairs = _named_members(each)
                except Exception:
                    continue
                for name, value in pairs:
                    seen += 1
                    if name and self.masker.is_secret(name, value):
                        self.masker.learn(value)
                    else:
                        below.append(value)
                if seen > _MAX_SCANNED_OBJECTS or self._is_late or monotonic() > self._deadline:
                    return
            level = below


def _key_of(name: str) -> str:
    """A dict key's text without its quotes; "" for an index."""
    if name.startswith("["):
        return ""
    return name[1:-1] if name[:1] in "'\"" and name[-1:] == name[:1] else name.lstrip("b'").rstrip("'")


def _named_members(obj: Any) -> Iterator[Tuple[str, Any]]:
    """Items and attributes, with the names that may show that they are secrets."""
    cls = type(obj)
    pairs: List[Tuple[str, Any]] = []
    fields = values.namedtuple_fields(cls) if issubclass(cls, tuple) else ()
    if fields:
        pairs += list(zip(fields, tuple.__getitem__(obj, slice(0, 500))))
    else:
        pairs += named_elements(obj)
    own = values.instance_dict(obj)
    if own:
        pairs += [(k, v) for k, v in list_items(own, 200) if type(k) is str]
    pairs += values.slots(obj)
    if not issubclass(cls, dict):
        row = row_of(dict(pairs[:31]))
        if row is not None:
            pairs.append(row)
    return iter(pairs)


def _pair_name(obj: Any) -> str:
    """The name in a pair of a name and a value, as in a list of headers; else ""."""
    return "" if values.namedtuple_fields(type(obj)) else pair_name(obj)


def _count(obj: Any) -> int:
    size = values.size_of(obj) or 0
    own = values.instance_dict(obj)
    return size + (len(own) if own else 0)


def _children(obj: Any, width: int) -> Tuple[int, List[Tuple[str, str, Any]]]:
    """The number of children, and the first of them (of a sequence also the last): kind, name, value."""
    cls = type(obj)
    listed: List[Tuple[str, str, Any]] = []
    total = 0
    columns = arrays.columns(obj, width, values.text)
    if columns is not None:
        return columns
    if issubclass(cls, dict):
        total = dict.__len__(obj)
        listed += [("item", values.text(k, 80), v) for k, v in list_items(obj, width)]
    elif issubclass(cls, (list, tuple)):
        base = list if issubclass(cls, list) else tuple
        total = base.__len__(obj)
        fields = values.namedtuple_fields(cls)
        for index in _ends(total, width):
            name = fields[index] if index < len(fields) else "[%d]" % index
            listed.append(("item", name, base.__getitem__(obj, index)))
    elif issubclass(cls, (set, frozenset)) or values.is_deque(cls):
        total = values.size_of(obj) or 0
        members = islice(values.elements(obj), width)
        listed += [("item", "[%d]" % i, value) for i, value in enumerate(members)]
    attributes = _attributes(obj)
    total += len(attributes)
    return total, listed + attributes[:width]


def _ends(total: int, width: int) -> List[int]:
    """Indices of the kept elements of a sequence: three quarters from its start, the rest from its end."""
    if total <= width:
        return list(range(total))
    last = width // 4
    return [*range(width - last), *range(total - last, total)]


def _attributes(obj: Any) -> List[Tuple[str, str, Any]]:
    cls = type(obj)
    own = values.instance_dict(obj)
    pairs = [(k, v) for k, v in list_items(own, 2_000) if type(k) is str] if own else []
    pairs += values.slots(obj)
    rows = [("attribute", name, value) for name, value in pairs]
    if issubclass(cls, BaseException):
        rows.append(("attribute", "args", exception_args(obj)))
    if not issubclass(cls, (dict, list, tuple, set, frozenset)):
        held = {name: value for _, name, value in rows}
        rows += [
            ("property", name, held.get(_returned_attribute(cls, name), _UNREAD))
            for name in values.properties(obj)[:50]
        ]
    return rows


def _returned_attribute(cls: type, name: str) -> str:
    """The attribute behind a property that only returns it (``return self._name``); "" for any other, whose
    code would have to run."""
    for base in class_mro(cls):
        attribute = class_dict(base).get(name)
        if attribute is None:
            continue
        getter = attribute.fget if type(attribute) is property else None
        if type(getter) is not types.FunctionType:
            return ""
        code = getter.__code__
        plain = (
            len(code.co_names) == 1 and len(code.co_varnames) == 1 and len(code.co_code) == _PLAIN_GETTER_SIZE
        )
        return code.co_names[0] if plain else ""
    return ""
