"""Recompiles some functions of pydevd in the target, where replacing a name is not enough.

- Code that reads ``code.co_filename`` gets a plain string: a file name may be an instance of any
  subclass of ``str``, which pydevd cannot handle and whose methods are the program's code.
- Code called by the interpreter's tracing lets no failure of its own into the program, and
  does not swallow what a signal handler of the program raises meanwhile.
- Code that writes to ``sys.stderr`` writes to iqdebug's log instead.
- Code that reads a thread's name reads the one ``threading`` stores: a subclass's ``name`` may be a property.

The functions are selected by the names that they use, read from debugpy's own files and compiled
again; one that does not compile stays as it is. They are not restored: debugpy's modules stay
loaded too and serve later sessions of the process.
"""

from __future__ import annotations

import ast
import operator
import sys
import types

from ..capture import values
from ..capture.signal_handlers import handler_exception
from ..capture.stored_attributes import file_of, thread_name
from .untraced import NAMELESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

PLAIN, FAILED, FOREIGN, STREAM = "_iqdebug_plain", "_iqdebug_failed", "_iqdebug_foreign", "_iqdebug_stream"
THREAD_NAME = "_iqdebug_thread_name"
_MARK = "_iqdebug_rewritten"
_REWRITTEN_NAMES = {"co_filename", "stderr"}
_UNUSED_MODULES = (
    *("concurrency", "vendored", "tipper", "pydevconsole", "pydevd_io", "pydevd_console", "console_utils"),
    *(("_sys_monitoring",) if sys.version_info < (3, 12) else ("pydevd_trace_dispatch_regular",)),
)
"""Modules that a session here does not use, or that are meant to write to the program's streams."""
_UNUSED_FUNCTIONS = ("main", "PyDB.run", "stoptrace", "apply_debugger_options")

_CALLED_BY_TRACING = {
    "ThreadTracer.__call__",
    "PyDBFrame.trace_dispatch",
    "PyDBFrame.trace_exception",
    "PyDBFrame.handle_user_exception",
    "TopLevelThreadTracerNoBackFrame.trace_dispatch_and_unhandled_exceptions",
    "TopLevelThreadTracerOnlyUnhandledExceptions.trace_unhandled_exceptions",
    "trace_dispatch",
    "_raise_event",
    "_unwind_event",
    "_start_method_event",
    "_line_event",
    "_jump_event",
    "_return_event",
}
_CALLED_WHILE_TRACING = {
    "PyDB.collect_try_except_info",
    "PyDB.do_stop_on_unhandled_exception",
    "PyDB.get_file_type",
    "PyDB.handle_breakpoint_condition",
    "PyDB.handle_breakpoint_expression",
    "PyDB.in_project_scope",
    "PyDBFrame._remove_return_values",
    "PyDBFrame._show_return_values",
    "PyDBFrame.get_func_name",
    "FunctionBreakpoint.handle_hit_condition",
    "LineBreakpoint.handle_hit_condition",
    "_abs_and_canonical_path",
    "_create_thread_info",
    "_get_bootstrap_frame",
    "_get_code_line_info",
    "_get_func_code_info",
    "_get_thread_info",
    "_get_unhandled_exception_frame",
    "_internal_line_event",
    "_remove_return_values",
    "_show_return_values",
    "_stop_on_breakpoint",
    "enable_code_tracing",
    "exists",
    "fix_top_level_trace_and_get_trace_func",
    "get_abs_path_real_path_and_base_from_file",
    "get_abs_path_real_path_and_base_from_frame",
    "get_func_name",
    "get_original_start_new_thread",
    "handle_exception",
    "set_additional_thread_info",
    "set_trace_to_threads",
    "should_stop_on_exception",
    "stop_on_unhandled_exception",
}
_READ_THREAD_NAMES = {"mark_thread_suspended", "NetCommandFactoryJson.make_list_threads_message"}
_TRACING_MODULES = ("pydevd_trace_dispatch_regular", "pydevd_frame", "_pydevd_sys_monitoring")
_MODULES_USED_BY_TRACING = (
    *("pydevd", "pydevd_file_utils", "pydevd_tracing", "pydev_monkey", "pydevd_breakpoints"),
    "pydevd_additional_thread_info_regular",
)


