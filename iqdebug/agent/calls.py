"""Reimplements the builtin functions and methods that a read-only expression may call.

Each takes values of exact builtin types only and never enters a method of the target's code.
"""

from __future__ import annotations

from ..capture import values
from ..capture.descriptors import class_mro
from .reading import ATOMS, MISSING, LimitExceeded, WouldRaise, WouldRunCode
from .reasons import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Tuple

MAX_INT_BITS = 4_096
MAX_DIGITS = 1_000


def _copied_list(run: Any, value: Any) -> List[Any]:
    copies = [run.reads.copied(each) for each in run.reads.elements(value)]
    run.budget.make(len(copies))
    return copies


def _listed(run: Any, value: Any) -> List[Any]:
    elements = list(run.reads.elements(value))
    run.budget.make(len(elements))
    return elements


def _atom(run: Any, value: Any) -> Any:
    plain = run.reads.copied(value)
    if not values.one_of(type(plain), ATOMS):
        raise WouldRaise("TypeError: a number or text is needed, not %s" % type(plain).__name__)
    return plain


def _len(run: Any, value: Any) -> int:
    return int(run.reads.size(value))


def _type(run: Any, value: Any) -> Any:
    return type(value)


def _isinstance(run: Any, value: Any, kinds: Any) -> bool:
    """Checks the object's real type; its ``__class__`` is not read."""
    return _issubclass(run, type(value), kinds)


def _issubclass(run: Any, cls: Any, kinds: Any) -> bool:
    if not issubclass(type(cls), type):
        raise WouldRaise("TypeError: the first argument must be a class")
    if type(kinds) is tuple:
        return any(_issubclass(run, cls, kind) for kind in kinds)
    if not issubclass(type(kinds), type):
        raise WouldRunCode(reason("agent.runs.no_class"))
    for method in ("__instancecheck__", "__subclasscheck__"):
        if run.reads.of_class(type(kinds), method) is not run.reads.of_class(type, method):
            raise WouldRunCode(reason("agent.runs.instances", type=values.type_name(kinds)))
    return values.one_of(kinds, class_mro(cls))


def _getattr(run: Any, obj: Any, name: Any, *default: Any) -> Any:
    try:
        return run.reads.attribute(obj, name)
    except WouldRaise:
        if default:
            return default[0]
        raise


def _hasattr(run: Any, obj: Any, name: Any) -> bool:
    return _getattr(run, obj, name, MISSING) is not MISSING


def _vars(run: Any, obj: Any) -> Any:
    return run.reads.attribute(obj, "__dict__")


def _str(run: Any, *value: Any) -> str:
    if len(value) > 1:
        raise WouldRunCode(reason("agent.runs.codec"))
    plain = value[0] if value else ""
    return plain if type(plain) is str else _repr(run, plain)


def _repr(run: Any, value: Any) -> str:
    if not values.one_of(type(value), (*ATOMS, list, tuple, dict, set, frozenset, bytearray, range)):
        raise WouldRunCode(reason("agent.runs.own_text", type=values.qualified(type(value))))
    plain = _exact_copy(run, value)
    text = repr(plain)
    run.budget.make(len(text))
    return text


def _exact_copy(run: Any, value: Any) -> Any:
    """A copy of a value that holds no enumeration or other subclass of a builtin type.

    :raises WouldRunCode: it holds one, whose ``repr`` may be its own.
    """
    _refuse_subclasses(run, value)
    return run.reads.copied(value)


def _refuse_subclasses(run: Any, value: Any, depth: int = 20) -> None:
    cls = type(value)
    if values.one_of(cls, ATOMS):
        if cls is int and int.bit_length(value) > MAX_INT_BITS:
            raise LimitExceeded(reason("agent.limit.number_in_it", bits=MAX_INT_BITS))
        if values.one_of(cls, (str, bytes)):
            run.budget.make(len(value))
        return
    if values.one_of(cls, (range, bytearray)):
        return
    if depth <= 0 or not values.one_of(cls, (list, tuple, dict, set, frozenset)):
        raise WouldRunCode(reason("agent.runs.own_text", type=values.qualified(cls)))
    for each in run.reads.elements(value):
        _refuse_subclasses(run, each, depth - 1)
    if cls is dict:
        for _, each in run.reads.pairs(value):
            _refuse_subclasses(run, each, depth - 1)


