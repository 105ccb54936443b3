"""Installs the crash hooks in an interpreter that is started with this folder on ``PYTHONPATH``.

Nothing else changes for the program: this folder is removed from ``sys.path`` and, unless
``IQDEBUG_CAPTURE_BOOT`` is ``children``, from the environment; the next ``sitecustomize`` is imported.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _boot() -> None:
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    mask = not os.environ.get("IQDEBUG_CAPTURE_NO_MASK")
    reprs = bool(os.environ.get("IQDEBUG_CAPTURE_REPR"))
    if os.environ.get("IQDEBUG_CAPTURE_BOOT") != "children":
        entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        entries = [entry for entry in entries if os.path.abspath(entry) != here]
        os.environ["PYTHONPATH"] = os.pathsep.join(entries)
        for name in ("PYTHONPATH", "IQDEBUG_CAPTURE"):
            if not os.environ.get(name):
                os.environ.pop(name, None)
        for name in ("IQDEBUG_CAPTURE_BOOT", "IQDEBUG_CAPTURE_NO_MASK", "IQDEBUG_CAPTURE_REPR"):
            os.environ.pop(name, None)
    try:
        # Under another name, so that `import iqdebug` finds the program's own installation.
        package: Any = type(sys)("_iqdebug_capture")
        folder = os.path.dirname(here)
        package.__path__ = [folder]
        package.__package__ = package.__name__
        package.__file__ = os.path.join(folder, "__init__.py")
        sys.modules[package.__name__] = package
        with open(package.__file__, "rb") as file:
            exec(compile(file.read(), package.__file__, "exec"), package.__dict__)
        package.install(mask=mask, reprs=reprs)
    except Exception:
        pass  # a program must not fail because it cannot be recorded


def _run_next_sitecustomize() -> None:
    """Import the sitecustomize that this one hides.

    :raises ImportError: there is none; `site` ignores that error.
    """
    import importlib
    import sys

    sys.modules.pop("sitecustomize", None)
    importlib.import_module("sitecustomize")


_boot()
_run_next_sitecustomize()