def rewrite(folder: str, failed: Callable[[BaseException], None], stream: Any) -> None:
    """Rewrite the functions of the pydevd modules loaded from below ``folder``.

    :param failed: called with what a traced call of pydevd raised; raises it again if it is the program's.
    :param stream: receives what is written to ``sys.stderr``.
    """

    def foreign() -> bool:
        return foreign_exception(sys.exc_info()[1], folder) is not None

    def named(code: Any) -> str:
        return file_of(code) or "<no name>"  # pydevd does not stop in code whose file name is ""

    given = {PLAIN: named, FAILED: failed, FOREIGN: foreign, STREAM: stream, THREAD_NAME: thread_name}
    for module in list(sys.modules.values()):
        names = values.instance_dict(module) or {}  # a module's own __getattr__ must not run
        path = names.get("__file__")
        if type(path) is not str or not path.startswith(folder) or not path.endswith(".py"):
            continue
        if any(word in module.__name__ for word in _UNUSED_MODULES):
            continue
        names.update(given)
        if _MARK not in names:
            names[_MARK] = True
            _rewrite_module(module.__name__, names, path)


def foreign_exception(error: Optional[BaseException], folder: str) -> Optional[BaseException]:
    """The program's exception within one that passes through pydevd (the code below ``folder``), or None;
    see :func:`.handler_exception`."""
    return handler_exception(error, (folder, NAMELESS))


def release_locks_always(constants: Any) -> None:
    """Make pydevd's own lock class (in its module ``pydevd_constants``) enter like a lock written in C.

    Then there is no instruction, where a signal handler could raise, between taking the lock and the block
    that releases it.
    """
    kind = constants.ForkSafeLock
    kind.__enter__ = property(operator.attrgetter("_lock.__enter__"))
    kind.__exit__ = property(operator.attrgetter("_lock.__exit__"))


def _rewrite_module(name: str, names: Dict[str, Any], path: str) -> None:
    functions = list(_functions(name, names))
    if not functions:
        return
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for function in functions:
        try:
            code = _rewritten(function, lines)
        except (SyntaxError, ValueError, LookupError):
            continue
        if code is not None:
            function.__code__ = code


def _functions(name: str, names: Dict[str, Any]) -> Iterator[Any]:
    guarded = name.rpartition(".")[2] in (*_TRACING_MODULES, *_MODULES_USED_BY_TRACING)
    for value in list(names.values()):
        if isinstance(value, types.FunctionType):
            members = [value]
        elif isinstance(value, type) and value.__module__ == name:
            members = [getattr(member, "__func__", member) for member in vars(value).values()]
        else:
            continue
        for function in members:
            if not isinstance(function, types.FunctionType) or function.__module__ != name:
                continue
            code = function.__code__
            if code.co_freevars or code.co_name == "<lambda>" or function.__qualname__ in _UNUSED_FUNCTIONS:
                continue
            wanted = _CALLED_BY_TRACING | _CALLED_WHILE_TRACING if guarded else _READ_THREAD_NAMES
            if function.__qualname__ in wanted or _uses(code):
                yield function


def _uses(code: types.CodeType) -> bool:
    return not _REWRITTEN_NAMES.isdisjoint(code.co_names) or any(
        _uses(inner) for inner in code.co_consts if isinstance(inner, types.CodeType)
    )


