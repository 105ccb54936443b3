"""The descriptors of ``type`` and ``BaseException``, called directly.

A metaclass may override ``__dict__`` or ``__mro__``, and an exception class ``args``. The functions here read
what the interpreter stores and never run code of the class.
"""

from __future__ import annotations

import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

class_name = type.__dict__["__name__"].__get__
"""``__name__`` of a class; may be an instance of a subclass of ``str``."""

class_dict = type.__dict__["__dict__"].__get__
"""A class's own attributes, without those of its bases, as a read-only mapping."""

class_module = type.__dict__["__module__"].__get__
"""``__module__`` of a class; may be any object."""

class_mro = type.__dict__["__mro__"].__get__
"""A class and its bases in the order in which attributes are looked up."""

exception_args = BaseException.__dict__["args"].__get__
"""``args`` of an exception: a tuple, or None if C code has not finished making the exception."""

_get_flags = type.__dict__["__flags__"].__get__
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE of CPython's Include/object.h


def is_heap_type(cls: type) -> bool:
    """Whether the class was made at run time, and is not one of the interpreter's static types."""
    return bool(_get_flags(cls) & _HEAP_TYPE)


def getset_value(obj: Any, name: str) -> Any:
    """The value of a getset attribute, computed in C, or None. Never runs Python code of a class; does not
    read ``__slots__``."""
    for cls in class_mro(type(obj)):
        descriptor = class_dict(cls).get(name)
        if descriptor is not None:
            if type(descriptor) is not types.GetSetDescriptorType:
                return None
            try:
                return descriptor.__get__(obj)
            except Exception:
                return None
    return None
