"""What CPython stores of an object and of its class, read without running the program's code.

Guarantee: no ``__getattr__``, ``__class__``, ``__eq__`` or property of the program is called.
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
    """By identity: ``in`` would ask a metaclass's ``__eq__``."""
    return any(cls is kind for kind in kinds)


def type_name(cls: type) -> str:
    """The type's own name, whatever its metaclass says."""
    return str.__str__(class_name(cls))


def exact(text: Any) -> str:
    """A text without methods of its own; "" for what is none."""
    return str.__str__(text) if issubclass(type(text), str) else ""


def type_module(cls: type) -> str:
    module = class_module(cls)
    return module if type(module) is str else "builtins"


def qualified(cls: type) -> str:
    """``module.Name``, without the module for builtins and ``__main__``."""
    module = type_module(cls)
    name = type_name(cls)
    return name if module in ("builtins", "__main__") else module + "." + name


def _only_texts(names: Dict[Any, Any]) -> bool:
    """Whether looking a name up there compares it with exact texts alone, whose ``__eq__`` is known."""
    try:
        for name in names:
            if type(name) is not str:
                return False
    except RuntimeError:  # it is being changed
        return False
    return True


def instance_dict(obj: Any) -> Optional[Dict[str, Any]]:
    """The object's attribute dictionary, by CPython's own descriptor; None if it has none. A copy
    where it is of a subclass, whose own methods must not run."""
    for cls in class_mro(type(obj)):
        descriptor = class_dict(cls).get("__dict__")
        if one_of(type(descriptor), (_GETSET, _MEMBER)):  # a property of the program's is passed over
            try:
                found = descriptor.__get__(obj)
            except Exception:
                return None
            if type(found) is dict and _only_texts(found):
                return found
            if not issubclass(type(found), dict):
                return None
            return {k: v for k, v in list(dict.items(found)) if type(k) is str}
    return None


def really(cls: type) -> bool:
    """Whether the class is the one that its module, which is loaded, has under its name: a class can
    call itself ``uuid.UUID``."""
    names = instance_dict(sys.modules.get(type_module(cls)))
    return names is not None and names.get(type_name(cls)) is cls


def of_module(module: str, name: str) -> Any:
    """What a module that is loaded has under the name, or None; no ``__getattr__`` of it is asked."""
    names = instance_dict(sys.modules.get(module))
    return None if names is None else names.get(name)


def measure(obj: Any, name: str) -> Any:
    """The shape, dtype or device of an array, or None. A class that the program derives from a library's
    array may have a say in what the library's C code answers; of those only numpy's are read."""
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