def _rewritten(function: Any, lines: List[str]) -> Optional[types.CodeType]:
    code = function.__code__
    first, owner = code.co_firstlineno, function.__qualname__.rpartition(".")[0]
    last = first
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    while last < len(lines) and not _ends(lines[last], indent, last + 1 - first):
        last += 1
    text = "\n".join(lines[first - 1 : last])
    if indent:  # compiling needs the class for names with two underscores
        text = ("class %s:\n%s" % (owner, text)) if owner else "if 1:\n%s" % text
    tree = ast.parse(text)
    definition: Any = tree.body[0].body[0] if indent else tree.body[0]  # type: ignore[attr-defined]
    definition.decorator_list = []
    for part in [*definition.args.defaults, *definition.args.kw_defaults]:
        if part is not None:
            _replace_with_none(part)
    changed = _Change().visit(tree)
    if function.__qualname__ in _CALLED_BY_TRACING | _CALLED_WHILE_TRACING:
        _reraise_foreign(definition)
    if function.__qualname__ in _CALLED_BY_TRACING:
        _report_failures(definition)
    ast.increment_lineno(changed, first - definition.lineno)
    ast.fix_missing_locations(changed)
    compiled: Any = compile(changed, code.co_filename, "exec", dont_inherit=True)
    for name in (owner, definition.name) if owner else (definition.name,):
        compiled = next(c for c in compiled.co_consts if isinstance(c, types.CodeType) and c.co_name == name)
    same: Tuple[str, ...] = ("co_argcount", "co_kwonlyargcount", "co_flags", "co_freevars")
    if any(getattr(compiled, name) != getattr(code, name) for name in same):
        return None
    return compiled  # type: ignore[no-any-return]


def _ends(line: str, indent: int, number: int) -> bool:
    """Whether the line, not the first of a definition, begins what follows the definition."""
    text = line.strip()
    return bool(text) and not text.startswith(("#", ")")) and len(line) - len(line.lstrip()) <= indent


def _replace_with_none(node: Any) -> None:
    """Drop a default's expression: the function object keeps its own default values."""
    node.__class__ = ast.Constant
    node.value, node.kind = None, None
    node._fields = ast.Constant._fields


class _Change(ast.NodeTransformer):
    def visit_Attribute(self, node: Any) -> Any:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            if node.attr == "co_filename":
                called: Any = ast.Call(ast.Name(PLAIN, ast.Load()), [node.value], [])
                return ast.copy_location(called, node)
            value = node.value
            if node.attr == "name" and isinstance(value, ast.Name) and value.id == "thread":
                read: Any = ast.Call(ast.Name(THREAD_NAME, ast.Load()), [value], [])
                return ast.copy_location(read, node)
            if (
                node.attr in ("write", "flush")
                and isinstance(value, ast.Attribute)
                and value.attr == "stderr"
                and isinstance(value.value, ast.Name)
                and value.value.id == "sys"
            ):
                node.value = ast.copy_location(ast.Name(STREAM, ast.Load()), value)
        return node


def _reraise_foreign(definition: Any) -> None:
    """Make handlers that catch everything raise the program's exceptions again."""
    for node in ast.walk(definition):
        if isinstance(node, ast.Try):
            node.handlers = [h for h in map(_reraising_handler, node.handlers) if h is not None]
            if not node.handlers and not node.finalbody:
                node.handlers = ast.parse("try: pass\nexcept (): pass").body[0].handlers  # type: ignore


def _reraising_handler(handler: Any) -> Any:
    kind = handler.type
    name = kind.id if isinstance(kind, ast.Name) else ""
    if name == "SystemExit":
        return None
    if kind is None or name in ("Exception", "BaseException"):
        handler.body[:0] = ast.parse("if %s(): raise" % FOREIGN).body
    return handler


def _report_failures(definition: Any) -> None:
    template: Any = ast.parse("try:\n pass\nexcept BaseException as failure:\n return %s(failure)" % FAILED)
    (try_block,) = template.body
    docstring_length = 1 if ast.get_docstring(definition, clean=False) is not None else 0
    try_block.body, definition.body = (
        definition.body[docstring_length:],
        [*definition.body[:docstring_length], try_block],
    )
