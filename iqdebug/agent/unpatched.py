"""Original threads, locks and clocks for the debugger, whatever the target has patched.

gevent, eventlet and others replace functions of ``_thread``, ``threading`` and ``time``. A debugger that uses
those runs as a greenlet in the very thread that it stops. The injected code is therefore loaded by
:class:`Importer`, which gives it private copies of these modules, made from the interpreter's own C functions
and never put into ``sys.modules``. If the target has patched nothing, there are no copies.
"""

from __future__ import annotations

import builtins
import os
import sys
from importlib.machinery import BuiltinImporter, PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Sequence, Set

_PYDEVD_PREFIXES = ("pydevd", "_pydev", "pydev")  # of module names
_SAVED_MODULES = "_pydev_bundle._pydev_saved_modules"
_LOAD_LOCK_TIMEOUT = 1.0  # seconds to wait for a module that another thread is loading
_ENVIRONMENT: Dict[str, Optional[str]] = {
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYDEVD_USE_FRAME_EVAL": "NO",
    # The same pydevd on every interpreter. Its compiled half raises TypeError into the program for a file
    # name that is no plain string, and gains little (bench/overhead).
    "PYDEVD_USE_CYTHON": "NO",
    # pydevd's own support for gevent would remove modules from sys.modules for a while, import
    # gevent, and trace switches in the wrong thread. The Importer gives it its modules instead.
    "GEVENT_SUPPORT": None,
    "GEVENT_SHOW_PAUSED_GREENLETS": None,
}


class NotFound(Exception):
    """A function that the debugger needs is not available; the argument is the :func:`.reason`."""


def _is_c_function(value: Any, module: str) -> bool:
    return type(value) is type(len) and value.__module__ == module


def _replaced_in(module: Any, names: Sequence[str], origin: str) -> bool:
    return any(name in vars(module) and not _is_c_function(vars(module)[name], origin) for name in names)


def threads_replaced() -> bool:
    """Whether the functions that make threads and locks are patched."""
    names = ("start_new_thread", "start_joinable_thread", "allocate_lock", "get_ident")
    if _replaced_in(sys.modules["_thread"], names, "_thread"):
        return True
    threading = sys.modules.get("threading")
    if threading is None:
        return False
    inner = ("_start_new_thread", "_start_joinable_thread", "_allocate_lock", "get_ident")
    event = vars(threading).get("Event")
    return _replaced_in(threading, inner, "_thread") or getattr(event, "__module__", "") != "threading"


def locks_replaced() -> bool:
    """Whether the function that makes locks is patched, which no debugger does."""
    return _replaced_in(sys.modules["_thread"], ("allocate_lock",), "_thread")


def clock_replaced() -> bool:
    """Whether the functions that sleep and read the time are patched."""
    return _replaced_in(sys.modules["time"], ("sleep", "monotonic", "time", "perf_counter"), "time")


def _original(name: str) -> Any:
    """A copy of a built-in module with the interpreter's own functions.

    :raises NotFound: they are not available.
    """
    return _recovered(name) if sys.version_info < (3, 10) else _recreated(name)


def _recreated(name: str) -> Any:
    import _imp

    spec: Any = BuiltinImporter.find_spec(name)
    fresh: Any = _imp.create_builtin(spec)
    _imp.exec_builtin(fresh)
    return fresh


def _recovered(name: str) -> Any:
    """The copy for Python up to 3.9, where creating the module again would undo the target's patches. The
    interpreter keeps the original functions alive, so they are searched for."""
    import gc

    present: Any = sys.modules[name]
    originals: Dict[str, Any] = {t.__name__: t for t in object.__subclasses__() if t.__module__ == name}
    originals.update((f.__name__, f) for f in gc.get_objects() if _is_c_function(f, name))
    copy: Any = type(sys)(name, present.__doc__)
    vars(copy).update(vars(present))
    for key, value in vars(present).items():
        if callable(value) and key in originals:
            setattr(copy, key, originals[key])
    if name == "_thread":
        copy.LockType = type(copy.allocate_lock())
    wanted = "start_new_thread" if name == "_thread" else "sleep"
    if not _is_c_function(getattr(copy, wanted), name):
        from .reasons import reason  # imported late: mostly this module is the only one that is needed

        raise NotFound(reason("agent.refused.replaced", module=name, name=wanted))
    return copy


