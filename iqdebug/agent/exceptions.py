"""An exception with what hangs on it, as plain dictionaries for the client.

Read through CPython's own descriptors. No ``__str__`` of the program's is called: where a class
defines one, the arguments stand in its place and ``own`` says so.
"""

from __future__ import annotations

import builtins
import types

from ..capture import remote, values
from ..capture.calls import calls_of, is_standard
from ..capture.descriptors import class_dict, class_mro, exception_args, getset_value
from ..capture.frames import frame_locals, span_of
from ..capture.messages import LIMIT, notes_of
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
_MORE = {  # what C classes put into their text besides the arguments
    OSError: ("errno", "strerror", "filename", "filename2"),
    SyntaxError: ("msg", "filename", "lineno"),
    ImportError: ("msg",),
    UnicodeError: ("object", "reason", "encoding"),
}


def described(exc: BaseException, row: Row, trace: Any = None) -> Dict[str, Any]:
    """:param row: makes a frame and a line into a row of the client's.
    :param trace: the traceback to show, where that is not the exception's own.
    """
    return _Reader(row).root(exc, trace)


class _Reader:
    def __init__(self, row: Row) -> None:
        self._row = row
        self._values_left = MAX_FRAMES_WITH_LOCALS
        self._seen: List[BaseException] = []  # by identity: `in` would ask an `__eq__`

    def root(self, exc: BaseException, trace: Any) -> Dict[str, Any]:
        self._seen.append(exc)
        return self._one(exc, "", 0, trace)

    def _one(self, exc: BaseException, link: str, depth: int, trace: Any = None) -> Dict[str, Any]:
        found = self._alone(exc, link, depth, trace)
        found["chain"] = self._chain(exc, depth)
        return found

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
                if self._fresh(member)
            ],
        }

    def _chain(self, exc: BaseException, depth: int) -> List[Dict[str, Any]]:
        """The causes as Python prints them, nearest first."""
        found: List[Dict[str, Any]] = []
        while True:
            found += self._sent(exc)
            link, below = "cause", cause_of(exc)
            if below is None and not hides_context(exc):
                link, below = "context", context_of(exc)
            if below is None or not self._fresh(below):
                return found
            if not remote.text_of(below):
                found.append({**self._alone(below, link, depth), "chain": []})
            exc = below

    def _sent(self, exc: BaseException) -> List[Dict[str, Any]]:
        """What a worker's process sent as text, where that is what the exception is."""
        rows = []
        link = "cause"
        for section in remote.sections(remote.text_of(exc)):
            frames = [
                {"id": 0, "name": name, "path": path, "line": line, "mod": "", "first": 0}
                for path, line, name in section["frames"]
            ]
            said = {"type": section["type"], "message": section["message"], "own": False, "link": link}
            rows.append({**said, "notes": [remote.NOTE], "frames": frames, "members": [], "chain": []})
            link = section["link"]
        return rows

    def _fresh(self, exc: BaseException) -> bool:
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
        """The client's row, and for the innermost frames what a ranking of causes reads: the values,
        what the failing instruction was compiled from, and what the names in the code stand for."""
        row = self._row(frame, line)
        row["first"] = frame.f_code.co_firstlineno
        span = span_of(frame.f_code, last)
        if span is not None:
            row["span"] = span
        if self._values_left > 0:
            self._values_left -= 1
            listed = frame_locals(frame)[:MAX_LOCALS]
            row["locals"] = [entry(name, obj, None, kind, name) for name, obj, kind in listed]
            if not is_standard(file_of(frame.f_code)):
                row["calls"] = calls_of(frame, [(name, obj) for name, obj, _ in listed])
        return row


def members_of(exc: BaseException) -> List[BaseException]:
    """Of an exception group, the backport's too; [] of any other."""
    group: Any = getattr(builtins, "BaseExceptionGroup", None)
    found: Any = None
    if group is not None and issubclass(type(exc), group):
        found = group.__dict__["exceptions"].__get__(exc)
    elif any(values.type_module(cls) == "exceptiongroup" for cls in class_mro(type(exc))):
        found = (values.instance_dict(exc) or {}).get("_exceptions")
    if type(found) is not tuple:
        return []
    return [each for each in found if issubclass(type(each), BaseException)]


def message_of(exc: BaseException) -> Any:
    """The text that Python would print, bounded, and whether the class has a text of its own that
    was not asked for."""
    cls = type(exc)
    args = exception_args(exc)
    spoken = next(class_dict(c)["__str__"] for c in class_mro(cls) if "__str__" in class_dict(c))
    own = type(spoken) is not types.WrapperDescriptorType
    if members_of(exc) and args and type(args[0]) is str:
        count = len(members_of(exc))
        return "%s (%d sub-exception%s)" % (args[0][:LIMIT], count, "" if count == 1 else "s"), False
    plain = all(any(type(arg) is atom for atom in _ATOMS) for arg in args)
    if not own and plain and _plain_besides(exc):
        return values.cut(spoken.__get__(exc)(), LIMIT), False
    if len(args) == 1:
        return (args[0][:LIMIT] if type(args[0]) is str else values.text(args[0], 2_000)), own
    return (values.text(args, 2_000) if args else ""), own


def _plain_besides(exc: BaseException) -> bool:
    for cls, names in _MORE.items():
        if issubclass(type(exc), cls):
            found = [getset_value(exc, name) for name in names]
            return all(any(type(value) is atom for atom in _ATOMS) for value in found)
    return True