def _int(run: Any, value: Any = 0, base: Any = None) -> int:
    plain = _atom(run, value)
    if values.one_of(type(plain), (str, bytes)) and len(plain) > MAX_DIGITS:
        raise LimitExceeded(reason("agent.limit.digits", digits=MAX_DIGITS))
    return int(plain) if base is None else int(plain, _atom(run, base))


def _float(run: Any, value: Any = 0.0) -> float:
    plain = _atom(run, value)
    if values.one_of(type(plain), (str, bytes)) and len(plain) > MAX_DIGITS:
        raise LimitExceeded(reason("agent.limit.digits", digits=MAX_DIGITS))
    return float(plain)


def _sum(run: Any, elements: Any, start: Any = 0) -> Any:
    total = _atom(run, start)
    terms = _copied_list(run, elements)
    if all(values.one_of(type(each), (int, float, bool)) for each in (total, *terms)):
        return sum(terms, total)
    for each in terms:
        total = run.binary("+", total, each)
    return total


def _extreme(which: Any) -> Callable[..., Any]:
    def call(run: Any, *arguments: Any, **named: Any) -> Any:
        if set(named) - {"default"}:
            raise WouldRaise("TypeError: unexpected arguments")
        candidates = _copied_list(run, arguments[0] if len(arguments) == 1 else arguments)
        if not candidates and "default" in named:
            return named["default"]
        return which(candidates)

    return call


def _sorted(run: Any, elements: Any, reverse: Any = False) -> List[Any]:
    return sorted(_copied_list(run, elements), reverse=run.reads.truth(reverse))


def _any(run: Any, elements: Any) -> bool:
    return any(run.reads.truth(each) for each in run.reads.elements(elements))


def _all(run: Any, elements: Any) -> bool:
    return all(run.reads.truth(each) for each in run.reads.elements(elements))


def _new_list(run: Any, elements: Any = ()) -> List[Any]:
    return _listed(run, elements)


def _new_tuple(run: Any, elements: Any = ()) -> Any:
    return tuple(_listed(run, elements))


def _new_set(run: Any, elements: Any = ()) -> Any:
    return set(run.budget.hashed(_copied_list(run, elements)))


def _new_frozenset(run: Any, elements: Any = ()) -> Any:
    return frozenset(run.budget.hashed(_copied_list(run, elements)))


def _new_dict(run: Any, source: Any = (), **named: Any) -> Any:
    if run.reads.base_of(source) is dict:
        if not run.reads.own_method(source, dict, "keys"):
            raise WouldRunCode(
                reason("agent.runs.own_method", type=values.qualified(type(source)), method="keys()")
            )
        pairs = [(run.key(key), value) for key, value in run.reads.pairs(source)]
    else:
        pairs = []
        for pair in run.reads.elements(source):
            if not values.one_of(type(pair), (list, tuple)) or len(pair) != 2:
                raise WouldRaise("TypeError: pairs are needed")
            pairs.append((run.key(pair[0]), pair[1]))
    run.budget.hashed([pair[0] for pair in pairs])
    return dict(pairs, **named)


def _enumerate(run: Any, elements: Any, start: Any = 0) -> Any:
    return list(enumerate(_listed(run, elements), _atom(run, start)))


def _zip(run: Any, *many: Any) -> Any:
    return list(zip(*[_listed(run, each) for each in many]))


def _reversed(run: Any, elements: Any) -> Any:
    if run.reads.base_of(elements, (list, tuple, str, range)) is None:
        raise WouldRunCode(reason("agent.runs.reversing", type=values.qualified(type(elements))))
    return _listed(run, elements)[::-1]


def _range(run: Any, *ends: Any) -> Any:
    return range(*[_atom(run, end) for end in ends])


def _round(run: Any, value: Any, digits: Any = None) -> Any:
    places = _atom(run, digits)
    if type(places) is int and abs(places) > 400:
        raise LimitExceeded(reason("agent.limit.places", places=400))
    return round(_atom(run, value), places)


def _on_atoms(function: Any) -> Callable[..., Any]:
    def call(run: Any, *arguments: Any) -> Any:
        return function(*[_atom(run, each) for each in arguments])

    return call


def _callable(run: Any, value: Any) -> bool:
    return run.reads.of_class(type(value), "__call__") is not MISSING


