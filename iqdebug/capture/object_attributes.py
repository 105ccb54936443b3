"""Reads what CPython stores of an object and its class, without running the program's code.

Guarantee: calls no ``__getattr__``, ``__class__``, ``__eq__`` or property of the program.
"""

from __future__ import annotations

import sys
import types

from .descriptors import class_dict, class_module, class_mro, class_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

_GETSET = types.GetSetDescriptorType
_MEMBER = types.MemberDescriptorType


def one_of(cls: type, kinds: Tuple[type, ...]) -> bool:
    """Whether the class is among ``kinds``, by identity: ``in`` would call a metaclass's ``__eq__``."""
    return any(cls is kind for kind in kinds)


def type_name(cls: type) -> str:
    """The type's stored name, bypassing its metaclass."""
    return str.__str__(class_name(cls))


def exact(text: Any) -> str:
    """The text as an exact ``str``; "" for anything else."""
    return str.__str__(text) if issubclass(type(text), str) else ""


def type_module(cls: type) -> str:
    module = class_module(cls)
    return module if type(module) is str else "builtins"


def qualified(cls: type) -> str:
    """``module.Name``, without the module for builtins and ``__main__``."""
    module = type_module(cls)
    name = type_name(cls)
    return name if module in ("builtins", "__main__") else module + "." + name


def _has_only_text_keys(names: Dict[Any, Any]) -> bool:
    """Whether all keys are exact ``str``, so that a lookup calls no other ``__eq__``."""
    try:
        for name in names:
            if type(name) is not str:
                return False
    except RuntimeError:  # it is being changed
        return False
    return True


def instance_dict(obj: Any) -> Optional[Dict[str, Any]]:
    """The object's attribute dictionary, read by CPython's own descriptor; None if it has none. A copy of the
    text keys if it is of a subclass of dict or has other keys, whose methods must not run."""
    for cls in class_mro(type(obj)):
        descriptor = class_dict(cls).get("__dict__")
        if one_of(type(descriptor), (_GETSET, _MEMBER)):  # skips a property of the program's
            try:
                attributes = descriptor.__get__(obj)
            except Exception:
                return None
            if type(attributes) is dict and _has_only_text_keys(attributes):
                return attributes
            if not issubclass(type(attributes), dict):
                return None
            return {k: v for k, v in list(dict.items(attributes)) if type(k) is str}
    return None


def really(cls: type) -> bool:
    """Whether the class is the one in its loaded module under its name: any class can call itself
    ``uuid.UUID``."""
    names = instance_dict(sys.modules.get(type_module(cls)))
    return names is not None and names.get(type_name(cls)) is cls


def of_module(module: str, name: str) -> Any:
    """An attribute of a loaded module, or None. Does not call the module's ``__getattr__``."""
    names = instance_dict(sys.modules.get(module))
    return None if names is None else names.get(name)


def measure(obj: Any, name: str) -> Any:
    """The shape, dtype or device of an array, or None. For a subclass that the program defines, the library's
    C code may call its methods, so of those only subclasses of numpy's are read."""
    for cls in class_mro(type(obj)):
        descriptor = class_dict(cls).get(name)
        if descriptor is not None:
            if type(descriptor) is not _GETSET:
                return None
            package = type_module(cls).partition(".")[0]
            own = type_module(type(obj)).partition(".")[0] == package and really(type(obj))
            if type(obj) is not cls and package != "numpy" and not own:
                return None
            try:
                return descriptor.__get__(obj)
            except Exception:
                return None
    return None