def _executed(name: str, replacing: Dict[str, Any]) -> Any:
    """A new copy of a standard library module, which imports the modules in ``replacing`` instead of those
    of the same names."""
    spec: Any = PathFinder.find_spec(name, [os.path.dirname(os.__file__)]) or PathFinder.find_spec(name)
    if spec is None:
        from .reasons import reason

        raise NotFound(reason("agent.refused.no_module", name=name))
    module: Any = type(sys)(name)
    vars(module).update(__file__=spec.origin, __spec__=spec, __loader__=spec.loader)
    before = builtins.__import__

    def imported(wanted: str, *arguments: Any, **named: Any) -> Any:
        return replacing[wanted] if wanted in replacing else before(wanted, *arguments, **named)

    vars(module)["__builtins__"] = dict(vars(builtins), __import__=imported)
    exec(spec.loader.get_code(name), vars(module))
    return module


def _without_fork_hooks() -> Any:
    """``os`` without ``register_at_fork``, which cannot be undone."""
    view: Any = type(sys)("os")
    vars(view).update(vars(os))
    del view.register_at_fork
    return view


def _threading(thread: Any, main: int) -> Any:
    """A private ``threading`` that uses ``thread`` as its ``_thread``.

    :param main: the main thread's identifier; the calling thread is another one.
    """
    threading: Any = _executed("threading", {"_thread": thread, "os": _without_fork_hooks()})
    first = threading._main_thread
    threading._active.clear()
    first._ident = main
    if hasattr(first, "_native_id"):
        first._native_id = os.getpid()
    if hasattr(first, "_tstate_lock"):
        first._tstate_lock = (
            thread.allocate_lock()
        )  # held as long as the main thread lives, so never released
        first._tstate_lock.acquire()
    threading._active[main] = first
    threading.excepthook = lambda arguments: None  # the debugger prints nothing
    return threading


def private_modules(main: int) -> Dict[str, Any]:
    """The private copies that are needed, by module name.

    :param main: identifier of the main thread.
    :raises NotFound: one cannot be made.
    """
    copies: Dict[str, Any] = {}
    if clock_replaced():
        copies["time"] = _original("time")
    if threads_replaced():
        saved: Any = sys.modules.get(
            _SAVED_MODULES
        )  # the copies of an earlier session, which its modules still use
        if saved is not None and saved.threading is not sys.modules.get("threading"):
            copies.update({"_thread": saved.thread, "threading": saved.threading, "queue": saved._queue})
            return copies
        copies["_thread"] = _original("_thread")
        copies["threading"] = _threading(copies["_thread"], main)
        clock = copies.get("time") or sys.modules["time"]
        copies["queue"] = _executed("queue", {"threading": copies["threading"], "time": clock})
    return copies