CALLS: Dict[str, Callable[..., Any]] = {
    "abs": _on_atoms(abs),
    "all": _all,
    "any": _any,
    "bool": lambda run, value=False: run.reads.truth(value),
    "callable": _callable,
    "chr": _on_atoms(chr),
    "dict": _new_dict,
    "divmod": _on_atoms(divmod),
    "enumerate": _enumerate,
    "float": _float,
    "frozenset": _new_frozenset,
    "getattr": _getattr,
    "hasattr": _hasattr,
    "id": lambda run, value: id(value),
    "int": _int,
    "isinstance": _isinstance,
    "issubclass": _issubclass,
    "len": _len,
    "list": _new_list,
    "max": _extreme(max),
    "min": _extreme(min),
    "ord": _on_atoms(ord),
    "range": _range,
    "repr": _repr,
    "reversed": _reversed,
    "round": _round,
    "set": _new_set,
    "sorted": _sorted,
    "str": _str,
    "sum": _sum,
    "tuple": _new_tuple,
    "type": _type,
    "vars": _vars,
    "zip": _zip,
}


# methods


def _plain_method(kind: type, name: str) -> Callable[..., Any]:
    def call(run: Any, owner: Any, *arguments: Any) -> Any:
        run.budget.make(len(owner))
        plain = [run.reads.copied(each) for each in arguments]
        for each in plain:
            if type(each) is kind:
                run.budget.search(owner, each)
        return getattr(kind, name)(owner, *plain)

    return call


def _replace(run: Any, owner: Any, old: Any, new: Any, *count: Any) -> Any:
    old, new = _atom(run, old), _atom(run, new)
    kind = type(owner)
    if type(old) is not kind or type(new) is not kind:
        raise WouldRaise("TypeError: replace() needs two of %s" % kind.__name__)
    run.budget.search(owner, old)
    run.budget.make(len(owner) + kind.count(owner, old) * len(new))
    return kind.replace(owner, old, new, *[_atom(run, each) for each in count])


def _join(run: Any, owner: Any, elements: Any) -> Any:
    parts = _copied_list(run, elements)
    if not all(type(each) is type(owner) for each in parts):
        raise WouldRaise("TypeError: join() needs %s" % type(owner).__name__)
    run.budget.make(sum(len(each) for each in parts) + len(owner) * len(parts))
    return owner.join(parts)


def _get(run: Any, owner: Any, key: Any, default: Any = None) -> Any:
    pair = run.reads.lookup(run.reads.pairs(owner), key)
    return default if pair is MISSING else pair[1]


def _keys(run: Any, owner: Any) -> Any:
    return [key for key, _ in run.reads.pairs(owner)]


def _values(run: Any, owner: Any) -> Any:
    return [value for _, value in run.reads.pairs(owner)]


def _items(run: Any, owner: Any) -> Any:
    return list(run.reads.pairs(owner))


def _index(run: Any, owner: Any, wanted: Any) -> int:
    for number, each in enumerate(run.reads.elements(owner)):
        if each is wanted or run.reads.equal(each, wanted):
            return number
    raise WouldRaise("ValueError: it is not in the %s" % type(owner).__name__)


def _count(run: Any, owner: Any, wanted: Any) -> int:
    return sum(each is wanted or run.reads.equal(each, wanted) for each in run.reads.elements(owner))


_TEXT_METHODS = (
    "capitalize count endswith find index isalnum isalpha isdigit islower isspace istitle isupper lower "
    "lstrip partition rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase "
    "title upper"
)
METHODS: Dict[Tuple[type, str], Callable[..., Any]] = {
    (kind, name): _plain_method(kind, name) for kind in (str, bytes) for name in _TEXT_METHODS.split()
}
for _name in ("casefold", "isdecimal", "isidentifier", "isnumeric"):
    METHODS[str, _name] = _plain_method(str, _name)
METHODS[str, "replace"] = METHODS[bytes, "replace"] = _replace
METHODS[str, "join"] = METHODS[bytes, "join"] = _join
METHODS[list, "index"] = METHODS[tuple, "index"] = _index
METHODS[list, "count"] = METHODS[tuple, "count"] = _count
METHODS[dict, "get"] = _get
METHODS[dict, "keys"] = _keys
METHODS[dict, "values"] = _values
METHODS[dict, "items"] = _items
METHODS[int, "bit_length"] = lambda run, owner: owner.bit_length()
METHODS[float, "is_integer"] = lambda run, owner: owner.is_integer()
