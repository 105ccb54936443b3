"""Formats values of standard library types from what they store.

Their ``repr`` is called only if it is C code that shows only numbers. Any other formats what is stored in
them (a name, a pattern, the bound of a range), which may call methods of the program.
"""

from __future__ import annotations

import types

from .descriptors import class_dict, class_mro

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    Shown = Callable[[Any], str]

_C_DESCRIPTORS = (types.GetSetDescriptorType, types.MemberDescriptorType)
_REGEX_FLAGS = (
    (1, "re.TEMPLATE"),
    (2, "re.IGNORECASE"),
    (4, "re.LOCALE"),
    (8, "re.MULTILINE"),
    (16, "re.DOTALL"),
    (32, "re.UNICODE"),
    (64, "re.VERBOSE"),
    (128, "re.DEBUG"),
    (256, "re.ASCII"),
)
_UNICODE_FLAG = 32


def text_of(obj: Any, module: str, name: str, shown: Shown) -> Optional[str]:
    """The value's text; None for a type that is not known here.

    :param module: and ``name``: those of the value's type. A class may lie about them, so only stored values
        are read.
    :param shown: formats what the value holds.
    """
    maker = _MAKERS.get((module, name))
    return None if maker is None else maker(obj, type(obj), shown)


def stored(obj: Any, name: str) -> Any:
    """The attribute, read by a descriptor written in C; None if there is none."""
    for cls in class_mro(type(obj)):
        descriptor = class_dict(cls).get(name)
        if descriptor is not None:
            if not any(type(descriptor) is kind for kind in _C_DESCRIPTORS):
                return None
            try:
                return descriptor.__get__(obj)
            except AttributeError:
                return None
    return None


def written_in_c(cls: type, method: str) -> bool:
    """Whether the class itself, not a base, defines the method in C."""
    function = class_dict(cls).get(method)
    if type(function) is types.WrapperDescriptorType or type(function) is types.MethodDescriptorType:
        return function.__objclass__ is cls
    return False


def _own_repr(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    return repr(obj) if written_in_c(cls, "__repr__") else None


def _datetime(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    if not written_in_c(cls, "__repr__") or not written_in_c(cls, "replace"):
        return None
    zone = stored(obj, "tzinfo")
    text = repr(class_dict(cls)["replace"](obj, tzinfo=None))
    return text if zone is None else "%s, tzinfo=%s)" % (text[:-1], shown(zone))


def _timezone(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    if not written_in_c(cls, "__getinitargs__"):
        return None
    if class_dict(cls).get("utc") is obj:
        return "datetime.timezone.utc"
    parts = class_dict(cls)["__getinitargs__"](obj)
    return "datetime.timezone(%s)" % ", ".join(shown(part) for part in parts)


def _pattern(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    pattern, flags = stored(obj, "pattern"), stored(obj, "flags")
    if pattern is None or type(flags) is not int:
        return None
    if issubclass(type(pattern), str):
        flags &= ~_UNICODE_FLAG
    names = [name for bit, name in _REGEX_FLAGS if flags & bit]
    return "re.compile(%s)" % ", ".join([shown(pattern), *(["|".join(names)] if names else [])])


def _range(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    if cls is not range:
        return None
    ends = [obj.start, obj.stop]  # of the exact builtin type: stored values
    if int.__ne__(obj.step, 1):
        ends.append(obj.step)
    return "range(%s)" % ", ".join(shown(end) for end in ends)


def _uuid(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    number = stored(obj, "int")
    if type(number) is not int or not 0 <= number < 1 << 128:
        return None
    digits = "%032x" % number
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "UUID('%s')" % "-".join(parts)


def _fraction(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    above, below = stored(obj, "_numerator"), stored(obj, "_denominator")
    return None if below is None else "Fraction(%s, %s)" % (shown(above), shown(below))


def _zone(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    key = stored(obj, "key")
    return None if key is None else "zoneinfo.ZoneInfo(key=%s)" % shown(key)


def _path(obj: Any, cls: type, shown: Shown) -> Optional[str]:
    text = stored(obj, "_str")
    if type(text) is not str:
        text = _path_text(obj)
    return None if text is None else "%s(%s)" % (type.__dict__["__name__"].__get__(cls), shown(text))


def _path_text(obj: Any) -> Optional[str]:
    """The text of a path whose ``str`` was never computed. Up to 3.11 a path stores its parts, the first with
    the root; later the arguments that it was made of."""
    parts: Any = stored(obj, "_parts")
    if type(parts) is list and all(type(part) is str for part in parts):
        root = parts[0] if parts and parts[0].startswith("/") else ""
        return root + "/".join(parts[1:] if root else parts) or "."
    raw: Any = stored(obj, "_raw_paths")
    if type(raw) is not list or not all(type(part) is str for part in raw):
        return None
    path = ""
    for part in raw:
        path = part if part.startswith("/") or not path else path.rstrip("/") + "/" + part
    root = "" if not path.startswith("/") else ("//" if path[:2] == "//" and path[:3] != "///" else "/")
    names: List[str] = [name for name in path.split("/") if name and name != "."]
    return root + "/".join(names) or "."


_MAKERS: Dict[Tuple[str, str], Callable[[Any, type, Shown], Optional[str]]] = {
    ("datetime", "date"): _own_repr,
    ("datetime", "timedelta"): _own_repr,
    ("datetime", "timezone"): _timezone,
    ("datetime", "datetime"): _datetime,
    ("datetime", "time"): _datetime,
    ("decimal", "Decimal"): _own_repr,
    ("fractions", "Fraction"): _fraction,
    ("pathlib", "PosixPath"): _path,
    ("pathlib", "PurePosixPath"): _path,
    ("pathlib._local", "PosixPath"): _path,
    ("pathlib._local", "PurePosixPath"): _path,
    ("uuid", "UUID"): _uuid,
    ("re", "Pattern"): _pattern,
    ("builtins", "range"): _range,
    ("_thread", "lock"): _own_repr,
    ("_thread", "RLock"): _own_repr,
    ("zoneinfo", "ZoneInfo"): _zone,
}