class Importer:
    """Imports the injected code and pydevd.

    Takes no lock of the import system, and neither uses nor changes the target's ``sys.path`` and
    environment.

    :param debugpy: the folder that holds the ``debugpy`` package.
    :param main: identifier of the main thread.
    :raises NotFound: the interpreter's own functions are not available.
    """

    def __init__(self, debugpy: str, main: int) -> None:
        self.main = main
        self.private = private_modules(main)
        self._debugpy = debugpy
        self._own = (*_PYDEVD_PREFIXES, "_iqdebug_inside")
        self._vendored = os.path.join(debugpy, "debugpy", "_vendored", "pydevd")
        self._lock = (self.private.get("threading") or __import__("threading")).RLock()
        self._loading: Set[str] = set()
        self._environment = dict(_ENVIRONMENT)
        self._builtins = dict(vars(builtins), __import__=self._import)

    def adopt(self, package: str) -> None:
        """Give the private copies to a package that was imported before they were needed."""
        for name, module in list(sys.modules.items()):
            if name.startswith(package + ".") and module is not None:
                for each, copy in self.private.items():
                    if vars(module).get(each) is sys.modules.get(each):
                        setattr(module, each, copy)

    def load(self, name: str) -> Any:
        """The module of that full name.

        :raises ImportError: there is none.
        """
        present = sys.modules.get(name)
        if present is not None and name not in self._loading:
            return present
        # Wait for another thread that is loading it, but with a timeout: that thread may be waiting for
        # a module that this one is loading.
        held = self._lock.acquire(True, _LOAD_LOCK_TIMEOUT)
        try:
            return sys.modules.get(name) or self._load(name)
        finally:
            if held:
                self._lock.release()

    def _load(self, name: str) -> Any:
        outer, _, leaf = name.rpartition(".")
        parent = self.load(outer) if outer else None
        spec: Any = PathFinder.find_spec(name, [self._vendored] if parent is None else parent.__path__)
        if spec is None:
            raise ModuleNotFoundError("No module named %r" % name, name=name)
        from importlib.util import module_from_spec

        module: Any = module_from_spec(spec)
        vars(module)["__builtins__"] = self._builtins
        self._loading.add(name)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
        finally:
            self._loading.discard(name)
        if parent is not None:
            setattr(parent, leaf, module)
        return module

    def _import(
        self, name: str, names: Any = None, local: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        """``__import__`` of the modules loaded here."""
        if level:
            package = (names or {})["__package__"].split(".")
            name = ".".join(package[: len(package) - level + 1] + ([name] if name else []))
        if not name.startswith(self._own):
            return self._foreign(name, names, local, fromlist)
        module = self.load(name)
        if not fromlist:
            return sys.modules[name.partition(".")[0]]
        for each in fromlist:
            if each != "*" and not hasattr(module, each) and hasattr(module, "__path__"):
                self.load("%s.%s" % (name, each))
        return module

    def _foreign(self, name: str, names: Any, local: Any, fromlist: Any) -> Any:
        if name in self.private:
            return self.private[name]
        asking = (names or {}).get("__name__") or ""
        if name == "os" and asking == "_pydevd_bundle.pydevd_constants":
            return _with_environment(self._environment)
        if name == "platform":
            return _platform_without_processes(builtins.__import__(name))
        if name == "json" and asking.startswith(_PYDEVD_PREFIXES):
            return _original_json(self.load("_iqdebug_inside.capture.original_functions"))
        return builtins.__import__(name, names, local, fromlist)

    def pydevd(self) -> Any:
        """pydevd, as ``debugpy._vendored.force_pydevd`` sets it up.

        One that an earlier session loaded is reused if it works with the modules that this session needs.
        """
        saved: Any = sys.modules.get(_SAVED_MODULES)
        if saved is not None and saved.threading is not self._import("threading"):
            self._unload_pydevd()
        pydevd = self.load("pydevd")
        self.load("_pydevd_bundle.pydevd_constants").MAXIMUM_VARIABLE_REPRESENTATION_SIZE = 2**32
        defaults: Any = self.load("_pydevd_bundle.pydevd_defaults").PydevdCustomization
        defaults.DEFAULT_PROTOCOL = self.load("_pydevd_bundle.pydevd_constants").HTTP_JSON_PROTOCOL
        defaults.DEBUG_MODE = "debugpy-dap"
        if self.private:
            # Else it prints advice about gevent to the target's stderr for each of its threads.
            self.load("_pydevd_bundle.pydevd_utils").SUPPORT_GEVENT = True
            self.load("_pydev_bundle.pydev_monkey").threading_modules_to_patch[:] = [
                self._import("_thread"),
                self._import("threading"),
            ]
        return pydevd

    def _unload_pydevd(self) -> None:
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if (
                name.startswith(_PYDEVD_PREFIXES)
                and type(path) is str
                and path.startswith(self._debugpy + os.sep)
            ):
                sys.modules.pop(name, None)


def _platform_without_processes(platform: Any) -> Any:
    """``platform`` with a ``machine`` that starts no process, as it does up to 3.8."""
    view: Any = type(sys)("platform")
    vars(view).update(vars(platform), machine=lambda: os.uname().machine)
    return view


def _original_json(pristine: Any) -> Any:
    """``json`` with the original functions: the program may have replaced them."""
    view: Any = type(sys)("json")
    view.loads, view.dumps = pristine.loads, lambda value, **options: pristine.dumps(value)
    return view


def _with_environment(variables: Dict[str, Optional[str]]) -> Any:
    """``os`` for pydevd's constants, as if these variables were set (None: not set)."""
    view: Any = type(sys)("os")
    environment = dict(os.environ)
    for name, value in variables.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    vars(view).update(vars(os), environ=environment, getenv=environment.get)
    return view
