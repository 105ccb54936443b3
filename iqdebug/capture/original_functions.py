"""What is used of the standard library, as Python made it: a program may have put something else there.

Taken from the modules in C below ``json``, ``struct`` and ``os``, whose functions nobody replaces by
assigning to the modules that people know. Kept in objects and not under names of a module: libraries that
freeze the clock or fake the file system replace what they find under such names.
"""

from __future__ import annotations

import os
import struct
import sys
import time
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict

_BY_C = types.BuiltinFunctionType
_SYSTEM = (
    "close",
    "fstat",
    "getcwd",
    "getpid",
    "kill",
    "listdir",
    "lseek",
    "lstat",
    "mkdir",
    "open",
    "pread",
    "pwrite",
    "read",
    "rename",
    "stat",
    "uname",
    "unlink",
    "write",
)
_CONSTANTS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class _System:
    """The functions of ``os`` that are C's."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self) -> None:
        below = vars(sys.modules.get("posix") or sys.modules.get("nt") or os)
        for name in _SYSTEM:
            found = below.get(name)
            setattr(self, name, found if type(found) is _BY_C else getattr(os, name, None))

    def exists(self, path: str) -> bool:
        try:
            self.stat(path)
        except (OSError, ValueError):
            return False
        return True

    def absolute(self, path: str) -> str:
        """The path as it is where the working directory has been deleted."""
        if os.path.isabs(path):
            return os.path.normpath(path)
        try:
            return os.path.normpath(os.path.join(self.getcwd(), path))
        except OSError:
            return path

    def replaced(self) -> bool:
        """Whether the program has put something of its own into ``os``."""
        return any(getattr(os, name, None) is not vars(self)[name] for name in _SYSTEM)

    def makedirs(self, path: str) -> None:
        """With mode 0700, where they are not there.

        :raises OSError: it cannot be made.
        """
        try:
            self.mkdir(path, 0o700)
        except FileNotFoundError:
            above = path.rstrip("/").rpartition("/")[0]
            if not above or above == path:
                raise
            self.makedirs(above)
            self.makedirs(path)
        except FileExistsError:
            if not 0o040000 <= self.stat(path).st_mode < 0o050000:
                raise NotADirectoryError(20, "Not a directory", path) from None


system = _System()


def _clock() -> Any:
    """A clock that only goes forward. Libraries that freeze the time replace the usual one."""
    for found in (time.monotonic, time.perf_counter):
        if type(found) is _BY_C:
            return found
    by_id: Any = getattr(time, "clock_gettime", None)
    if type(by_id) is _BY_C:
        return lambda: by_id(time.CLOCK_MONOTONIC)
    return lambda: os.times()[4]


_kept: Dict[str, Any] = {"clock": _clock()}


def monotonic() -> float:
    found: float = _kept["clock"]()
    return found


def packer(form: str) -> Any:
    """``struct.Struct``."""
    return _struct_class()(form)


def _struct_class() -> Any:
    found = vars(sys.modules.get("_struct") or struct).get("Struct")
    return found if type(found) is type else struct.Struct


def _writer() -> Callable[[Any], str]:
    try:
        import _json

        texts, maker = _json.encode_basestring_ascii, _json.make_encoder
    except (ImportError, AttributeError):
        return _by_json()
    if type(texts) is not _BY_C or type(maker) is not type:
        return _by_json()
    encode = maker(None, _unknown, texts, None, ":", ",", False, False, True)
    return lambda content: "".join(encode(content, 0))


def _unknown(obj: Any) -> str:
    return "<%s>" % type.__dict__["__name__"].__get__(type(obj))


def _by_json() -> Callable[[Any], str]:
    import json

    encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_unknown)
    return encoder.encode


def _reader() -> Callable[[str], Any]:
    maker: Any = None
    try:
        import _json

        maker = _json.make_scanner
    except (ImportError, AttributeError):
        pass
    if type(maker) is not type:
        import json

        return json.loads
    context = types.SimpleNamespace(
        strict=True,
        object_hook=None,
        object_pairs_hook=None,
        array_hook=None,
        parse_float=float,
        parse_int=int,
        parse_constant=_CONSTANTS.__getitem__,
        memo={},
    )
    scan = maker(context)

    def read(text: str) -> Any:
        try:
            return scan(text.strip(), 0)[0]
        except StopIteration:
            raise ValueError("this is no JSON") from None

    return read


def dumps(content: Any) -> str:
    """JSON, ASCII only, without spaces."""
    if "dumps" not in _kept:
        _kept["dumps"] = _writer()
    said: str = _kept["dumps"](content)
    return said


def loads(text: str) -> Any:
    """:raises ValueError: it is no JSON."""
    if "loads" not in _kept:
        _kept["loads"] = _reader()
    return _kept["loads"](text)
