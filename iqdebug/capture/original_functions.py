"""Original functions of the standard library, which the program may have patched.

They come from the C modules below ``json``, ``struct`` and ``os``, which patching the public modules does
not change. They are kept in objects and not as names of a module, because libraries that freeze the clock or
fake the file system patch every module that has such names.
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

_C_FUNCTION = types.BuiltinFunctionType
_SYSTEM_FUNCTIONS = (
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
    """The original C functions of ``os``."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self) -> None:
        originals = vars(sys.modules.get("posix") or sys.modules.get("nt") or os)
        for name in _SYSTEM_FUNCTIONS:
            function = originals.get(name)
            setattr(self, name, function if type(function) is _C_FUNCTION else getattr(os, name, None))

    def exists(self, path: str) -> bool:
        try:
            self.stat(path)
        except (OSError, ValueError):
            return False
        return True

    def absolute(self, path: str) -> str:
        """The absolute path; the path unchanged if the working directory has been deleted."""
        if os.path.isabs(path):
            return os.path.normpath(path)
        try:
            return os.path.normpath(os.path.join(self.getcwd(), path))
        except OSError:
            return path

    def replaced(self) -> bool:
        """Whether the program has patched a function of ``os``."""
        return any(getattr(os, name, None) is not vars(self)[name] for name in _SYSTEM_FUNCTIONS)

    def makedirs(self, path: str) -> None:
        """Create the folder and its parents with mode 0700, where they do not exist.

        :raises OSError: it cannot be created.
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
    """A monotonic clock that no library has patched: those that freeze the time patch the usual one."""
    for clock in (time.monotonic, time.perf_counter):
        if type(clock) is _C_FUNCTION:
            return clock
    by_id: Any = getattr(time, "clock_gettime", None)
    if type(by_id) is _C_FUNCTION:
        return lambda: by_id(time.CLOCK_MONOTONIC)
    return lambda: os.times()[4]


_kept: Dict[str, Any] = {"clock": _clock()}


def monotonic() -> float:
    now: float = _kept["clock"]()
    return now


def packer(form: str) -> Any:
    """The original ``struct.Struct`` of that format."""
    return _struct_class()(form)


def _struct_class() -> Any:
    cls = vars(sys.modules.get("_struct") or struct).get("Struct")
    return cls if type(cls) is type else struct.Struct


def _json_encoder() -> Callable[[Any], str]:
    try:
        import _json

        texts, maker = _json.encode_basestring_ascii, _json.make_encoder
    except (ImportError, AttributeError):
        return _stdlib_encoder()
    if type(texts) is not _C_FUNCTION or type(maker) is not type:
        return _stdlib_encoder()
    encode = maker(None, _unknown, texts, None, ":", ",", False, False, True)
    return lambda content: "".join(encode(content, 0))


def _unknown(obj: Any) -> str:
    return "<%s>" % type.__dict__["__name__"].__get__(type(obj))


def _stdlib_encoder() -> Callable[[Any], str]:
    import json

    encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_unknown)
    return encoder.encode


def _json_decoder() -> Callable[[str], Any]:
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
        _kept["dumps"] = _json_encoder()
    text: str = _kept["dumps"](content)
    return text


def loads(text: str) -> Any:
    """:raises ValueError: it is no JSON."""
    if "loads" not in _kept:
        _kept["loads"] = _json_decoder()
    return _kept["loads"](text)
