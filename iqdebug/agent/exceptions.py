"""An exception with its causes, groups and frames, as plain dictionaries for the client.

Reads through CPython's own descriptors and never calls a ``__str__`` of the program's: where a
class defines one, the message is made of the arguments and ``own`` is true.
"""

from __future__ import annotations

import builtins
import types

from ..capture import remote, values
from ..capture.calls import calls_of, is_standard
from ..capture.descriptors import class_dict, class_mro, exception_args, getset_value
from ..capture.frames import frame_locals, span_of
from ..capture.messages import MAX_MESSAGE, notes_of
from ..capture.stored_attributes import cause_of, context_of, file_of, hides_context, traceback_of
from .listing import entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List

    Row = Callable[[Any, int], Dict[str, Any]]

MAX_EXCEPTIONS = 500  # exceptions in all
MAX_GROUP_DEPTH = 30  # groups within groups
MAX_FRAMES = 300  # of one traceback, the innermost
MAX_FRAMES_WITH_LOCALS = 60  # of all tracebacks together
MAX_LOCALS = 50
_ATOMS = (str, int, float, bool, bytes, type(None))
_MESSAGE_ATTRIBUTES = {  # which classes written in C put into their text besides the arguments
    OSError: ("errno", "strerror", "filename", "filename2"),
    SyntaxError: ("msg", "filename", "lineno"),
    ImportError: ("msg",),
    UnicodeError: ("object", "reason", "encoding"),
}


def described(exc: BaseException, row: Row, trace: Any = None) -> Dict[str, Any]:
    """The exception as the client's tree.

    :param row: turns a frame and a line into the client's row.
    :param trace: the traceback to show instead of the exception's own.
    """
    return _Reader(row).root(exc, trace)


class _Reader:
    def __init__(self, row: Row) -> None:
        self._row = row
        self._frames_with_locals_left = MAX_FRAMES_WITH_LOCALS
        self._seen: List[BaseException] = []  # compared by identity: `in` would call an `__eq__`

    def root(self, exc: BaseException, trace: Any) -> Dict[str, Any]:
        self._seen.append(exc)
        return self._one(exc, "", 0, trace)

    def _one(self, exc: BaseException, link: str, depth: int, trace: Any = None) -> Dict[str, Any]:
        row = self._alone(exc, link, depth, trace)
        row["chain"] = self._chain(exc, depth)
        return row

    def _alone(self, exc: BaseException, link: str, depth: int, trace: Any = None) -> Dict[str, Any]:
        message, own = message_of(exc)
        return {
            "type": values.qualified(type(exc)),
            "message": message,
            "own": own,
            "link": link,
            "notes": notes_of(exc),
            "frames": self._frames(trace if trace is not None else traceback_of(exc)),
            "members": [
                self._one(member, "member", depth + 1)
                for member in (members_of(exc) if depth < MAX_GROUP_DEPTH else ())
                if self._is_new(member)
            ],
        }

    def _chain(self, exc: BaseException, depth: int) -> List[Dict[str, Any]]:
        """The causes and contexts that Python prints, nearest first."""
        rows: List[Dict[str, Any]] = []
        while True:
            rows += self._remote_rows(exc)
            link, below = "cause", cause_of(exc)
            if below is None and not hides_context(exc):
                link, below = "context", context_of(exc)
            if below is None or not self._is_new(below):
                return rows
            if not remote.text_of(below):
                rows.append({**self._alone(below, link, depth), "chain": []})
            exc = below

    def _remote_rows(self, exc: BaseException) -> List[Dict[str, Any]]:
        """The sections of a traceback that a worker process sent as text; [] if the exception holds none."""
        rows = []
        link = "cause"
        for section in remote.sections(remote.text_of(exc)):
            frames = [
                {"id": 0, "name": name, "path": path, "line": line, "mod": "", "first": 0}
                for path, line, name in section["frames"]
            ]
            raised = {"type": section["type"], "message": section["message"], "own": False, "link": link}
            rows.append({**raised, "notes": [remote.NOTE], "frames": frames, "members": [], "chain": []})
            link = section["link"]
        return rows

    def _is_new(self, exc: BaseException) -> bool:
        if len(self._seen) > MAX_EXCEPTIONS or any(exc is each for each in self._seen):
            return False
        self._seen.append(exc)
        return True

    def _frames(self, trace: Any) -> List[Dict[str, Any]]:
        frames = []
        while trace is not None:
            frames.append((trace.tb_frame, trace.tb_lineno, trace.tb_lasti))
            trace = trace.tb_next
        return [self._described(*each) for each in reversed(frames[-MAX_FRAMES:])]

    def _described(self, frame: Any, line: int, last: int) -> Dict[str, Any]:
        """The client's row. The innermost frames also get what the ranking of causes reads: the locals,
        the source span of the failing instruction, and what its calls refer to."""
        row = self._row(frame, line)
        row["first"] = frame.f_code.co_firstlineno
        span = span_of(frame.f_code, last)
        if span is not None:
            row["span"] = span
        if self._frames_with_locals_left > 0:
            self._frames_with_locals_left -= 1
            listed = frame_locals(frame)[:MAX_LOCALS]
            row["locals"] = [entry(name, obj, None, kind, name) for name, obj, kind in listed]
            if not is_standard(file_of(frame.f_code)):
                row["calls"] = calls_of(frame, [(name, obj) for name, obj, _ in listed])
        return row


def members_of(exc: BaseException) -> List[BaseException]:
    """The members of an exception group, of the ``exceptiongroup`` backport too; [] for any other."""
    group: Any = getattr(builtins, "BaseExceptionGroup", None)
    members: Any = None
    if group is not None and issubclass(type(exc), group):
        members = group.__dict__["exceptions"].__get__(exc)
    elif any(values.type_module(cls) == "exceptiongroup" for cls in class_mro(type(exc))):
        members = (values.instance_dict(exc) or {}).get("_exceptions")
    if type(members) is not tuple:
        return []
    return [each for each in members if issubclass(type(each), BaseException)]


def message_of(exc: BaseException) -> Any:
    """The text that Python would print, bounded, and whether the class has its own ``__str__``, which
    was not called."""
    cls = type(exc)
    args = exception_args(exc)
    str_method = next(class_dict(c)["__str__"] for c in class_mro(cls) if "__str__" in class_dict(c))
    own = type(str_method) is not types.WrapperDescriptorType
    if members_of(exc) and args and type(args[0]) is str:
        count = len(members_of(exc))
        return "%s (%d sub-exception%s)" % (args[0][:MAX_MESSAGE], count, "" if count == 1 else "s"), False
    plain = all(any(type(arg) is atom for atom in _ATOMS) for arg in args)
    if not own and plain and _has_plain_attributes(exc):
        return values.cut(str_method.__get__(exc)(), MAX_MESSAGE), False
    if len(args) == 1:
        return (args[0][:MAX_MESSAGE] if type(args[0]) is str else values.text(args[0], 2_000)), own
    return (values.text(args, 2_000) if args else ""), own


def _has_plain_attributes(exc: BaseException) -> bool:
    for cls, names in _MESSAGE_ATTRIBUTES.items():
        if issubclass(type(exc), cls):
            attributes = [getset_value(exc, name) for name in names]
            return all(any(type(value) is atom for atom in _ATOMS) for value in attributes)
    return True
