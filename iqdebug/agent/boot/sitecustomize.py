"""Starts iqdebug's agent in a program that ``iqdebug run`` launches, before its first line.

The folder of this file is first on the program's ``PYTHONPATH``. Guarantees: the program and its children
see ``sys.path``, ``sys.modules`` and the environment as without it, the next ``sitecustomize`` runs if there
is one, nothing is printed, and the program runs whatever fails here.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict


def _read_setup() -> "Dict[str, Any]":
    """The client's settings ({} if there are none). Removes this folder from ``sys.path`` and the variables
    that brought it here from the environment."""
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    sys.path_importer_cache.pop(here, None)
    path = os.environ.pop("IQDEBUG_RUN", "")
    if not path:
        return {}
    # Lines of name=value: `ast` and `json` would import a dozen modules.
    setup: "Dict[str, Any]" = {}
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            name, _, value = line.rstrip("\n").partition("=")
            setup[name] = value
    if "pythonpath" in setup:
        os.environ["PYTHONPATH"] = setup["pythonpath"]
    else:
        os.environ.pop("PYTHONPATH", None)
    return setup


def _boot() -> None:
    import sys

    try:
        setup = _read_setup()
        if setup:
            package: "Any" = type(sys)("_iqdebug_inside")
            package.__path__ = [setup["inside"]]
            package.__package__ = "_iqdebug_inside"
            package.session = setup["token"]
            sys.modules["_iqdebug_inside"] = package
            from _iqdebug_inside.agent.launched import begin  # type: ignore[import-not-found]

            begin(setup)
    except BaseException:
        for name in [n for n in sys.modules if n.split(".")[0] == "_iqdebug_inside"]:
            sys.modules.pop(name, None)


def _run_next_sitecustomize() -> None:
    """Import the sitecustomize that this one hides.

    :raises ImportError: there is none. ``site`` then sees the import of this file fail, which means
        "no sitecustomize", and does not keep the module.
    """
    import importlib
    import sys

    sys.modules.pop("sitecustomize", None)
    importlib.import_module("sitecustomize")


_boot()
_run_next_sitecustomize()
