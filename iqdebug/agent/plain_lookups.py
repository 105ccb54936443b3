"""Which classes and getters that are written in C do no more than look up what is there."""

from __future__ import annotations

import builtins
import types
from collections import OrderedDict, defaultdict, deque

from ..capture import values
from ..capture.descriptors import is_heap_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def reads_plainly(owner: type) -> bool:
    """Whether the class's ``__getattribute__``, written in C, is known to do the usual lookup."""
    if any(owner is each for each in _USUAL):
        return True
    return (values.type_module(owner), values.type_name(owner)) in _USUAL_OF and values.really(owner)


_USUAL = [each for each in vars(builtins).values() if type(each) is type and not is_heap_type(each)]
_USUAL = [each for each in _USUAL if each is not super]
_USUAL += [types.ModuleType, types.FunctionType, types.SimpleNamespace, types.GeneratorType, types.CodeType]
_USUAL += [types.CoroutineType, types.AsyncGeneratorType, types.FrameType, types.TracebackType]
_USUAL += [deque, OrderedDict, defaultdict]
_USUAL_OF = {("datetime", name) for name in ("date", "time", "datetime", "timedelta", "timezone")}
# by name: an import here could wait for a thread that is paused in the middle of an import


def only_reads_storage(descriptor: Any, cls: type) -> bool:
    """Whether the getter, written in C, is known to return only what is stored."""
    owner: Any = descriptor.__objclass__
    if values.one_of(owner, _GETTERS):
        return True
    return values.really(owner) and (values.type_module(owner), descriptor.__name__) in _GETTERS_OF


_GETTERS = (
    int,
    float,
    complex,
    BaseException,
    types.FunctionType,
    types.CodeType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
    types.FrameType,
)
_GETTERS_OF = {
    (module, name)
    for module, names in (
        ("datetime", "year month day hour minute second microsecond days seconds microseconds tzinfo fold"),
        ("numpy", "shape ndim size nbytes itemsize strides"),
        ("array", "typecode itemsize"),
    )
    for name in names.split()
}
