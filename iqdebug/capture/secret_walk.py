"""The names of a container's elements: its keys, and names given in pairs and rows."""

from __future__ import annotations

from collections import deque
from itertools import islice

from .secret_names import STRONG, judge
from .secret_strength import is_strong
from .secret_words import looks_random, looks_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

MAX_ELEMENTS = 500
_NAME_KEYS = (
    "name",
    "key",
    "Name",
    "Key",
    "field",
    "option",
    "header",
    "variable",
    "_name_",
    "id",
    "k",
    "param",
)
_VALUE_KEYS = ("value", "val", "Value", "content", "data", "default", "_value_", "v")


def named_elements(value: Any) -> List[Tuple[str, Any]]:
    """The elements of a builtin container, or of a subclass read as the builtin, with the names that may show
    that they are secrets; "" for no name. A pair is a name and its value, as in a list of headers; so is a
    row ``{"name": …, "value": …}``, and ``--password`` with the next element of a list."""
    cls = type(value)
    pairs: List[Tuple[str, Any]] = []
    if issubclass(cls, dict):
        for key, held in list(islice(dict.items(value), MAX_ELEMENTS)):
            pairs.append((plain(key), held))
        row = row_of(dict(islice(((plain(k), v) for k, v in dict.items(value)), 30)) if pairs else {})
        if row is not None:
            pairs.append(row)
    elif issubclass(cls, (list, tuple)):
        base: Any = list if issubclass(cls, list) else tuple
        part = base.__getitem__(value, slice(0, MAX_ELEMENTS))
        pair = pair_name(value)
        if pair:
            return [("", part[0]), (pair.lstrip("-"), part[1]), *(("", held) for held in part[2:])]
        for option, follows in zip(part, part[1:]):
            if type(option) is str and option.startswith("--") and type(follows) is str:
                pairs.append((option.lstrip("-"), follows))
        pairs += [("", held) for held in part]
    elif issubclass(cls, (set, frozenset)):
        base = set if issubclass(cls, set) else frozenset
        pairs += [("", held) for held in islice(base.__iter__(value), MAX_ELEMENTS)]
    elif issubclass(cls, deque):
        pairs += [("", held) for held in islice(deque.__iter__(value), MAX_ELEMENTS)]
    return pairs


def pair_name(value: Any) -> str:
    """The first element of a list or tuple of two, if it is a text; or of a tuple of three or four that
    begins with the name of a secret and a strong text. Else ""."""
    cls = type(value)
    for base in (list, tuple):
        if issubclass(cls, base):
            size = base.__len__(value)
            first = plain(base.__getitem__(value, 0)) if 2 <= size <= 4 else ""
            if size == 2 or not first:
                return first
            second = plain(base.__getitem__(value, 1))
            return first if base is tuple and judge(first) == STRONG and is_strong(second) else ""
    return ""


def row_of(held: Dict[str, Any]) -> Any:
    """Name and value in a row that has both, such as environments of containers, cookies and enum members;
    else None. If no key shows which is which, a row has exactly one text that is a secret's name and one that
    could be a secret.

    :param held: a dict of items or attributes.
    """
    if not held or len(held) > 30:
        return None
    name = next((plain(held[key]) for key in _NAME_KEYS if key in held and plain(held[key])), "")
    key = next((key for key in _VALUE_KEYS if key in held), None)
    if name and key is not None:
        return (name, held[key])
    if len(held) > 6:
        return None
    texts = [text for text in map(plain, held.values()) if 4 <= len(text) <= 1024]
    names = [text for text in texts if len(text) <= 64 and judge(text) == STRONG and not looks_random(text)]
    others = [text for text in texts if text not in names and is_strong(text) and looks_secret(text)]
    return (names[0], others[0]) if len(names) == len(others) == 1 else None


def plain(key: Any) -> str:
    """A text or bytes as a text; of a tuple, its last element; "" for anything else."""
    if type(key) is tuple and key:
        key = key[-1]
    if type(key) is str:
        return key
    return key.decode("latin-1") if type(key) is bytes else ""
