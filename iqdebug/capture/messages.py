"""Reads an exception's message without trusting its ``__str__``."""

from __future__ import annotations

import builtins
import threading

from . import values
from .descriptors import class_dict, class_mro, exception_args, is_heap_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

MAX_MESSAGE = 20_000
"""Characters of a message or note."""

STR_TIMEOUT = 0.5  # seconds for a `__str__` written in Python
_ATOMS = (str, int, float, bool, bytes, type(None))


def message_of(exc: BaseException) -> str:
    """What Python would print after the type's name, bounded. The program's own ``__str__`` is called, as the
    interpreter will call it too, in a thread that is left behind if it hangs. Never raises."""
    try:
        owner = next(c for c in class_mro(type(exc)) if "__str__" in class_dict(c))
        if not is_heap_type(owner):
            return values.cut(_of_builtin(exc), MAX_MESSAGE)
        return values.cut(_str_in_thread(exc), MAX_MESSAGE)
    except Exception:
        return "<message not readable>"


def _of_builtin(exc: BaseException) -> str:
    args = exception_args(exc)
    group = getattr(builtins, "BaseExceptionGroup", None)
    if group is not None and issubclass(type(exc), group):
        message = group.__dict__["message"].__get__(exc)
        count = len(group.__dict__["exceptions"].__get__(exc))
        return "%s (%d sub-exception%s)" % (str.__str__(message), count, "" if count == 1 else "s")
    if all(values.one_of(type(arg), _ATOMS) for arg in args):
        return str(exc)
    if issubclass(type(exc), (OSError, UnicodeError, SyntaxError)):
        return _str_in_thread(exc)  # their text holds more than the arguments
    if len(args) == 1:
        return values.text(args[0], 2_000)
    return values.text(args, 2_000)


def _str_in_thread(exc: BaseException) -> str:
    result: Dict[str, Any] = {}

    def call_str() -> None:
        try:
            result["text"] = str(exc)
        except BaseException as error:
            result["text"] = "<its __str__ raised %s>" % values.type_name(type(error))

    thread = threading.Thread(target=call_str, name="iqdebug.message", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the interpreter is shutting down
        return values.text(exception_args(exc), 2_000)
    thread.join(STR_TIMEOUT)
    hangs = "<its __str__ does not return; arguments: %s>" % values.text(exception_args(exc))
    text = result.get("text", hangs)
    return str.__str__(text) if issubclass(type(text), str) else "<its __str__ is not a text>"


def notes_of(exc: BaseException) -> List[str]:
    """The notes added by ``add_note``."""
    notes = (values.instance_dict(exc) or {}).get("__notes__")
    if type(notes) is not list:
        return []
    return [str.__getitem__(n, slice(0, MAX_MESSAGE)) for n in notes[:100] if issubclass(type(n), str)]
